import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioEventSchema, audioResponseSchema, coverageSchema } from '@eloquence/shared/contracts/meeting-api';
import { sessionSchema, type Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { parseEventStream } from '@eloquence/testkit/sse';
import { waitFor } from '@eloquence/testkit/wait-for';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Presence } from '../livekit/presence.ts';
import { SessionFacts } from '../sessions/session-facts.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { done, FakeSttGateway, heard } from '../testing/fake-stt-gateway.ts';
import { announce, INTERNAL_KEY, redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';
import { GatewayTranscriber } from './gateway-transcriber.ts';
import { SoundReader } from './sound-reader.ts';
import { SoundUpload } from './sound-upload.ts';

const livekit = inject('livekit');
const roomService = new RoomServiceClient(livekit.url.replace(/^ws/, 'http'), livekit.apiKey, livekit.apiSecret);
const redisUrl = redisDatabase(inject('redisUrl'), 12);
let database: TestDatabase;
let app: TestApp;
let gateway: FakeSttGateway;
let log: EventLog;
let origin: string;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  gateway = await new FakeSttGateway().start();
  app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit, env: { STT_URL: gateway.url } });
  origin = await app.listen();
  log = new EventLog(app.redis);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await announce(app.redis);
  const limits = await app.redis.keys('rate:*');
  if (limits.length > 0) await app.redis.del(limits);
  gateway.steps = () => [heard('Bonjour à tous.', 0.2), done(10)];
  gateway.refusal = undefined;
  gateway.refusesEarly = false;
  gateway.asked.length = 0;
});

const post = (url: string, payload?: object) => app.server.inject({ method: 'POST', url, ...(payload && { payload }) });

async function open(scenario_id = 'meeting'): Promise<string> {
  const payload = { user_id: 'u', scenario_id, options: { keyterms: ['Grenoble'] } };
  return (await post('/api/sessions', payload)).json().session_id;
}

async function started(): Promise<string> {
  const id = await open();
  await log.append(id, { type: 'session.started', at: eventTime(new Date(Date.now() - 60_000)) });
  return id;
}

type RequestBody = NonNullable<RequestInit['body']>;

interface Sending {
  readonly speaker?: string;
  readonly startMs?: number;
  readonly name?: string;
  readonly body?: RequestBody;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function send(id: string, { speaker = 'anne.me', startMs = 0, name, body, headers, signal }: Sending = {}) {
  const query = new URLSearchParams({ speaker, start_ms: String(startMs), ...(name && { name }) });
  return fetch(`${origin}/api/sessions/${id}/audio?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'audio/flac', ...headers },
    body: body ?? 'a recording',
    ...(signal && { signal }),
    // Bodies that are streams.
    duplex: 'half',
  });
}
const sent = async (id: string, sending?: Sending) => {
  const response = await send(id, sending);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return audioResponseSchema.parse(JSON.parse(text));
};
const refused = async (id: string, sending?: Sending) => {
  const response = await send(id, sending);
  return {
    ...((await response.json()) as { code: string; detail: string }),
    retryAfter: response.headers.get('retry-after'),
  };
};
const eventsOf = (id: string) => log.read(id, 0);
const saidIn = async (id: string) =>
  (await eventsOf(id)).flatMap((event) => (event.type === 'utterance.final' ? [event.utterance] : []));
const coverage = async (id: string) =>
  coverageSchema.parse((await app.server.inject(`/api/sessions/${id}/coverage`)).json());
const get = async (id: string) => sessionSchema.parse((await app.server.inject(`/api/sessions/${id}`)).json());

describe('sound that did not go through the room', () => {
  it('becomes utterances at their place in the meeting, and is covered', async () => {
    const id = await started();
    gateway.steps = () => [heard('Bonjour à tous.', 1), heard('On commence.', 5), done(10)];
    const answer = await sent(id, { startMs: 20_000, name: 'Anne' });
    expect(answer.span).toEqual({ speaker: 'anne.me', start_ms: 20_000, end_ms: 30_000 });
    expect(await saidIn(id)).toMatchObject([
      { speaker: 'anne.me', role: 'user', text: 'Bonjour à tous.', start_ms: 21_000, end_ms: 22_450 },
      { text: 'On commence.', start_ms: 25_000, words: [{ text: 'On', start_ms: 25_000, end_ms: 25_450 }, {}] },
    ]);
    expect(answer.utterances).toEqual((await saidIn(id)).map((utterance) => utterance.utterance_id));
    expect((await eventsOf(id)).slice(2)).toMatchObject([
      { type: 'participant.joined', speaker: 'anne.me', name: 'Anne', kind: 'person' },
      { type: 'utterance.final' },
      { type: 'utterance.final' },
      { type: 'audio.transcribed', spans: [answer.span] },
    ]);
    expect(await coverage(id)).toMatchObject({ spans: [answer.span], gaps: [] });
    expect(gateway.asked).toMatchObject([
      { contentType: 'audio/flac', authorization: `Bearer ${INTERNAL_KEY}`, bytes: 11 },
    ]);
    const query = gateway.asked[0]?.url.searchParams;
    expect([query?.get('language'), query?.getAll('keywords[]')]).toEqual(['fr', ['Grenoble']]);
  });

  it('says nothing twice when it is sent twice, also twice at once', async () => {
    const id = await started();
    const answers = [await sent(id), ...(await Promise.all([sent(id), sent(id), sent(id)]))];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await saidIn(id)).toHaveLength(1);
    const joined = (await eventsOf(id)).filter((event) => event.type === 'participant.joined');
    expect(joined).toHaveLength(1);
  });

  it('leaves out what was heard of this speaker already, and nothing else', async () => {
    const id = await started();
    const spans = [
      { speaker: 'anne.me', start_ms: 0, end_ms: 2_000 },
      { speaker: 'marc', start_ms: 0, end_ms: 60_000 },
    ];
    await log.append(id, { type: 'audio.transcribed', at: eventTime(), spans });
    gateway.steps = () => [heard('un deux trois quatre cinq six', 0), done(4)];
    await sent(id);
    expect((await saidIn(id)).map(({ text }) => text)).toEqual(['cinq six']);
    expect((await coverage(id)).spans).toEqual([{ speaker: 'anne.me', start_ms: 0, end_ms: 4_000 }, spans[1]]);
  });

  it('goes on where it broke off', async () => {
    const id = await started();
    const away = new AppError('unavailable', 'The engine is away.', { retryAfterS: 7 });
    const said = [heard('un deux trois', 0), heard('quatre cinq six', 4), heard('sept huit neuf', 8)];
    gateway.steps = () => [...said.slice(0, 2), away];
    expect(await refused(id)).toMatchObject({ code: 'unavailable', retryAfter: '7' });
    expect((await coverage(id)).spans).toEqual([]);
    expect((await saidIn(id)).map(({ text }) => text)).toEqual(['un deux trois']);
    gateway.steps = () => [...said, done(10)];
    const { utterances } = await sent(id);
    expect((await saidIn(id)).map(({ text }) => text)).toEqual(['un deux trois', 'quatre cinq six', 'sept huit neuf']);
    expect(utterances).toEqual((await saidIn(id)).map(({ utterance_id }) => utterance_id));
  });

  it('is heard when it is silent', async () => {
    const id = await started();
    gateway.steps = () => [done(10)];
    expect(await sent(id, { startMs: 5_000 })).toEqual({
      utterances: [],
      span: { speaker: 'anne.me', start_ms: 5_000, end_ms: 15_000 },
    });
    expect((await coverage(id)).spans).toEqual([{ speaker: 'anne.me', start_ms: 5_000, end_ms: 15_000 }]);
  });

  it('of a pause is not taken, whatever a sender kept', async () => {
    const id = await started();
    await log.append(id, { type: 'recording.paused', at: eventTime(), at_ms: 2_000 });
    await log.append(id, { type: 'recording.continued', at: eventTime(), at_ms: 4_000 });
    gateway.steps = () => [heard('un deux trois quatre cinq six sept huit neuf dix', 0), done(6)];
    await sent(id);
    expect((await saidIn(id)).map(({ text }) => text)).toEqual(['un deux trois quatre', 'neuf dix']);
    expect(await coverage(id)).toMatchObject({
      spans: [
        { start_ms: 0, end_ms: 2_000 },
        { start_ms: 4_000, end_ms: 6_000 },
      ],
      gaps: [{ speaker: null, start_ms: 2_000, end_ms: 4_000, reason: 'paused' }],
    });
  });

  it('fills a gap, also when the events are in Postgres and their keys in Redis are gone', async () => {
    const id = await started();
    const gap = { speaker: 'anne.me', start_ms: 0, end_ms: 12_000, reason: 'sender_away' as const };
    await log.append(id, { type: 'audio.missed', at: eventTime(), gap });
    for (const { seq, session_id: _, ...event } of await eventsOf(id)) {
      await app.pool.query('insert into events values ($1, $2, $3, $4, $5)', [
        id,
        seq,
        event.at,
        event.type,
        JSON.stringify(event),
      ]);
    }
    await app.redis.xtrim(`events:{${id}}`, 'MAXLEN', 0);
    expect((await coverage(id)).gaps).toEqual([gap]);
    await sent(id);
    expect((await coverage(id)).gaps).toEqual([{ ...gap, start_ms: 10_000 }]);
  });
});

describe('a recording', () => {
  it('starts a meeting nobody was in, which then does not end because nobody is there', async () => {
    const id = await open();
    const progress = Promise.withResolvers<void>();
    gateway.steps = () => [heard('Bonjour.', 0), progress.promise, done(3_600)];
    const sending = sent(id, { speaker: 'recording' });
    await waitFor(async () => (await get(id)).state === 'active', { what: 'the meeting starts' });
    await roomService.deleteRoom(id);
    for (let sweep = 0; sweep < 3; sweep += 1) await app.reconciler.sweep();
    expect((await get(id)).state).toBe('active');
    progress.resolve();
    expect((await sending).span.end_ms).toBe(3_600_000);
    const types = (await eventsOf(id)).map((event) => event.type);
    expect(types.slice(0, 3)).toEqual(['session.created', 'session.started', 'participant.joined']);
    await app.reconciler.sweep();
    await app.reconciler.sweep();
    expect((await get(id)).state).toBe('active');
    // Nothing came for a minute.
    await app.redis.del(`held:${id}`);
    await app.reconciler.sweep();
    await app.reconciler.sweep();
    expect((await get(id)).state).toBe('ended');
  });

  it('tells how far it is to who asks for events', async () => {
    const id = await started();
    gateway.steps = () => [
      heard('un deux trois', 0),
      { type: 'transcript.progress', seconds_done: 5, seconds_total: 10 },
      heard('quatre', 6),
      done(10),
    ];
    const response = await send(id, { headers: { accept: 'text/event-stream' } });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const told = [];
    for await (const { data } of parseEventStream(
      (response.body as ReadableStream).pipeThrough(new TextDecoderStream()),
    )) {
      told.push(audioEventSchema.parse(JSON.parse(data)));
    }
    expect(told).toEqual([
      { type: 'audio.progress', seconds_done: 5, seconds_total: 10, utterances: 0 },
      { type: 'audio.done', ...(await sent(id)) },
    ]);
    gateway.steps = () => [
      { type: 'transcript.progress', seconds_done: 5 },
      new AppError('unavailable', 'The engine is away.'),
    ];
    const failed = await (await send(id, { headers: { accept: 'text/event-stream' } })).text();
    expect(failed).toMatch(/^event: error\ndata: .*"code":"unavailable"/m);
    gateway.refusal = new AppError('invalid_audio', 'There is no sound in the recording.');
    expect((await send(id, { headers: { accept: 'text/event-stream' } })).status).toBe(400);
  });

  it('is streamed through: 400 MB pass in little memory', async () => {
    const id = await started();
    const piece = randomBytes(1_048_576);
    const before = process.memoryUsage().rss;
    let most = 0;
    const body = Readable.from(
      (async function* () {
        for (let n = 0; n < 400; n += 1) {
          most = Math.max(most, process.memoryUsage().rss);
          yield piece;
        }
      })(),
    );
    await sent(id, { body: Readable.toWeb(body) as RequestBody });
    expect(gateway.asked[0]?.bytes).toBe(400 * 1_048_576);
    expect((most - before) / 1_048_576).toBeLessThan(250);
  });

  it('is given up when its sender hangs up', async () => {
    const id = await started();
    const never = new Promise<void>(() => undefined);
    gateway.steps = () => [heard('un deux trois', 0), heard('quatre', 5), never];
    const abandoned = gateway.abandoned;
    const hangUp = new AbortController();
    const sending = send(id, { signal: hangUp.signal }).catch(() => undefined);
    await waitFor(async () => (await saidIn(id)).length === 1, { what: 'the first words are there' });
    hangUp.abort();
    await sending;
    await waitFor(() => gateway.abandoned > abandoned, { what: 'the gateway is told' });
    // The next of this speaker does not wait for it.
    gateway.steps = () => [done(10)];
    expect((await sent(id)).utterances).toHaveLength(1);
  });

  it('is given up when its meeting ends, or is deleted', async () => {
    const transcriber = new GatewayTranscriber({ sttUrl: gateway.url, internalKey: INTERNAL_KEY, maxBytes: 1e9 });
    const uploads = new SoundUpload({
      store: new SessionStore(app.pool),
      facts: new SessionFacts(app.redis),
      presence: new Presence(app.redis),
      events: log,
      sounds: new SoundReader({ pool: app.pool, stream: (...of) => log.read(...of) }),
      transcriber,
      checkMs: 20,
    });
    gateway.steps = () => [heard('un', 0), new Promise<void>(() => undefined)];
    const reading = (session: Session) =>
      uploads.read({
        session,
        speaker: 'anne',
        startMs: 0,
        name: undefined,
        body: Readable.from([Buffer.from('x')]),
        contentType: undefined,
        contentLength: undefined,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
    const [ending, deleted] = [await started(), await started()];
    const outcomes = Promise.allSettled([ending, deleted].map(async (id) => reading(await get(id))));
    await waitFor(() => gateway.asked.length === 2, { what: 'the gateway is asked' });
    await post(`/api/sessions/${ending}/end`);
    await app.server.inject({ method: 'DELETE', url: `/api/sessions/${deleted}` });
    // A session that is deleted is ended first.
    const refusals = (await outcomes).map(
      (outcome) => outcome.status === 'rejected' && (outcome.reason as AppError).code,
    );
    expect(refusals).toEqual(['session_ended', expect.stringMatching(/^(session_ended|not_found)$/)]);
    await transcriber.close();
  });
});

describe('sound that is refused', () => {
  it('says how to mend it', async () => {
    const id = await started();
    gateway.refusal = new AppError('invalid_audio', 'The file cannot be decoded.');
    expect(await refused(id)).toMatchObject({ code: 'invalid_audio', detail: 'The file cannot be decoded.' });
    gateway.refusal = new AppError('payload_too_large', 'Set STT_MAX_FILE_MB.');
    expect(await refused(id)).toMatchObject({ code: 'payload_too_large', detail: /STT_MAX_FILE_MB/ });
    gateway.refusal = new AppError('unsupported_language', 'Only English.');
    expect(await refused(id)).toMatchObject({ code: 'unsupported_language' });
    gateway.refusal = new AppError('rate_limited', '4 recordings of yours', { retryAfterS: 10 });
    expect(await refused(id)).toMatchObject({ code: 'overloaded', retryAfter: '10' });
    gateway.refusal = new AppError('unauthorized', 'no');
    expect(await refused(id)).toMatchObject({ code: 'internal', detail: /INTERNAL_API_KEY/ });
    expect(await refused(id, { body: '' })).toMatchObject({ code: 'invalid_audio' });
    expect(await refused(id, { headers: { 'content-type': 'application/json' } })).toMatchObject({
      code: 'unsupported_media_type',
      detail: /--data-binary/,
    });
    expect((await eventsOf(id)).map((event) => event.type)).toEqual(['session.created', 'session.started']);
  });

  it('early is told to a sender who still has much to send', async () => {
    await using small = await startTestApp({
      redisUrl,
      databaseUrl: database.url,
      livekit,
      env: { STT_URL: gateway.url, STT_MAX_FILE_MB: '1' },
    });
    const id = await started();
    const url = `${await small.listen()}/api/sessions/${id}/audio?speaker=a&start_ms=0`;
    const piece = Buffer.alloc(65_536);
    // With its length, and without.
    for (const body of [
      Buffer.alloc(2_000_000),
      Readable.toWeb(Readable.from(Array.from({ length: 64 }, () => piece))),
    ]) {
      const init = { method: 'POST', headers: { 'content-type': 'audio/flac' }, body, duplex: 'half' };
      const answer = await fetch(url, init as RequestInit);
      expect(await answer.json()).toMatchObject({ code: 'payload_too_large', detail: /STT_MAX_FILE_MB/ });
    }
    gateway.refusal = new AppError('overloaded', '8 recordings are being transcribed.');
    gateway.refusesEarly = true;
    expect(await refused(id, { body: Buffer.alloc(32 * 1_048_576) })).toMatchObject({ retryable: true });
  });

  it('keeps its place for later when the gateway is away', async () => {
    await using lonely = await startTestApp({ redisUrl, databaseUrl: database.url, livekit });
    const id = await started();
    const answer = await lonely.server.inject({
      method: 'POST',
      url: `/api/sessions/${id}/audio?speaker=a&start_ms=0`,
      headers: { 'content-type': 'audio/wav' },
      payload: 'x',
    });
    expect(answer.json()).toMatchObject({ code: 'unavailable', retryable: true, retry_after_s: 5 });
  });

  it('has no meeting, an ended one, or a place that cannot be', async () => {
    const id = await started();
    expect(await refused('ses_aaaaaaaaaaaaaaaaaaaa')).toMatchObject({ code: 'not_found' });
    expect(await refused(await open('coaching_vocal'))).toMatchObject({ code: 'not_found', detail: /meeting/ });
    for (const speaker of ['', 'a b', 'a.b.c', '../x', 'a~b', 'é', '-a']) {
      expect(await refused(id, { speaker }), speaker).toMatchObject({ code: 'invalid_request' });
    }
    expect(await refused(id, { startMs: -1 })).toMatchObject({ code: 'invalid_request' });
    expect(await refused(id, { startMs: 1_900_000_000 })).toMatchObject({ code: 'invalid_request', detail: /future/ });
    await post(`/api/sessions/${id}/end`);
    expect(await refused(id)).toMatchObject({ code: 'session_ended', detail: /resume/ });
    await post(`/api/sessions/${id}/resume`);
    await sent(id);
  });
});

describe('pausing', () => {
  it('is said once, is undone once, and outlives the service', async () => {
    const id = await started();
    const set = async (state: string) => (await post(`/api/sessions/${id}/recording`, { state })).json();
    expect(await set('recording')).toEqual({ state: 'recording', at_ms: 0 });
    const first = await set('paused');
    expect(first).toMatchObject({ state: 'paused', at_ms: expect.any(Number) });
    await sleep(5);
    await using other = await startTestApp({ redisUrl, databaseUrl: database.url, livekit });
    await other.redis.ping();
    const again = await other.server.inject({
      method: 'POST',
      url: `/api/sessions/${id}/recording`,
      payload: { state: 'paused' },
    });
    expect(again.json()).toEqual(first);
    expect((await coverage(id)).gaps).toMatchObject([{ reason: 'paused', start_ms: first.at_ms }]);
    const second = await set('recording');
    expect(await set('recording')).toEqual(second);
    expect((await eventsOf(id)).map((event) => event.type).slice(2)).toEqual([
      'recording.paused',
      'recording.continued',
    ]);
    expect((await post(`/api/sessions/${id}/recording`, { state: 'off' })).statusCode).toBe(400);
    expect((await post(`/api/sessions/${await open()}/recording`, { state: 'paused' })).json()).toMatchObject({
      code: 'conflict',
    });
    await post(`/api/sessions/${id}/end`);
    expect(await set('paused')).toMatchObject({ code: 'session_ended' });
  });

  it('starts the clock of a meeting in which nobody is yet, as long ago as a sender has kept its sound, once', async () => {
    const id = await open();
    const begin = (agoMs: number) => post(`/api/sessions/${id}/recording`, { state: 'recording', ago_ms: agoMs });
    expect((await begin(60_000)).json()).toEqual({ state: 'recording', at_ms: 0 });
    await begin(5);
    const [created, begun, ...more] = await eventsOf(id);
    expect([begun?.type, more]).toEqual(['session.started', []]);
    expect(Date.parse(begun?.at ?? '') - Date.parse(created?.at ?? '')).toBeLessThan(1_000);
  });
});

describe('what senders know of their sources', () => {
  it('is written down, once', async () => {
    const id = await started();
    const silent = { speaker: 'anne.them', start_ms: 1_000, end_ms: null };
    const gap = { speaker: 'anne.me', start_ms: 0, end_ms: 500, reason: 'sender_away' };
    const report = async (payload: object) => (await post(`/api/sessions/${id}/sources`, payload)).json();
    expect(await report({ silent: [silent, silent], gaps: [gap] })).toEqual({ recorded: 2 });
    expect(await report({ silent: [silent], gaps: [gap] })).toEqual({ recorded: 0 });
    expect(await report({ silent: [{ ...silent, end_ms: 9_000 }] })).toEqual({ recorded: 1 });
    expect((await eventsOf(id)).slice(2)).toMatchObject([
      { type: 'source.silent', silent },
      { type: 'audio.missed', gap },
      { type: 'source.silent', silent: { end_ms: 9_000 } },
    ]);
    expect((await coverage(id)).gaps).toEqual([gap]);
    for (const bad of [{ end_ms: 0, start_ms: 5 }, { end_ms: 9e15 }, { reason: 'rain' }])
      expect(await report({ gaps: [{ ...gap, ...bad }] })).toMatchObject({ code: 'invalid_request' });
  });
});

describe('deleting a meeting', () => {
  it('removes everything said in it and made of it', async () => {
    const id = await started();
    await sent(id, { name: 'Anne' });
    const tables = {
      meetings: `(session_id) values ($1)`,
      meeting_chunks: `values ($1, 0, 1, 'h', '{}')`,
      meeting_files: `values ($1, 'md', 1, 'x')`,
      meeting_speakers: `values ($1, 'anne.me', 'Anne')`,
      meeting_answers: `values ($1, 'h', '{}')`,
    };
    for (const [table, values] of Object.entries(tables)) await app.pool.query(`insert into ${table} ${values}`, [id]);
    await app.pool.query(`update sessions set participant_name = 'Marie' where session_id = $1`, [id]);
    expect((await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}` })).statusCode).toBe(204);
    for (const table of [...Object.keys(tables), 'events', 'utterances']) {
      expect((await app.pool.query(`select from ${table} where session_id = $1`, [id])).rowCount, table).toBe(0);
    }
    const { rows } = await app.pool.query('select * from sessions where session_id = $1', [id]);
    expect(JSON.stringify(rows)).not.toMatch(/Marie|Grenoble/);
    expect(await app.redis.keys(`*${id}*`)).toEqual([]);
    expect(await refused(id)).toMatchObject({ code: 'not_found' });
  });
});
