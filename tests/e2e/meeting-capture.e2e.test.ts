import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { coverageSchema } from '@eloquence/shared/contracts/meeting-api';
import { reportStatusSchema, type Report } from '@eloquence/shared/contracts/report';
import { sessionListSchema, transcriptSchema } from '@eloquence/shared/contracts/sessions';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { totalMs } from '@eloquence/shared/runtime/spans';
import { PulseServer } from '@eloquence/testkit/pulse-server';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { waitFor } from '@eloquence/testkit/wait-for';
import { wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { expect, inject, test } from 'vitest';
import * as z from 'zod';

const stack = inject('stack');
const CLI = path.resolve(import.meta.dirname, '../../apps/cli/bin/eloquence.mjs');
/** The report is a draft by rules: no model of the tests writes. */
const DRAFT_EXIT_CODE = 5;
const AWAY_MS = 30_000;
/** What a recording may take, with its libraries, at any moment. */
const MAX_RESIDENT_BYTES = 120_000_000;

const get = <S extends z.ZodType>(schema: S, route: string) =>
  requestJson({ url: `${stack.urls.api}${route}`, peer: 'api-backend', schema, method: 'GET', timeoutMs: 20_000 });

test('what the machine plays and what its microphone hears become minutes, without a bot', async () => {
  await using world = await World.open();
  const cli = world.record('Réunion de capture');
  await cli.says(/à l’écoute/);
  await world.say('meet', 'nous avons décidé de reporter la livraison');
  await world.say('voice', "je m'occupe de la présentation");
  await world.say('meet', 'la prochaine réunion est jeudi matin');
  const residentBytes = mostResidentBytes(cli.process);
  expect(residentBytes).toBeLessThanOrEqual(MAX_RESIDENT_BYTES);
  cli.process.kill('SIGINT');
  expect(await cli.exited, cli.output).toBe(DRAFT_EXIT_CODE);

  const { sessionId, report, utterances } = await world.minutes();
  const saidBy = (them: boolean): string =>
    utterances
      .filter(({ speaker }) => speaker.endsWith('.them') === them)
      .map(({ text }) => text)
      .join(' ');
  const theirs = 'nous avons décidé de reporter la livraison la prochaine réunion est jeudi matin';
  expect(wordErrorRate(theirs, saidBy(true)).rate, saidBy(true)).toBeLessThanOrEqual(0.1);
  expect(wordErrorRate("je m'occupe de la présentation", saidBy(false)).rate, saidBy(false)).toBeLessThanOrEqual(0.1);
  expect(report.decisions.map(({ text }) => text).join(' ')).toMatch(/livraison/i);
  expect(report.coverage.percent).toBeGreaterThanOrEqual(98);
  expect(report.consent).toMatchObject({ told: 'tous, de vive voix' });
  const { spans } = await get(coverageSchema, `/api/sessions/${sessionId}/coverage`);
  process.stdout.write(
    `\n--- meeting capture ---\n${utterances.length} utterances, ${totalMs(spans)} ms heard, CLI at most ${Math.round(residentBytes / 1e6)} MB resident\n`,
  );
  expect(await world.spooled()).toEqual([]);
});

test('killed in the middle and taken up again, nothing of what was spooled is lost', async () => {
  await using world = await World.open();
  const first = world.record('Réunion interrompue');
  await first.says(/à l’écoute/);
  await world.say('meet', 'il y a un problème avec le serveur');
  first.process.kill('SIGKILL');
  await first.exited;
  const { session_id } = await world.session();
  const second = world.run('meeting', 'resume', '--session', session_id, '--consent', 'tous, de vive voix');
  await second.says(/à l’écoute/);
  await world.say('meet', 'merci à tous et à bientôt');
  second.process.kill('SIGINT');
  expect(await second.exited, second.output).toBe(DRAFT_EXIT_CODE);
  const { utterances } = await world.minutes();
  const heard = utterances.map(({ text }) => text).join(' ');
  expect(
    wordErrorRate('il y a un problème avec le serveur merci à tous et à bientôt', heard).rate,
    heard,
  ).toBeLessThanOrEqual(0.1);
  expect(await world.spooled()).toEqual([]);
});

test('the server is away for half a minute: what is said meanwhile is kept, and written once it is back', async () => {
  await using world = await World.open();
  // A microphone that gives nothing but zeros for so long would be an alarm.
  using quiet = new DisposableStack();
  quiet.use(world.hum());
  const cli = world.record('Réunion sans serveur');
  await cli.says(/à l’écoute/);
  await world.say('meet', 'bonjour à tous on peut commencer');
  // The room is gone, and nobody gives a way into another one.
  const api = pidOf('api-backend');
  process.kill(api, 'SIGSTOP');
  process.kill(pidOf('livekit'), 'SIGKILL');
  try {
    const until = Date.now() + AWAY_MS;
    await world.say('meet', 'nous avons décidé de reporter la livraison');
    await waitFor(() => Date.now() > until, { what: 'half a minute', timeoutMs: 2 * AWAY_MS });
  } finally {
    process.kill(api, 'SIGCONT');
  }
  await world.say('meet', 'la prochaine réunion est jeudi matin');
  cli.process.kill('SIGINT');
  expect(await cli.exited, cli.output).toBe(DRAFT_EXIT_CODE);
  const { utterances } = await world.minutes();
  const heard = utterances.map(({ text }) => text).join(' ');
  const said =
    'bonjour à tous on peut commencer nous avons décidé de reporter la livraison la prochaine réunion est jeudi matin';
  expect(wordErrorRate(said, heard).rate, heard).toBeLessThanOrEqual(0.1);
  expect(await world.spooled()).toEqual([]);
});

function pidOf(service: string): number {
  const record: unknown = JSON.parse(readFileSync(path.join(stack.stateDir, 'pids', `${service}.json`), 'utf8'));
  return z.object({ pid: z.number().int().min(2) }).parse(record).pid;
}

/** A machine with sound, a person and the command, against the running product. */
class World implements AsyncDisposable {
  readonly #pulse: PulseServer;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'eloquence-capture-'));
  readonly #children: ChildProcess[] = [];
  readonly #person = `paul-${Math.random().toString(36).slice(2, 8)}`;

  private constructor(pulse: PulseServer) {
    this.#pulse = pulse;
  }

  static async open(): Promise<World> {
    return new World(await PulseServer.start());
  }

  record(name: string): Command {
    return this.run('meeting', 'start', '--name', name, '--consent', 'tous, de vive voix');
  }

  run(...args: string[]): Command {
    const child = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...this.#pulse.env,
        HOME: this.#folder,
        XDG_CONFIG_HOME: path.join(this.#folder, 'config'),
        XDG_STATE_HOME: path.join(this.#folder, 'state'),
        USER: this.#person,
        ELOQUENCE_API_URL: stack.urls.api,
      },
    });
    this.#children.push(child);
    return new Command(child);
  }

  /** The noise of a room in the microphone, for a minute or until it is disposed of. */
  hum(): Disposable {
    const stop = new AbortController();
    const noise = Int16Array.from({ length: 90 * 16_000 }, (_, n) => (n * 7_919) % 23);
    this.#pulse.play(noise, 'voice', stop.signal).catch(() => undefined);
    return { [Symbol.dispose]: () => stop.abort() };
  }

  /** Says a sentence into the loudspeaker (`meet`) or the microphone (`voice`), and waits until it is over. */
  async say(sink: 'meet' | 'voice', sentence: string): Promise<void> {
    const speech = await synthesize(sentence);
    const padded = new Int16Array(speech.length + 24_000);
    padded.set(speech, 8_000);
    await this.#pulse.play(padded, sink);
  }

  async session() {
    const { sessions } = await get(sessionListSchema, `/api/sessions?user_id=${this.#person}`);
    const [session] = sessions;
    if (!session) throw new Error('no session was opened');
    return session;
  }

  async minutes(): Promise<{
    sessionId: string;
    report: Report;
    utterances: z.infer<typeof transcriptSchema>['utterances'];
  }> {
    const { session_id: sessionId } = await this.session();
    const report = await waitFor(
      async () => (await get(reportStatusSchema, `/api/sessions/${sessionId}/report`)).report,
      {
        what: 'the report',
        timeoutMs: 30_000,
      },
    );
    const { utterances } = await get(transcriptSchema, `/api/sessions/${sessionId}/transcript`);
    return { sessionId, report, utterances };
  }

  /** Files of sound that are left on disk. */
  async spooled(): Promise<string[]> {
    const files = await readdir(this.#folder, { recursive: true });
    return files.filter((name) => /\.(?:pcm|flac)$/.test(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#pulse[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

class Command {
  readonly process: ChildProcess;
  readonly exited: Promise<number | string>;
  output = '';

  constructor(child: ChildProcess) {
    this.process = child;
    const keep = (chunk: Buffer): void => void (this.output += chunk.toString());
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? -1)));
  }

  async says(pattern: RegExp): Promise<void> {
    await waitFor(
      () => {
        if (this.process.exitCode !== null) throw new Error(this.output);
        return pattern.test(this.output);
      },
      { what: `${pattern} in ${this.output}`, timeoutMs: 30_000 },
    );
  }
}

/** The most there was at one time since the program began; Linux says it in the process's own file. */
function mostResidentBytes({ pid }: ChildProcess): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}
