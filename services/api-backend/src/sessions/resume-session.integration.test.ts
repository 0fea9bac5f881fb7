import { eventKeys } from '@eloquence/shared/contracts/events';
import { createSessionResponseSchema, sessionSchema, type Session } from '@eloquence/shared/contracts/sessions';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { AgentDispatchClient, RoomServiceClient, TokenVerifier } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { announce, redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';

const livekit = inject('livekit');
const httpUrl = livekit.url.replace(/^ws/, 'http');
const roomService = new RoomServiceClient(httpUrl, livekit.apiKey, livekit.apiSecret);
const dispatches = new AgentDispatchClient(httpUrl, livekit.apiKey, livekit.apiSecret);
const redisUrl = redisDatabase(inject('redisUrl'), 11);
const body = { user_id: 'marie@example.com', scenario_id: 'meeting', name: 'Projet X', participant_name: 'Marie' };
let database: TestDatabase;
let app: TestApp;
let log: EventLog;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit });
  log = new EventLog(app.redis);
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

const post = (url: string, payload?: object) => app.server.inject({ method: 'POST', url, ...(payload && { payload }) });
const get = async (id: string): Promise<Session> =>
  sessionSchema.parse((await app.server.inject(`/api/sessions/${id}`)).json());
const resume = async (id: string, payload?: object) => {
  const answer = await post(`/api/sessions/${id}/resume`, payload);
  expect(answer.statusCode, answer.body).toBe(200);
  return createSessionResponseSchema.parse(answer.json());
};
const roomExists = async (id: string) => (await roomService.listRooms([id])).length === 1;
const ourDispatches = async (id: string) =>
  (await dispatches.listDispatch(id)).filter(({ agentName }) => agentName === 'eloquence');
const claimsOf = (token: string) => new TokenVerifier(livekit.apiKey, livekit.apiSecret).verify(token);
const typesOf = async (id: string) => (await log.read(id, 0)).map((event) => event.type);

const join = async (id: string, payload?: object) => {
  const answer = await post(`/api/sessions/${id}/token`, payload);
  expect(answer.statusCode, answer.body).toBe(200);
  const { speaker, livekit_token: token } = answer.json();
  const { sub, name } = await claimsOf(token);
  return { speaker, identity: sub, name };
};

async function open(): Promise<string> {
  const answer = await post('/api/sessions', body);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().session_id;
}

/** What meeting-worker does: events to Postgres, and the state of the row. */
async function persist(id: string): Promise<void> {
  for (const { seq, session_id: _, ...event } of await log.read(id, 0)) {
    await app.pool.query('insert into events values ($1, $2, $3, $4, $5) on conflict do nothing', [
      id,
      seq,
      event.at,
      event.type,
      JSON.stringify(event),
    ]);
    if (event.type === 'session.started') {
      await app.pool.query('update sessions set started_at = $2 where session_id = $1', [id, event.at]);
    }
  }
}

/** A meeting that began, with somebody there, and ended. */
async function endedMeeting(): Promise<string> {
  const id = await open();
  await log.append(id, { type: 'session.started', at: eventTime() });
  await log.append(id, { type: 'participant.joined', at: eventTime(), identity: 'marie-x~1', kind: 'person' });
  await log.append(id, { type: 'participant.left', at: eventTime(), identity: 'marie-x~1' });
  await app.pool.query(`insert into meetings (session_id, state) values ($1, 'done')`, [id]);
  await post(`/api/sessions/${id}/end`);
  await persist(id);
  return id;
}

describe('resuming a meeting', () => {
  it('goes on under its id: row, log, room, agent and token are there again', async () => {
    const id = await endedMeeting();
    expect(await roomExists(id)).toBe(false);
    const before = await get(id);
    expect(before).toMatchObject({ state: 'ended', end_reason: 'requested' });
    const grant = await resume(id);
    expect(grant).toMatchObject({ session_id: id, room_name: id, state: 'active', livekit_url: livekit.url });
    expect(await get(id)).toEqual({ ...before, state: 'active', end_reason: null, ended_at: null });
    expect(await typesOf(id)).toEqual([
      'session.created',
      'session.started',
      'participant.joined',
      'participant.left',
      'session.ended',
      'session.resumed',
    ]);
    expect(await roomExists(id)).toBe(true);
    expect(await ourDispatches(id)).toMatchObject([{ metadata: JSON.stringify({ session_id: id }) }]);
    expect((await app.pool.query('select state from meetings where session_id = $1', [id])).rows).toEqual([
      { state: 'recording' },
    ]);
    expect(await claimsOf(grant.livekit_token)).toMatchObject({ name: 'Marie', video: { room: id } });
    await app.reconciler.sweep();
    await app.reconciler.sweep();
    expect((await get(id)).state).toBe('active');
    expect(await roomExists(id)).toBe(true);
  });

  it('works after everything in Redis has expired, without giving a number twice', async () => {
    const id = await endedMeeting();
    await app.redis.del(await app.redis.keys(`*${id}*`));
    await resume(id);
    expect(await log.read(id, 0)).toMatchObject([{ seq: 6, type: 'session.resumed', time: 1 }]);
    expect(await get(id)).toMatchObject({ state: 'active', started_at: expect.any(String) });
    expect(await app.redis.ttl(eventKeys.stream(id))).toBe(-1);
    // Of the reader: what is in Postgres, then what is in the stream, without a hole.
    expect((await app.server.inject(`/api/sessions/${id}/transcript`)).statusCode).toBe(200);
    await app.reconciler.sweep();
    await app.reconciler.sweep();
    expect((await get(id)).state).toBe('active');
  });

  it('ends once more, for a reason of its own, and can be taken up as often as one likes', async () => {
    const id = await endedMeeting();
    for (const time of [1, 2, 3]) {
      await resume(id);
      await persist(id);
      // Whoever came and left before did not do so this time.
      await roomService.deleteRoom(id);
      await app.redis.del(`held:${id}`);
      await app.reconciler.sweep();
      await app.reconciler.sweep();
      expect(await get(id)).toMatchObject({ state: 'ended', end_reason: 'room_closed' });
      expect(await log.read(id, 5)).toHaveLength(2 * time);
      await persist(id);
    }
    const ends = (await log.read(id, 0)).filter((event) => event.type === 'session.ended');
    expect(ends.map((event) => event.reason)).toEqual(['requested', 'room_closed', 'room_closed', 'room_closed']);
    const { rows } = await app.pool.query('select resumed from sessions where session_id = $1', [id]);
    expect(rows).toEqual([{ resumed: 3 }]);
  });

  it('of one in which nobody ever was waits for its first participant', async () => {
    const id = await open();
    await post(`/api/sessions/${id}/end`);
    expect(await resume(id)).toMatchObject({ state: 'created' });
    await log.append(id, { type: 'session.started', at: eventTime() });
    expect(await get(id)).toMatchObject({ state: 'active', ended_at: null });
  });

  it('happens once for ten requests at once, and all of them get in', async () => {
    const id = await endedMeeting();
    const grants = await Promise.all(Array.from({ length: 10 }, () => resume(id)));
    expect(new Set(grants.map((grant) => grant.livekit_token)).size).toBe(10);
    expect((await typesOf(id)).filter((type) => type === 'session.resumed')).toHaveLength(1);
    expect(await ourDispatches(id)).toHaveLength(1);
    const { rows } = await app.pool.query('select resumed from sessions where session_id = $1', [id]);
    expect(rows).toEqual([{ resumed: 1 }]);
  });

  it('of one that is still going gives a token, and its room when that is gone', async () => {
    const id = await open();
    const grant = await resume(id, { name: 'Ada' });
    expect(await claimsOf(grant.livekit_token)).toMatchObject({ name: 'Ada' });
    expect(await typesOf(id)).toEqual(['session.created']);
    expect(await ourDispatches(id)).toHaveLength(1);
    await roomService.deleteRoom(id);
    await resume(id);
    expect(await roomExists(id)).toBe(true);
    expect(await ourDispatches(id)).toHaveLength(1);
  });

  it('first finishes an end that has begun', async () => {
    const id = await open();
    await log.append(id, { type: 'session.started', at: eventTime() });
    await app.redis.set(`ending:${id}`, 'participant_left');
    await resume(id);
    expect((await typesOf(id)).slice(-2)).toEqual(['session.ended', 'session.resumed']);
    expect((await get(id)).state).toBe('active');
  });

  it('is not undone by a request that was still ending the meeting', async () => {
    const id = await open();
    await log.append(id, { type: 'session.started', at: eventTime() });
    await app.redis.set(eventKeys.agent(id), 'a scribe that is slow');
    const slow = post(`/api/sessions/${id}/end`);
    await expect.poll(() => app.redis.exists(`ending:${id}`)).toBe(1);
    // Meanwhile another instance gets there.
    await log.append(id, { type: 'session.ended', at: eventTime(), reason: 'requested' });
    await app.pool.query(`update sessions set state = 'ended', end_reason = 'requested' where session_id = $1`, [id]);
    await resume(id);
    await app.redis.del(eventKeys.agent(id));
    await slow;
    expect((await typesOf(id)).slice(-2)).toEqual(['session.ended', 'session.resumed']);
    expect((await get(id)).state).toBe('active');
  });

  it('that broke off in the middle is finished by reconciliation, so that the meeting ends once more', async () => {
    const id = await endedMeeting();
    const at = new Date(Date.now() - 60_000);
    await app.redis.del(`ending:${id}`);
    await log.reopen(id, { lastSeq: 5, time: 1 });
    await persist(id);
    await app.pool.query(`update meetings set state = 'recording' where session_id = $1`, [id]);
    await app.reconciler.sweep();
    // A request may be at it.
    expect((await get(id)).state).toBe('ended');
    await app.pool.query(`update events set at = $2 where session_id = $1 and seq = 6`, [id, at]);
    for (let sweep = 0; sweep < 3; sweep += 1) await app.reconciler.sweep();
    expect(await get(id)).toMatchObject({ state: 'ended', end_reason: 'room_closed' });
    expect((await typesOf(id)).slice(-2)).toEqual(['session.resumed', 'session.ended']);
  });

  it('is made good by asking again when LiveKit was away', async () => {
    const id = await endedMeeting();
    await using broken = await startTestApp({
      redisUrl,
      databaseUrl: database.url,
      livekit: { ...livekit, url: 'ws://127.0.0.1:1' },
    });
    const answer = await broken.server.inject({ method: 'POST', url: `/api/sessions/${id}/resume` });
    expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable' });
    await resume(id);
    expect(await roomExists(id)).toBe(true);
    expect((await typesOf(id)).filter((type) => type === 'session.resumed')).toHaveLength(1);
  });

  it('is refused for conversations, for what was deleted, and after the clock has run out, with what to do instead', async () => {
    const conversation = (await post('/api/sessions', { ...body, scenario_id: 'coaching_vocal' })).json().session_id;
    await post(`/api/sessions/${conversation}/end`);
    expect((await post(`/api/sessions/${conversation}/resume`)).json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(/Open a new session/),
    });
    const id = await endedMeeting();
    await app.pool.query(`update sessions set started_at = now() - interval '21 days' where session_id = $1`, [id]);
    expect((await post(`/api/sessions/${id}/resume`)).json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(/20 days/),
    });
    await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}` });
    expect((await post(`/api/sessions/${id}/resume`)).statusCode).toBe(404);
    expect(await app.redis.keys(`*${id}*`)).toEqual([]);
  });
});

describe('tokens of meetings', () => {
  it('say who joins: the same person every time, with the name to show', async () => {
    const id = await open();
    const [one, two] = [await join(id, { name: 'Ada Lovelace' }), await join(id, { name: 'ada lovelace' })];
    expect(one.speaker).toMatch(/^ada-lovelace-[a-z2-7]{10}$/);
    expect(one).toMatchObject({
      name: 'Ada Lovelace',
      identity: expect.stringMatching(new RegExp(`^${one.speaker}~`)),
    });
    expect(two.speaker).toBe(one.speaker);
    expect(two.identity).not.toBe(one.identity);
    expect((await join(id, { name: 'Ada Lovelace', user_id: 'other' })).speaker).not.toBe(one.speaker);
    expect((await post(`/api/sessions/${id}/token`, { nom: 'Ada' })).statusCode).toBe(400);
  });

  it('without a body are those of the person who opened the meeting', async () => {
    const answer = (await post('/api/sessions', body)).json();
    const back = await join(answer.session_id);
    expect(back).toMatchObject({ speaker: answer.speaker, name: 'Marie' });
    expect(answer.speaker).toMatch(/^marie-[a-z2-7]{10}$/);
    expect((await get(answer.session_id)).name).toBe('Projet X');
  });

  it("come from LiveKit's standard endpoint when it names the room of a meeting", async () => {
    const id = await open();
    const wanted = { room_name: id, participant_identity: 'ada', participant_name: 'Ada' };
    const answer = await post('/api/livekit/token', wanted);
    expect(answer.json(), answer.body).toMatchObject({ session_id: id, room_name: id });
    const claims = await claimsOf(answer.json().participant_token);
    expect(claims).toMatchObject({
      name: 'Ada',
      sub: expect.stringMatching(/^ada-[a-z2-7]{10}~/),
      video: { room: id },
    });
    await post(`/api/sessions/${id}/end`);
    expect((await post('/api/livekit/token', wanted)).json()).toMatchObject({
      code: 'session_ended',
      detail: expect.stringMatching(/resume/),
    });
    const unknown = { ...wanted, room_name: 'ses_aaaaaaaaaaaaaaaaaaaa' };
    expect((await post('/api/livekit/token', unknown)).statusCode).toBe(404);
    const named = { ...wanted, room_name: 'my-room', participant_attributes: { scenario_id: 'meeting' } };
    const opened = (await post('/api/livekit/token', named)).json();
    expect(await get(opened.session_id)).toMatchObject({ kind: 'meeting', name: null });
  });
});
