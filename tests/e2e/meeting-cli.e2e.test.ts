import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cliDocumentSchemas } from '@eloquence/shared/contracts/cli-documents';
import { reportSchema } from '@eloquence/shared/contracts/report';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import type { ChatBody } from '@eloquence/testkit/vendors/chat-answer';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { encodeWav } from '@eloquence/testkit/wav';
import { wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type * as z from 'zod';
import { startStack } from './start-stack.ts';

const stack = inject('stack');
const MAIN = path.resolve(import.meta.dirname, '../../apps/cli/bin/eloquence.mjs');
const SCRIPT = [
  'je voudrais prendre rendez-vous pour une coupe mardi prochain',
  'combien coûte une coupe homme',
  'quelle est votre adresse',
];
const SAMPLE_RATE_HZ = 16_000;
const PAUSE_S = 1.2;
let home: string;
let recording: string;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'eloquence-cli-'));
  const pause = new Int16Array(PAUSE_S * SAMPLE_RATE_HZ);
  const parts: Int16Array[] = [];
  for (const sentence of SCRIPT) parts.push(pause, await synthesize(sentence), pause);
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  recording = path.join(home, 'réunion du lundi.wav');
  writeFileSync(recording, encodeWav([samples], SAMPLE_RATE_HZ));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person does, from another folder, without a terminal. */
function eloquence(args: readonly string[], apiUrl: string = stack.urls.api): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      USER: 'zoe',
      XDG_CONFIG_HOME: path.join(home, 'config'),
      XDG_STATE_HOME: path.join(home, 'state'),
      ELOQUENCE_API_URL: apiUrl,
      // A machine without sound.
      PULSE_SERVER: 'unix:/nowhere',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The one document a command prints with --json. */
async function json<S extends z.ZodType>(schema: S, args: readonly string[], apiUrl?: string): Promise<z.infer<S>> {
  const { stdout, stderr } = await eloquence([...args, '--json'], apiUrl);
  const parsed = schema.safeParse(JSON.parse(stdout));
  expect(parsed.success, `${args.join(' ')}: ${stdout}\n${stderr}`).toBe(true);
  return parsed.data as z.infer<S>;
}

describe('the eloquence command', () => {
  let id: string;

  test('reads a recording into a meeting and writes its report, with the rules of the demonstration', async () => {
    const run = await eloquence(['meeting', 'start', '--name', 'Réunion Projet X', '--file', recording]);
    expect(run.code, run.stderr).toBe(5);
    expect(run.stderr).toMatch(/Transcription terminée : \d+ phrases/);
    expect(run.stderr).toMatch(/Aucun modèle de langage/);
    const [title = '', ...paths] = run.stdout.trim().split('\n');
    id = /ses_[a-z2-7]{20}/.exec(title)?.[0] ?? '';
    const files = paths.map((one) => one.trim());
    const folder = path.dirname(files[0] ?? '');
    expect(path.basename(folder)).toMatch(/^Reunion-Projet-X_\d{4}-\d\d-\d\d_\d\d-\d\d$/);
    expect(path.dirname(folder)).toBe(path.join(home, 'Eloquence'));
    expect(readdirSync(folder).toSorted()).toEqual(
      expect.arrayContaining([
        'compte-rendu.html',
        'compte-rendu.md',
        'compte-rendu.pdf',
        'transcript.jsonl',
        'transcription.txt',
      ]),
    );
    expect(readFileSync(path.join(folder, 'compte-rendu.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    const said = readFileSync(path.join(folder, 'transcript.jsonl'), 'utf8').trim().split('\n');
    const text = said.map((line) => (JSON.parse(line) as { text: string }).text).join(' ');
    expect(wordErrorRate(SCRIPT.join(' '), text).rate).toBeLessThanOrEqual(0.2);
    expect(readFileSync(path.join(folder, 'compte-rendu.md'), 'utf8')).toContain('Réunion Projet X');
  });

  test('shows, lists, renames, asks, searches and sums up, each with one JSON document', async () => {
    const status = await json(cliDocumentSchemas.status, ['meeting', 'status']);
    expect(status).toMatchObject({
      running: [],
      meeting: { session_id: id, state: 'partial', report: { coverage_percent: 100 } },
    });
    const { meetings } = await json(cliDocumentSchemas.list, ['meeting', 'list', '--mine']);
    expect(meetings.map(({ session_id: one }) => one)).toContain(id);

    const renamed = await json(cliDocumentSchemas.rename, [
      'meeting',
      'rename-speaker',
      'last',
      'Enregistrement',
      'Élodie Durand',
    ]);
    expect(renamed.speakers).toEqual([{ speaker: 'Enregistrement', name: 'Élodie Durand' }]);
    await expect
      .poll(
        async () =>
          reportSchema.parse(JSON.parse((await eloquence(['meeting', 'report', id, '--format', 'json'])).stdout))
            .speakers[0]?.name,
        { timeout: 20_000 },
      )
      .toBe('Élodie Durand');

    expect(await json(cliDocumentSchemas.ask, ['meeting', 'ask', id, 'Combien coûte une coupe ?'])).toMatchObject({
      found: true,
      written_by_model: false,
    });
    expect(await json(cliDocumentSchemas.ask, ['meeting', 'ask', id, 'Quel est le prix du kérosène ?'])).toMatchObject({
      found: false,
      citations: [],
    });
    const { hits } = await json(cliDocumentSchemas.search, ['meeting', 'search', 'rendez-vous coupe']);
    expect(hits.map(({ session_id: one }) => one)).toContain(id);
    expect((await json(cliDocumentSchemas.digest, ['meeting', 'digest', id])).lines.length).toBeGreaterThan(0);
    expect((await eloquence(['meeting', 'stop', id])).stdout).toMatch(/déjà terminée/);
    expect(await json(cliDocumentSchemas.stop, ['meeting', 'stop', id])).toMatchObject({ stopped: false });
    const given = await json(cliDocumentSchemas.report, ['meeting', 'report', id, '--output', '-']);
    expect(given).toMatchObject({ format: 'md', path: null, content: expect.stringContaining('# ') as string });
    expect(await json(cliDocumentSchemas.settings, ['config', 'show'])).toMatchObject({ exists: false });
    expect((await json(cliDocumentSchemas.file, ['config', 'path'])).file).toMatch(/config\.yaml$/);
  });

  test('gives the report in every format, to a file or to stdout', async () => {
    const starts = { md: '# ', html: '<!doctype html>', srt: '1\n00:00:', vtt: 'WEBVTT', json: '{' };
    for (const [format, start] of Object.entries(starts)) {
      const run = await eloquence(['meeting', 'report', id, '--format', format]);
      expect(run.stdout.slice(0, 20).toLowerCase(), format).toContain(start.toLowerCase());
    }
    for (const [format, magic] of [
      ['pdf', '%PDF-'],
      ['docx', 'PK'],
    ] as const) {
      const target = path.join(home, `minutes.${format}`);
      const run = await eloquence(['meeting', 'report', id, '--format', format, '--output', target]);
      expect(run.stdout.trim()).toBe(target);
      expect(readFileSync(target).subarray(0, magic.length).toString()).toBe(magic);
    }
  });

  test('refuses what it cannot do, says the fix and leaves nothing behind', async () => {
    const text = path.join(home, 'no-sound.wav');
    writeFileSync(text, 'this is no recording');
    const before = await json(cliDocumentSchemas.list, ['meeting', 'list']);
    const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
      [['meeting', 'start', '--name', 'x'], 2, /--consent/],
      [['meeting', 'start', '--name', 'x', '--consent', 'tous, par mail'], 1, /serveur de son|parec/],
      [['meeting', 'start', '--file', path.join(home, 'none.wav')], 2, /n’existe pas/],
      [['meeting', 'start', '--file', home], 2, /pas un fichier/],
      [['meeting', 'start', '--file', text], 1, /./],
      [['meeting', 'start', '--file', recording, '--name', 'x'.repeat(121)], 2, /120/],
      [['meeting', 'report', 'nonsense'], 1, /meeting list/],
      [['meeting', 'report', 'ses_aaaaaaaaaaaaaaaaaaaa'], 1, /Cette réunion n’existe pas/],
      [['meeting', 'report', id, '--format', 'dox'], 2, /docx/],
      [['meeting', 'rename-speaker', id, 'nobody', 'Anne'], 1, /Enregistrement/],
      [['meeting', 'lisst'], 2, /list/],
      [['meeting', 'list', '--config', path.join(home, 'none.yaml')], 2, /config init/],
    ];
    for (const [args, code, message] of cases) {
      const run = await eloquence(args);
      expect(run.code, `${args.join(' ')}: ${run.stderr}`).toBe(code);
      expect(run.stderr, args.join(' ')).toMatch(message);
      expect(run.stdout, args.join(' ')).toBe('');
      expect(run.stderr).not.toMatch(/\n\s+at /);
    }
    expect(await json(cliDocumentSchemas.list, ['meeting', 'list'])).toHaveProperty(
      'meetings.length',
      before.meetings.length,
    );
    const away = await eloquence(['meeting', 'list', '--json'], 'http://127.0.0.1:9');
    expect(away.code).toBe(3);
    expect(cliDocumentSchemas.error.parse(JSON.parse(away.stdout))).toMatchObject({
      error: { code: 'server_away', message: expect.stringContaining('npm start') as string },
    });
  });

  test('writes its configuration file once, and obeys it', async () => {
    const { stdout } = await eloquence(['config', 'init']);
    const file = stdout.trim();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await eloquence(['config', 'init'])).code).toBe(2);
    writeFileSync(file, readFileSync(file, 'utf8').replace('language: fr', 'langage: fr'));
    const wrong = await eloquence(['config', 'show']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      /config\.yaml:\d+: langage: ce réglage n’existe pas; vouliez-vous dire « language » \?/,
    );
    rmSync(file);
    const shown = await eloquence(['config', 'show']);
    expect(shown.stdout).toMatch(/personne, seul le coach de démonstration est là/);
  });
});

/** A model that copies: a decision out of the line that holds a word, a summary of it, an answer to a question. */
function copyingModel(body: ChatBody): string {
  const text = String(body.messages?.at(-1)?.content);
  const [, segment, words = ''] = /\[(\d+)\][^\n]*?: ([^\n]*rendez-vous[^\n]*)/.exec(text) ?? [];
  const evidence = [{ segment: Number(segment), quote: words.trim() }];
  if (text.includes('<passages>'))
    return JSON.stringify({ found: true, sentences: [{ text: 'Le rendez-vous est pour une coupe.', evidence }] });
  if (text.includes('<items>')) {
    const item = /\[(c\d+-d\d+)\]/.exec(text)?.[1] ?? '';
    return JSON.stringify({
      summary: [{ text: 'Un rendez-vous est voulu pour une coupe.', items: [item] }],
      chapters: [{ title: 'Rendez-vous', items: [item] }],
    });
  }
  const decisions = segment === undefined ? [] : [{ text: words.trim(), evidence }];
  return JSON.stringify({
    topics: [],
    decisions,
    actions: [],
    questions: [],
    highlights: [],
    retractions: [],
    glossary: [],
  });
}

test('with a model the report is final, and questions are answered by it', async () => {
  await using vendor = await new FakeOpenAi().listen();
  vendor.chat = (body) => ({ words: [copyingModel(body)], finish: 'stop' });
  await using running = await startStack({
    OPENAI_API_KEY: vendor.apiKey,
    OPENAI_BASE_URL: `${vendor.url}/v1`,
    TTS_PROVIDERS: 'espeak',
  });
  const { api } = running.stack.urls;
  const outcome = await json(
    cliDocumentSchemas.outcome,
    ['meeting', 'start', '--file', recording, '--speaker', 'Zoé', '--consent', 'Zoé, par écrit'],
    api,
  );
  expect(outcome).toMatchObject({ report: 'done', exit_code: 0 });
  expect(path.basename(outcome.folder)).toMatch(/^Reunion_\d{4}-\d\d-\d\d_\d\d-\d\d$/);
  for (const file of outcome.files) expect(existsSync(file)).toBe(true);
  const markdown = readFileSync(path.join(outcome.folder, 'compte-rendu.md'), 'utf8');
  expect(markdown).toContain('Un rendez-vous est voulu pour une coupe.');
  expect(markdown).toContain('Zoé, par écrit');
  expect(readdirSync(outcome.folder)).toContain('chunk_0.json');
  const answer = await json(
    cliDocumentSchemas.ask,
    ['meeting', 'ask', outcome.session_id, 'Pour quoi est le rendez-vous ?'],
    api,
  );
  expect(answer).toMatchObject({ found: true, written_by_model: true, answer: 'Le rendez-vous est pour une coupe.' });
  expect(answer.citations[0]?.quote).toMatch(/rendez-vous/);
  expect(vendor.faults).toEqual([]);
});
