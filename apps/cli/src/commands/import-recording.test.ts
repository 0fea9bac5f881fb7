import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import { reportSchema } from '@eloquence/shared/contracts/report';
import { AppError, toProblem } from '@eloquence/shared/runtime/errors';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeServer, sendEvents, sendJson, type FakeServer } from '../test-support/fake-server.ts';
import type { Context } from './context.ts';
import { importRecording } from './import-recording.ts';

const id = 'ses_aaaaaaaaaaaaaaaaaaaa';
const at = '2026-11-21T20:00:00.000Z';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eloquence-import-'));
  writeFileSync(join(folder, 'reunion.wav'), 'sound');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Refusal {
  readonly code: ErrorCode;
  readonly retryAfterS: number;
  /** After so many sentences, as an event of an answer that had begun. */
  readonly afterSentences?: number;
}

/** A server that gives these refusals to what ends so, one each time, and does it then. */
const busy = (refusals: Readonly<Record<string, Refusal[]>>): Promise<FakeServer> =>
  fakeServer(({ method, url }, response) => {
    const asked = `${method} ${url.split('?')[0]!.replace(`/${id}`, '')}`;
    const refusal = refusals[asked]?.shift();
    if (refusal) refuse(response, refusal);
    else if (asked === 'DELETE /api/sessions') response.writeHead(204).end();
    else if (asked.endsWith('/audio')) {
      const done = {
        type: 'audio.done',
        utterances: ['utt_aaaaaaaaaaaaaaaa'],
        span: { speaker: 'a', start_ms: 0, end_ms: 9 },
      };
      sendEvents(response, [{ seq: 1, ...done }]);
    } else if (asked.endsWith('/events'))
      sendEvents(response, [{ seq: 1, session_id: id, type: 'session.ended', at, reason: 'requested' }]);
    else sendJson(response, 200, ANSWERS[asked]);
  });

function refuse(response: ServerResponse, { code, retryAfterS, afterSentences }: Refusal): void {
  const error = new AppError(code, 'Busy.', { retryAfterS });
  if (afterSentences === undefined) return sendJson(response, error.status, toProblem(error));
  const progress = { type: 'audio.progress', seconds_done: 1, seconds_total: 2, utterances: afterSentences };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(`data: ${JSON.stringify(progress)}\n\nevent: error\ndata: ${JSON.stringify(toProblem(error))}\n\n`);
}

const session = {
  session_id: id,
  user_id: 'anna',
  scenario_id: 'meeting',
  kind: 'meeting',
  language: 'fr',
  name: 'Comité',
  state: 'active',
  end_reason: null,
  room_name: id,
  created_at: at,
  started_at: at,
  ended_at: null,
};
const report = reportSchema.parse({
  session_id: id,
  kind: 'draft',
  draft_reason: 'no_model',
  language: 'fr',
  title: 'Comité',
  started_at: at,
  ended_at: at,
  duration_ms: 1_000,
  speakers: [],
  coverage: { percent: 100, heard_ms: 1_000, gaps: [] },
  silent_sources: [],
  summary: [],
  decisions: [],
  actions: [],
  questions: [],
  chapters: [],
  quotes: [],
  retracted: [],
  unverified: [],
  holes: [],
  provenance: { chunks: [], synthesis: { kind: 'rules', rules_version: 'report-1' } },
  consent: null,
  transcript: null,
});
const ANSWERS: Readonly<Record<string, unknown>> = {
  'POST /api/sessions': {
    ...session,
    livekit_url: 'ws://x',
    livekit_token: 'x',
    token_expires_at: at,
    events_url: '/',
  },
  'GET /api/sessions': session,
  'POST /api/sessions/end': { session },
  'GET /api/sessions/report': { session_id: id, state: 'partial', revision: 1, formats: [], report },
  'GET /api/sessions/summaries': { session_id: id, language: 'fr', speakers: [], chunks: [] },
};

function person(there: FakeServer) {
  const said: string[] = [];
  const stop = new AbortController();
  const context = {
    api: there.api,
    stateDir: folder,
    outputDir: join(folder, 'out'),
    settings: { output: { formats: [] }, recording: { micro_batch_s: 10, checkpoint_interval_s: 10 } },
    language: 'fr',
    json: true,
    signal: stop.signal,
    say: (fr: string) => fr,
    log: (line: string) => said.push(line),
  } as unknown as Context;
  const request = { user_id: 'anna', scenario_id: 'meeting', language: 'fr', name: 'Comité' } as const;
  const outcome = importRecording(context, {
    file: join(folder, 'reunion.wav'),
    speaker: undefined,
    session: request,
  });
  return { outcome, said, stop };
}

const deletions = (there: FakeServer) => there.asked.filter(({ method }) => method === 'DELETE').length;
const ONE_MORE = 'Le serveur a trop à faire, nouvel essai dans 1 s.';

it(
  'a server that has too much to do is asked again, also in the middle of a recording',
  { timeout: 15_000 },
  async () => {
    await using there = await busy({
      'POST /api/sessions': [{ code: 'rate_limited', retryAfterS: 0.5 }],
      'POST /api/sessions/audio': [
        { code: 'overloaded', retryAfterS: 1 },
        { code: 'overloaded', retryAfterS: 1, afterSentences: 3 },
      ],
    });
    const { outcome, said } = person(there);
    expect(await outcome).toMatchObject({ session_id: id, report: 'partial' });
    expect(said.filter((line) => line === ONE_MORE)).toHaveLength(3);
    const sent = there.asked.filter(({ url }) => url.includes('/audio'));
    expect(sent.map(({ body }) => body)).toEqual(['sound', 'sound', 'sound']);
    expect(deletions(there)).toBe(0);
  },
);

it('that stays so for longer than two minutes is told, and nothing is left behind', async () => {
  await using there = await busy({ 'POST /api/sessions/audio': [{ code: 'overloaded', retryAfterS: 121 }] });
  const { outcome } = person(there);
  await expect(outcome).rejects.toMatchObject({ code: 'overloaded' });
  expect(deletions(there)).toBe(1);
  expect(existsSync(join(folder, 'out'))).toBe(false);
});

it('stopped while it waits, it leaves nothing behind either', async () => {
  await using there = await busy({ 'POST /api/sessions/audio': [{ code: 'overloaded', retryAfterS: 60 }] });
  const { outcome, said, stop } = person(there);
  await waitFor(() => said.includes('Le serveur a trop à faire, nouvel essai dans 60 s.'), { what: 'the wait' });
  stop.abort(new DOMException('interrupted', 'AbortError'));
  await expect(outcome).rejects.toThrow('interrupted');
  expect(deletions(there)).toBe(1);
});
