import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionEvent, SessionEventBody } from '@eloquence/shared/contracts/events';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventReader } from './event-reader.ts';
import { EventStream } from './event-stream.ts';

const sessionId = 'ses_aaaaaaaaaaaaaaaaaaaa';
const at = '2026-01-01T00:00:00.000Z';
let log: SessionEvent[];
let streams: EventStream[];
let closed: number;
let gone: boolean;
let awaitsMinutes: boolean;
let server: Server;
let url: string;

const add = (body: SessionEventBody) => log.push({ ...body, seq: log.length + 1, session_id: sessionId });

beforeEach(async () => {
  [log, streams, closed, gone, awaitsMinutes] = [[], [], 0, false, false];
  const reader = new EventReader({
    stream: async (_id, after, limit) => log.filter(({ seq }) => seq > after).slice(0, limit),
    stored: async () => [],
  });
  server = createServer((_request, response) => {
    const stream = new EventStream({
      response,
      headers: { 'x-test': 'kept' },
      reader,
      sessionId,
      afterSeq: 0,
      isGone: async () => gone,
      awaitsMinutes: async () => awaitsMinutes,
      onClose: () => (closed += 1),
    });
    streams.push(stream);
    stream.wake();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('sends what is there, then what comes, and ends after session.ended', async () => {
  add({ type: 'session.started', at });
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('x-test')).toBe('kept');
  add({ type: 'state.changed', at, state: 'listening' });
  streams[0]?.wake();
  streams[0]?.wake();
  add({ type: 'session.ended', at, reason: 'requested' });
  streams[0]?.wake();
  const text = await response.text();
  expect(text.match(/^id: .*$/gm)).toEqual(['id: 1', 'id: 2', 'id: 3']);
  expect(text.match(/^event: .*$/gm)).toEqual([
    'event: session.started',
    'event: state.changed',
    'event: session.ended',
  ]);
  expect(closed).toBe(1);
});

it('goes on after the end of a meeting until its minutes are there', async () => {
  awaitsMinutes = true;
  add({ type: 'session.ended', at, reason: 'requested' });
  const response = await fetch(url);
  add({ type: 'report.ready', at, revision: 1, kind: 'draft' });
  streams[0]?.wake();
  awaitsMinutes = false;
  add({ type: 'report.ready', at, revision: 2, kind: 'final' });
  streams[0]?.wake();
  const text = await response.text();
  expect(text.match(/^event: .*$/gm)).toEqual(['event: session.ended', 'event: report.ready', 'event: report.ready']);
});

it('goes on after an end that was taken back, and ends after the last', async () => {
  add({ type: 'session.ended', at, reason: 'requested' });
  add({ type: 'session.resumed', at, time: 1 });
  const response = await fetch(url);
  add({ type: 'session.ended', at, reason: 'participant_left' });
  streams[0]?.wake();
  expect((await response.text()).match(/^id: .*$/gm)).toEqual(['id: 1', 'id: 2', 'id: 3']);
  expect(closed).toBe(1);
});

it('sends interims without an id, only to readers that are up to date', async () => {
  const response = await fetch(url);
  const interim = { type: 'utterance.interim', at, speaker: 'user', text: 'bon' } as const;
  streams[0]?.interim(interim);
  const reading = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  // The first look is over once an interim gets through.
  while (!text.includes('utterance.interim')) {
    streams[0]?.interim(interim);
    text += (await reading?.read())?.value ?? '';
  }
  expect(text).toContain(`event: utterance.interim\ndata: ${JSON.stringify(interim)}\n\n`);
  expect(text).not.toContain('id:');
  await reading?.cancel();
});

it('tells the end of a session whose log was deleted', async () => {
  const response = await fetch(url);
  gone = true;
  streams[0]?.wake();
  expect(await response.text()).toMatch(/event: session\.ended\ndata: .*"reason":"deleted"/);
});

it('cuts a reader that lets more than 1 MiB pile up, and no one else', async () => {
  const slow = await new Promise<IncomingMessage>((resolve) => get(url, { agent: false }, resolve));
  slow.pause();
  const quick = await fetch(url, { headers: { connection: 'close' } });
  let received = 0;
  const reading = (async () => {
    for await (const chunk of quick.body ?? []) received += chunk.length;
  })();
  await waitFor(() => streams.length === 2);
  const text = 'x'.repeat(60_000);
  let cut = false;
  slow.on('close', () => (cut = true));
  slow.on('error', () => (cut = true));
  for (let n = 0; n < 1_000; n += 1) {
    if (closed > 0) break;
    add({ type: 'agent.failed', at, code: 'x', message: text });
    for (const stream of streams) stream.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(closed).toBe(1);
  add({ type: 'session.ended', at, reason: 'requested' });
  for (const stream of streams) stream.wake();
  await reading;
  expect(received).toBeGreaterThan((log.length - 1) * 60_000);
  slow.resume();
  await waitFor(() => cut, { what: 'the slow connection is closed' });
});
