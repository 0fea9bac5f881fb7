import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeServer, sendJson, type FakeServer } from '../test-support/fake-server.ts';
import { exitCodes } from './exit-codes.ts';
import { showStatus, stopMeeting } from './control-meetings.ts';
import type { Context } from './context.ts';
import { RecordingStates } from './recording-state.ts';

const id = 'ses_aaaaaaaaaaaaaaaaaaaa';
const at = '2026-11-21T20:00:00.000Z';
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

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'eloquence-control-'));
  // A recorder that died: its last word is old.
  new RecordingStates(stateDir).write({
    session_id: id,
    name: 'Comité',
    api: '',
    pid: process.pid,
    started_at: at,
    folder: '/nowhere',
    state: 'recording',
    words: 3,
    updated_at: '2020-01-01T00:00:00.000Z',
    checkpoint_s: 10,
  });
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const server = (): Promise<FakeServer> =>
  fakeServer((request, response) => {
    if (request.url.endsWith('/report'))
      sendJson(response, 200, { session_id: id, state: 'recording', revision: 0, formats: [], report: null });
    else if (request.url.endsWith('/end')) sendJson(response, 200, { session: { ...session, state: 'ended' } });
    else sendJson(response, 200, session);
  });

/** What the two commands use of a context, and what they said. */
function person(there: FakeServer) {
  const said: string[] = [];
  const context = {
    stateDir,
    api: there.api,
    say: (fr: string) => fr,
    print: (_kind: string, _document: unknown, text: string) => said.push(text),
    log: (line: string) => said.push(line),
    signal: new AbortController().signal,
  } as unknown as Context;
  return { context, said };
}

it('a recording that was broken off is called that, with the way to go on', async () => {
  await using there = await server();
  const { context, said } = person(there);
  expect(await showStatus(context, id)).toBe(exitCodes.ok);
  expect(said.join('\n')).toMatch(/interrompue.*eloquence meeting resume/);
});

it('ending a meeting whose recorder died says that sound is left on this disk', async () => {
  await using there = await server();
  const { context, said } = person(there);
  expect(await stopMeeting(context, id)).toBe(exitCodes.ok);
  mkdirSync(join(stateDir, 'spool', id), { recursive: true });
  expect(await stopMeeting(context, id)).toBe(exitCodes.undelivered);
  expect(said.at(-1)).toContain(`eloquence meeting resume --session ${id} --deliver-only`);
});
