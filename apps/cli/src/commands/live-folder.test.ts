import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSessionId, newUtteranceId } from '@eloquence/shared/runtime/ids';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeServer, sendEvents, sendJson, type FakeServer } from '../test-support/fake-server.ts';
import { LiveFolder } from './live-folder.ts';

const at = '2026-01-19T14:30:00.000Z';
const id = newSessionId();
let seq = 0;
const event = (body: { readonly type: string; readonly [member: string]: unknown }) => ({
  ...body,
  at,
  seq: (seq += 1),
  session_id: id,
});
const said = (text: string, speaker = 'anne') =>
  event({
    type: 'utterance.final',
    utterance: { utterance_id: newUtteranceId(), speaker, role: 'user', text, start_ms: 61_000, end_ms: 62_000 },
  });

let folder: string;
beforeEach(() => {
  seq = 0;
  folder = mkdtempSync(join(tmpdir(), 'eloquence-live-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const texts = (): string[] =>
  read('transcript.jsonl')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => (JSON.parse(line) as { text: string }).text);

async function follow(server: FakeServer): Promise<number> {
  let words = 0;
  const live = new LiveFolder({
    folder,
    sessionId: id,
    language: 'fr',
    api: server.api,
    batchMs: 50,
    onWords: (count) => (words = count),
  });
  await live.follow(AbortSignal.timeout(8_000));
  return words;
}

it('what is said and every mini-summary are in the folder, under the names people have', async () => {
  const chunk = {
    session_id: id,
    n: 0,
    revision: 1,
    start_ms: 0,
    end_ms: 600_000,
    status: 'empty',
    input_hash: 'h',
    writer: { kind: 'rules', rules_version: '1' },
    items: [],
    unverified: [],
    glossary: [],
  };
  const events = [
    event({ type: 'participant.joined', identity: 'anne~x', kind: 'person', speaker: 'anne', name: 'Anne\u001b[2J' }),
    said('bonjour à tous'),
    event({ type: 'summary.ready', index: 0 }),
    event({ type: 'something.new' }),
    said('au revoir'),
    event({ type: 'session.ended', reason: 'requested' }),
  ];
  await using server = await fakeServer(({ url }, response) =>
    url.endsWith('/events')
      ? sendEvents(response, events)
      : sendJson(response, 200, { session_id: id, language: 'fr', speakers: [], chunks: [chunk] }),
  );
  expect(await follow(server)).toBe(5);
  expect(texts()).toEqual(['bonjour à tous', 'au revoir']);
  expect(read('transcription.txt')).toBe('[00:01:01] Anne [2J : bonjour à tous\n[00:01:01] Anne [2J : au revoir\n');
  expect(JSON.parse(read('chunk_0.json'))).toEqual(chunk);
  expect(readdirSync(folder)).toHaveLength(3);
});

it('a folder that is there is gone on with: nothing twice, also after a line that was cut off', async () => {
  const events = [said('un'), said('deux'), event({ type: 'session.ended', reason: 'requested' })];
  await using server = await fakeServer((_request, response) => sendEvents(response, events));
  await follow(server);
  appendFileSync(join(folder, 'transcript.jsonl'), '{"utterance_id":"utt_aa');
  events.splice(2, 1, said('trois'), event({ type: 'session.ended', reason: 'requested' }));
  await follow(server);
  expect(texts()).toEqual(['un', 'deux', 'trois']);
});

it('a connection that breaks is made anew from the last event on', async () => {
  const all = [said('un'), said('deux'), event({ type: 'session.ended', reason: 'requested' })];
  await using server = await fakeServer(({ headers }, response) =>
    sendEvents(response, headers['last-event-id'] === '1' ? all.slice(1) : all.slice(0, 1)),
  );
  await follow(server);
  expect(texts()).toEqual(['un', 'deux']);
  expect(server.asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1']);
});

it('an end that was taken back is not the end', async () => {
  const events = [
    event({ type: 'session.ended', reason: 'requested' }),
    event({ type: 'session.resumed', time: 1 }),
    said('encore'),
    event({ type: 'session.ended', reason: 'requested' }),
  ];
  await using server = await fakeServer((_request, response) => sendEvents(response, events));
  await follow(server);
  expect(texts()).toEqual(['encore']);
});
