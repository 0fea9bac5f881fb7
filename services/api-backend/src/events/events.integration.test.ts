import { eventKeys, type SessionEvent } from '@eloquence/shared/contracts/events';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { waitFor } from '@eloquence/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { announce, redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';
import { readSse, type SseMessage } from '../testing/sse-client.ts';

const redisUrl = redisDatabase(inject('redisUrl'), 5);
let database: TestDatabase;
let app: TestApp;
let origin: string;
let log: EventLog;
let id: string;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit: inject('livekit') });
  origin = await app.listen();
  log = new EventLog(app.redis);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await announce(app.redis);
  await app.redis.del('none', ...(await app.redis.keys('rate:*')));
  const answer = await app.server.inject({
    method: 'POST',
    url: '/api/sessions',
    payload: { user_id: 'u', scenario_id: 'coaching_vocal' },
  });
  id = answer.json().session_id;
});

/** What meeting-worker does: Postgres first, then the stream. */
async function persist(entry: readonly [string, string[]]): Promise<void> {
  const [streamId, fields] = entry;
  const body = JSON.parse(fields[1] ?? '') as { at: string; type: string };
  await app.pool.query('insert into events values ($1, $2, $3, $4, $5) on conflict do nothing', [
    id,
    Number(streamId.split('-')[0]),
    body.at,
    body.type,
    body,
  ]);
  await app.redis.xdel(eventKeys.stream(id), streamId);
}

const utterance = (n: number) => ({
  type: 'utterance.final' as const,
  at: eventTime(),
  utterance: {
    utterance_id: `utt_${String(n)
      .padStart(16, 'a')
      .replaceAll(/\d/g, (digit) => 'bcdefghijk'[Number(digit)] ?? 'l')}`,
    speaker: 'user-1',
    role: 'user' as const,
    text: `phrase ${n}`,
    start_ms: n * 1_000,
    end_ms: n * 1_000 + 500,
  },
});

const seqs = (messages: readonly SseMessage[]) => messages.map((message) => Number(message.id));
const range = (length: number, from = 1) => Array.from({ length }, (_, index) => index + from);
const readSeqs = async (address: string, headers: Record<string, string> = {}) => {
  const messages: SseMessage[] = [];
  for await (const message of readSse(address, { headers })) messages.push(message);
  return seqs(messages);
};
const end = () => app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });

it('streams every event once and in order while they move to Postgres under the readers', async () => {
  const total = 400;
  const readers = Array.from({ length: 4 }, async () => {
    const messages: SseMessage[] = [];
    for await (const message of readSse(`${origin}/api/sessions/${id}/events`)) messages.push(message);
    return messages;
  });
  const done = new AbortController();
  const moving = (async () => {
    while (!done.signal.aborted) {
      const entries = await app.redis.xrange(eventKeys.stream(id), '-', '+', 'COUNT', 20);
      // Out of order, as several consumers are.
      await Promise.all(entries.toReversed().map(persist));
    }
  })();
  const late: Promise<SseMessage[]>[] = [];
  for (let n = 0; n < total; n += 1) {
    await log.append(id, utterance(n));
    if (n % 50 === 25) {
      late.push(
        (async () => {
          const messages: SseMessage[] = [];
          const headers = { 'last-event-id': String(n - 10) };
          for await (const message of readSse(`${origin}/api/sessions/${id}/events`, { headers }))
            messages.push(message);
          return messages;
        })(),
      );
    }
  }
  await end();
  const all = await Promise.all(readers);
  const resumed = await Promise.all(late);
  done.abort();
  await moving;
  for (const messages of all) {
    expect(seqs(messages)).toEqual(range(total + 2));
    expect(messages[0]?.event).toBe('session.created');
    expect(messages.at(-1)?.event).toBe('session.ended');
  }
  resumed.forEach((messages, index) => {
    const from = 25 + index * 50 - 10 + 1;
    expect(seqs(messages)).toEqual(range(total + 2 - from + 1, from));
  });
});

it('goes on from Last-Event-ID or ?after=, and says 204 when nothing more will come', async () => {
  await log.append(id, utterance(1));
  await end();
  const url = `${origin}/api/sessions/${id}/events`;
  expect(await readSeqs(url)).toEqual([1, 2, 3]);
  expect(await readSeqs(`${url}?after=1`)).toEqual([2, 3]);
  expect(await readSeqs(`${url}?after=1`, { 'last-event-id': '2' })).toEqual([3]);
  expect((await fetch(`${url}?after=3`)).status).toBe(204);
  for (const bad of ['-1', 'x', '1.5']) {
    expect((await fetch(url, { headers: { 'last-event-id': bad } })).status, bad).toBe(400);
    expect((await fetch(`${url}?after=${bad}`)).status, bad).toBe(400);
  }
  expect((await fetch(`${origin}/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa/events`)).status).toBe(404);
});

it('shows interims to whoever watches, of their own session only', async () => {
  const messages: SseMessage[] = [];
  const reading = (async () => {
    for await (const message of readSse(`${origin}/api/sessions/${id}/events`)) messages.push(message);
  })();
  await waitFor(() => messages.length === 1);
  const interim = { type: 'utterance.interim', at: eventTime(), speaker: 'user-1', text: 'je vou' } as const;
  await waitFor(async () => {
    await log.publishInterim('ses_aaaaaaaaaaaaaaaaaaaa', { ...interim, text: 'of another' });
    await log.publishInterim(id, interim);
    return messages.some((message) => message.event === 'utterance.interim');
  });
  await end();
  await reading;
  const interims = messages.filter((message) => message.event === 'utterance.interim');
  expect(interims[0]).toEqual({ event: 'utterance.interim', data: JSON.stringify(interim) });
  expect(JSON.stringify(interims)).not.toContain('of another');
});

it('tells followers when the session is deleted', async () => {
  const messages: SseMessage[] = [];
  const reading = (async () => {
    for await (const message of readSse(`${origin}/api/sessions/${id}/events`)) messages.push(message);
  })();
  await waitFor(() => messages.length === 1);
  await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}` });
  await reading;
  expect(JSON.parse(messages.at(-1)?.data ?? '')).toMatchObject({ type: 'session.ended', reason: 'deleted' });
});

it('takes a ticket in the address instead of a key, for this session only', async () => {
  await using locked = await startTestApp({
    redisUrl,
    databaseUrl: database.url,
    livekit: inject('livekit'),
    env: { API_KEYS: 'the-key-of-this-test' },
  });
  const base = await locked.listen();
  const headers = { authorization: 'Bearer the-key-of-this-test', 'content-type': 'application/json' };
  const open = async () => {
    const body = JSON.stringify({ user_id: 'u', scenario_id: 'coaching_vocal' });
    return (await fetch(`${base}/api/sessions`, { method: 'POST', headers, body })).json() as Promise<{
      session_id: string;
      events_url: string;
    }>;
  };
  const [mine, other] = [await open(), await open()];
  expect(mine.events_url).not.toContain('the-key-of-this-test');
  await fetch(`${base}/api/sessions/${mine.session_id}/end`, {
    method: 'POST',
    headers: { authorization: 'Bearer the-key-of-this-test' },
  });
  const messages: SseMessage[] = [];
  for await (const message of readSse(`${base}${mine.events_url}`)) messages.push(message);
  expect(seqs(messages)).toEqual([1, 2]);
  const stolen = mine.events_url.replace(mine.session_id, other.session_id);
  expect((await fetch(`${base}${stolen}`)).status).toBe(401);
  const elsewhere = mine.events_url.replace('/events', '/transcript');
  expect((await fetch(`${base}${elsewhere}`)).status).toBe(401);
});

it('gives a transcript that is complete at once, in spoken order', async () => {
  const spoken: SessionEvent['seq'][] = [3, 1, 2, 0];
  for (const n of spoken) await log.append(id, utterance(n));
  const stored = [utterance(3), utterance(1)];
  for (const [index, { utterance: said }] of stored.entries()) {
    await app.pool.query('insert into utterances values ($1, $2, $3, $4, $5, $6, $7, $8, null)', [
      id,
      said.utterance_id,
      index + 2,
      said.speaker,
      said.role,
      said.text,
      said.start_ms,
      said.end_ms,
    ]);
  }
  await app.redis.xdel(eventKeys.stream(id), '2-0');
  const path = `/api/sessions/${id}/transcript`;
  const transcript = (await app.server.inject(path)).json();
  expect(transcript.utterances.map((said: { text: string }) => said.text)).toEqual(
    range(4, 0).map((n) => `phrase ${n}`),
  );
  expect((await app.server.inject(`${path}.json`)).json()).toEqual(transcript);
  for (const [extension, type, start] of [
    ['txt', 'text/plain; charset=utf-8', '[00:00:00] Vous : phrase 0\n'],
    ['srt', 'application/x-subrip; charset=utf-8', '1\n00:00:00,000 --> 00:00:00,500\n'],
    ['vtt', 'text/vtt; charset=utf-8', 'WEBVTT\n\n'],
  ] as const) {
    const answer = await app.server.inject(`${path}.${extension}`);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.body.startsWith(start), answer.body).toBe(true);
  }
  expect((await app.server.inject(`${path}.pdf`)).statusCode).toBe(404);
});
