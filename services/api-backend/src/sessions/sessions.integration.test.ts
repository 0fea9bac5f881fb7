import { SCENARIOS_KEY } from '@eloquence/shared/contracts/scenario';
import { AGENT_LEASE_MS, eventKeys } from '@eloquence/shared/contracts/events';
import {
  createSessionResponseSchema,
  livekitTokenResponseSchema,
  sessionListSchema,
  sessionSchema,
  type CreateSessionResponse,
} from '@eloquence/shared/contracts/sessions';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { newUtteranceId } from '@eloquence/shared/runtime/ids';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { waitFor } from '@eloquence/testkit/wait-for';
import { AccessToken, AgentDispatchClient, RoomServiceClient, TokenVerifier } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { announce, INTERNAL_KEY, redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';

const livekit = inject('livekit');
const httpUrl = livekit.url.replace(/^ws/, 'http');
const roomService = new RoomServiceClient(httpUrl, livekit.apiKey, livekit.apiSecret);
const dispatches = new AgentDispatchClient(httpUrl, livekit.apiKey, livekit.apiSecret);
const body = { user_id: 'marie', scenario_id: 'coaching_vocal' };
const redisUrl = redisDatabase(inject('redisUrl'), 4);
let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await announce(app.redis);
  const limits = await app.redis.keys('rate:*');
  if (limits.length > 0) await app.redis.del(limits);
});

const post = (url: string, payload?: object, headers: Record<string, string> = {}) =>
  app.server.inject({ method: 'POST', url, headers, ...(payload && { payload }) });

async function create(payload: object = body, headers: Record<string, string> = {}): Promise<CreateSessionResponse> {
  const answer = await post('/api/sessions', payload, headers);
  expect(answer.statusCode, answer.body).toBe(201);
  return createSessionResponseSchema.parse(answer.json());
}

/** LiveKit lists one without a name for every room. */
const ourDispatches = async (room: string) =>
  (await dispatches.listDispatch(room)).filter((dispatch) => dispatch.agentName === 'eloquence');
const internal = { authorization: `Bearer ${INTERNAL_KEY}` };
const endAsAgent = (id: string, reason: string) => post(`/internal/sessions/${id}/end`, { reason }, internal);
const lastWords = () => ({
  type: 'utterance.final' as const,
  at: eventTime(),
  utterance: {
    utterance_id: newUtteranceId(),
    speaker: 'agent',
    role: 'agent' as const,
    text: 'au revoir',
    start_ms: 0,
    end_ms: 900,
  },
});
const roomExists = async (name: string) => (await roomService.listRooms([name])).length === 1;
const validate = (token: string) => fetch(`${httpUrl}/rtc/validate?access_token=${token}`);
const sessionCount = async () => Number((await app.pool.query('select count(*) from sessions')).rows[0].count);

describe('POST /api/sessions', () => {
  it('opens a room, sends for the agent, says so in the log, and hands out a narrow token', async () => {
    const session = await create({ ...body, name: 'Marie Curie', options: { greeting: false } });
    expect(session).toMatchObject({
      state: 'created',
      language: 'fr',
      livekit_url: livekit.url,
      scenario_id: 'coaching_vocal',
    });
    expect(session.events_url).toBe(`/api/sessions/${session.session_id}/events`);
    const [room] = await roomService.listRooms([session.room_name]);
    expect(room).toMatchObject({ emptyTimeout: 60, departureTimeout: 60, maxParticipants: 4 });
    expect(await ourDispatches(session.room_name)).toMatchObject([
      { metadata: JSON.stringify({ session_id: session.session_id }) },
    ]);
    expect(await new EventLog(app.redis).read(session.session_id, 0)).toMatchObject([
      { seq: 1, type: 'session.created', scenario_id: 'coaching_vocal', language: 'fr' },
    ]);
    const claims = await new TokenVerifier(livekit.apiKey, livekit.apiSecret).verify(session.livekit_token);
    expect(claims).toMatchObject({ name: 'Marie Curie', sub: expect.stringMatching(/^user-[a-z2-7]{12}$/) });
    expect(claims.video).toEqual({
      room: session.room_name,
      roomJoin: true,
      canPublish: true,
      canPublishSources: ['microphone'],
      canSubscribe: true,
      canPublishData: true,
      canUpdateOwnMetadata: false,
    });
    expect(claims.metadata ?? claims.attributes ?? claims.roomConfig).toBeUndefined();
    const lifeS = (claims.exp ?? 0) - Date.now() / 1000;
    expect(lifeS).toBeGreaterThan(290);
    expect(lifeS).toBeLessThanOrEqual(301);
    expect(Math.abs(Date.parse(session.token_expires_at) / 1000 - (claims.exp ?? 0))).toBeLessThanOrEqual(1);
  });

  it('refuses a scenario or a language nobody announced, naming what there is', async () => {
    const before = await sessionCount();
    for (const wrong of [{ scenario_id: 'nonsense' }, { scenario_id: 'standard', language: 'en' }]) {
      const answer = await post('/api/sessions', { ...body, ...wrong });
      expect(answer.json()).toMatchObject({ status: 422, code: 'unknown_scenario' });
      expect(answer.json().detail).toMatch(/coaching_vocal, standard/);
    }
    expect(await sessionCount()).toBe(before);
  });

  it('is honest when no agent runs', async () => {
    await app.redis.del(SCENARIOS_KEY);
    const answer = await post('/api/sessions', body);
    expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringMatching(/agent/) });
    expect(answer.headers['retry-after']).toBe('5');
    expect((await app.server.inject('/api/scenarios')).json()).toEqual({ scenarios: [] });
  });

  it('opens one session for one Idempotency-Key, also for ten requests at once', async () => {
    const before = await sessionCount();
    const headers = { 'idempotency-key': 'ten-at-once' };
    const sessions = await Promise.all(Array.from({ length: 10 }, () => create(body, headers)));
    expect(new Set(sessions.map((session) => session.session_id)).size).toBe(1);
    expect(new Set(sessions.map((session) => session.livekit_token)).size).toBe(10);
    expect(await sessionCount()).toBe(before + 1);
    const id = sessions[0]?.session_id ?? '';
    expect(await ourDispatches(id)).toHaveLength(1);
    expect((await create(body, headers)).session_id).toBe(id);
    expect((await post('/api/sessions', { ...body, language: 'en' }, headers)).json()).toMatchObject({
      status: 422,
      code: 'idempotency_mismatch',
    });
    expect((await create(body, { 'idempotency-key': 'another' })).session_id).not.toBe(id);
    await post(`/api/sessions/${id}/end`);
    expect((await post('/api/sessions', body, headers)).json()).toMatchObject({ status: 409, code: 'session_ended' });
  });

  it('leaves nothing half open when LiveKit is away, and the same key works once it is back', async () => {
    const before = await sessionCount();
    await using broken = await startTestApp({
      redisUrl,
      databaseUrl: database.url,
      livekit: { ...livekit, url: 'ws://127.0.0.1:1' },
    });
    const headers = { 'idempotency-key': 'livekit-away' };
    const answer = await broken.server.inject({ method: 'POST', url: '/api/sessions', payload: body, headers });
    expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringMatching(/LiveKit/) });
    expect(await sessionCount()).toBe(before);
    await create(body, headers);
    expect(await sessionCount()).toBe(before + 1);
  });

  it('says which settings to mend when LiveKit refuses our key', async () => {
    await using wrong = await startTestApp({
      redisUrl,
      databaseUrl: database.url,
      livekit: { ...livekit, apiSecret: 'another secret of at least 32 characters' },
    });
    const answer = await wrong.server.inject({ method: 'POST', url: '/api/sessions', payload: body });
    expect(answer.json()).toMatchObject({ status: 500, detail: expect.stringMatching(/LIVEKIT_API_SECRET/) });
  });

  it('limits one address to 30 sessions a minute', async () => {
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => post('/api/sessions', { ...body, scenario_id: 'none' })),
    );
    const refused = answers.filter((answer) => answer.statusCode === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.json()).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('tokens', () => {
  it('are refused by LiveKit when they have expired, and taken when they have not', async () => {
    const session = await create();
    expect((await validate(session.livekit_token)).status).toBe(200);
    const expired = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity: 'late', ttl: '-120s' });
    expired.addGrant({ room: session.room_name, roomJoin: true });
    expect((await validate(await expired.toJwt())).status).toBe(401);
    const fresh = (await post(`/api/sessions/${session.session_id}/token`)).json();
    expect(fresh.livekit_token).not.toBe(session.livekit_token);
    expect((await validate(fresh.livekit_token)).status).toBe(200);
  });

  it('are not given for a session that has ended or never was', async () => {
    const session = await create();
    await post(`/api/sessions/${session.session_id}/end`);
    expect((await post(`/api/sessions/${session.session_id}/token`)).json()).toMatchObject({
      status: 409,
      code: 'session_ended',
    });
    expect((await post('/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa/token')).statusCode).toBe(404);
  });

  it("come from LiveKit's standard endpoint too", async () => {
    const answer = await post('/api/livekit/token', {
      room_name: 'whatever',
      participant_identity: 'an identity with spaces',
      participant_name: 'Marie',
      participant_attributes: { language: 'en' },
      room_config: { agents: [] },
    });
    expect(answer.statusCode, answer.body).toBe(201);
    const { server_url, participant_token, session_id } = livekitTokenResponseSchema.parse(answer.json());
    expect(server_url).toBe(livekit.url);
    const claims = await new TokenVerifier(livekit.apiKey, livekit.apiSecret).verify(participant_token);
    expect(claims.video?.room).not.toBe('whatever');
    expect((await app.server.inject(`/api/sessions/${session_id}`)).json()).toMatchObject({
      scenario_id: 'coaching_vocal',
      language: 'en',
      name: 'Marie',
      user_id: expect.stringMatching(/^guest-/),
    });
    for (const [attributes, status] of [
      [{ scenario_id: 'Not One' }, 422],
      [{ scenario_id: 'unknown' }, 422],
      [{ language: 'xx' }, 400],
    ] as const) {
      expect((await post('/api/livekit/token', { participant_attributes: attributes })).statusCode).toBe(status);
    }
  });
});

describe('reading sessions', () => {
  it('pages through all of them, newest first, without gap or duplicate', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.unshift((await create({ ...body, user_id: 'pages' })).session_id);
    // The same moment for three of them: ids break the tie.
    await app.pool.query('update sessions set created_at = $2 where session_id = any($1)', [
      ids.slice(2, 5),
      new Date(),
    ]);
    const seen: string[] = [];
    let cursor = '';
    do {
      const url = `/api/sessions?user_id=pages&limit=2${cursor && `&cursor=${cursor}`}`;
      const page = sessionListSchema.parse((await app.server.inject(url)).json());
      seen.push(...page.sessions.map((session) => session.session_id));
      cursor = page.next_cursor ?? '';
    } while (cursor);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const others = sessionListSchema.parse((await app.server.inject('/api/sessions?user_id=nobody')).json());
    expect(others).toEqual({ sessions: [], next_cursor: null });
  });

  it('shows a state the log knows before Postgres does', async () => {
    const { session_id: id } = await create();
    const log = new EventLog(app.redis);
    await log.append(id, { type: 'session.started', at: '2026-01-01T00:00:00.000Z' });
    const session = sessionSchema.parse((await app.server.inject(`/api/sessions/${id}`)).json());
    expect(session).toMatchObject({ state: 'active', started_at: '2026-01-01T00:00:00.000Z', ended_at: null });
  });

  it('gives an agent the session and its options, and nobody else', async () => {
    const { session_id: id } = await create({ ...body, options: { keyterms: ['Eloquence'], greeting: false } });
    const headers = { authorization: `Bearer ${INTERNAL_KEY}` };
    const answer = await app.server.inject({ url: `/internal/sessions/${id}`, headers });
    expect(answer.json()).toMatchObject({
      session: { session_id: id },
      options: { keyterms: ['Eloquence'], greeting: false },
    });
    expect((await app.server.inject(`/internal/sessions/${id}`)).statusCode).toBe(401);
  });

  it("keeps with a meeting the time zone of whoever opens it, else the server's, and with a conversation none", async () => {
    await using tokyo = await startTestApp({
      redisUrl,
      databaseUrl: database.url,
      livekit,
      migrate: false,
      env: { MEETING_TIME_ZONE: 'Asia/Tokyo' },
    });
    const stored = async (scenario: string, options?: object) => {
      const payload = { user_id: 'marie', scenario_id: scenario, ...(options && { options }) };
      const answer = await tokyo.server.inject({ method: 'POST', url: '/api/sessions', payload });
      expect(answer.statusCode, answer.body).toBe(201);
      const text = 'select options from sessions where session_id = $1';
      return (await tokyo.pool.query(text, [answer.json().session_id])).rows[0].options;
    };
    const ours = { meeting: { time_zone: 'Asia/Tokyo' } };
    expect(await stored('meeting')).toMatchObject(ours);
    expect(await stored('meeting', {})).toMatchObject(ours);
    expect(await stored('meeting', { meeting: { summary_interval_min: 5 } })).toMatchObject(ours);
    const theirs = { meeting: { time_zone: 'America/Montreal' } };
    expect(await stored('meeting', theirs)).toMatchObject(theirs);
    expect(await stored('coaching_vocal')).toEqual({});
  });
});

describe('ending', () => {
  it('closes the room, says why in the log and the row, and can be repeated', async () => {
    const { session_id: id, room_name: room } = await create();
    const first = await post(`/api/sessions/${id}/end`);
    expect(first.json().session).toMatchObject({
      state: 'ended',
      end_reason: 'requested',
      ended_at: expect.any(String),
    });
    expect(await roomExists(room)).toBe(false);
    expect((await post(`/api/sessions/${id}/end`)).json()).toEqual(first.json());
    const events = await new EventLog(app.redis).read(id, 0);
    expect(events.map((event) => event.type)).toEqual(['session.created', 'session.ended']);
  });

  it('lets the agent say its last words first; two who end at once get one end, of the first reason', async () => {
    const { session_id: id, room_name: room } = await create();
    const log = new EventLog(app.redis);
    await app.redis.set(eventKeys.agent(id), 'job', 'PX', AGENT_LEASE_MS);
    const agent = (async () => {
      await waitFor(async () => !(await roomExists(room)), { what: 'the room is closed' });
      await log.append(id, lastWords());
      await log.append(id, { type: 'participant.left', at: eventTime(), identity: 'agent' });
      await app.redis.del(eventKeys.agent(id));
    })();
    const startedMs = performance.now();
    const first = post(`/api/sessions/${id}/end`);
    await waitFor(() => app.redis.exists(`ending:${id}`));
    const [one, two] = await Promise.all([first, endAsAgent(id, 'max_duration'), agent]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect([one.json().session.end_reason, two.statusCode]).toEqual(['requested', 200]);
    const types = (await log.read(id, 0)).map((event) => event.type);
    expect(types).toEqual(['session.created', 'utterance.final', 'participant.left', 'session.ended']);
  });

  it('does not wait long for an agent that is stuck, and keeps what it says after all', async () => {
    const { session_id: id } = await create();
    await app.redis.set(eventKeys.agent(id), 'job', 'PX', AGENT_LEASE_MS);
    const startedMs = performance.now();
    const ended = await post(`/api/sessions/${id}/end`);
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    expect(ended.json().session).toMatchObject({ state: 'ended', end_reason: 'requested' });
    await new EventLog(app.redis).append(id, lastWords());
    const transcript = (await app.server.inject(`/api/sessions/${id}/transcript`)).json();
    expect(transcript.utterances).toMatchObject([{ text: 'au revoir' }]);
  });

  it('believes the agent why, and gives a session that is over to no agent', async () => {
    for (const reason of ['participant_left', 'max_duration']) {
      const { session_id: id } = await create();
      expect((await endAsAgent(id, reason)).json()).toEqual({ status: 'ok' });
      expect((await app.server.inject(`/api/sessions/${id}`)).json()).toMatchObject({ end_reason: reason });
      const answer = await app.server.inject({ url: `/internal/sessions/${id}`, headers: internal });
      expect(answer.json()).toMatchObject({ status: 409, code: 'session_ended' });
    }
    const { session_id: id } = await create();
    expect((await endAsAgent(id, 'requested')).statusCode).toBe(400);
    expect((await post(`/internal/sessions/${id}/end`, { reason: 'max_duration' })).statusCode).toBe(401);
  });

  it('deletes rows, keys and room, and drops what is written late', async () => {
    const { session_id: id, room_name: room } = await create({ ...body, name: 'Personal', user_id: 'personal' });
    await app.pool.query(`insert into events values ($1, 1, now(), 'session.created', '{}')`, [id]);
    await app.pool.query(
      `insert into utterances values ($1, 'utt_aaaaaaaaaaaaaaaa', 2, 'u', 'user', 'secret', 0, 1, null)`,
      [id],
    );
    const answer = await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}` });
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(await roomExists(room)).toBe(false);
    for (const url of ['', '/events', '/transcript', '/transcript.txt']) {
      expect((await app.server.inject(`/api/sessions/${id}${url}`)).statusCode).toBe(404);
    }
    expect((await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}` })).statusCode).toBe(404);
    for (const table of ['events', 'utterances']) {
      expect((await app.pool.query(`select * from ${table} where session_id = $1`, [id])).rows, table).toEqual([]);
    }
    const left = await app.pool.query('select * from sessions where session_id = $1', [id]);
    expect(JSON.stringify(left.rows)).not.toMatch(/personal/i);
    expect(await app.redis.keys(`*${id}*`)).toEqual([]);
    expect(await app.redis.zscore(eventKeys.pending, id)).toBeNull();

    // The agent's last words, and time.
    await new EventLog(app.redis).append(id, { type: 'session.started', at: eventTime() });
    await app.pool.query(`update sessions set deleted_at = now() - interval '1 hour' where session_id = $1`, [id]);
    await app.reconciler.sweep();
    expect((await app.pool.query('select 1 from sessions where session_id = $1', [id])).rows).toEqual([]);
    expect(await app.redis.keys(`*${id}*`)).toEqual([]);
  });
});
