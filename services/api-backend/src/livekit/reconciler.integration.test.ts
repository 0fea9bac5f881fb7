import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { Caller } from '@eloquence/testkit/caller';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { waitFor } from '@eloquence/testkit/wait-for';
import { AccessToken, AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { announce, INTERNAL_KEY, redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';

const livekit = inject('livekit');
const httpUrl = livekit.url.replace(/^ws/, 'http');
const roomService = new RoomServiceClient(httpUrl, livekit.apiKey, livekit.apiSecret);
const dispatches = new AgentDispatchClient(httpUrl, livekit.apiKey, livekit.apiSecret);
const redisUrl = redisDatabase(inject('redisUrl'), 6);
let database: TestDatabase;
let app: TestApp;
let log: EventLog;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit, agentGraceMs: 150 });
  log = new EventLog(app.redis);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await announce(app.redis);
  await app.redis.del('none', ...(await app.redis.keys('rate:*')));
});

async function open(scenario = 'coaching_vocal'): Promise<{ readonly id: string; readonly token: string }> {
  const payload = { user_id: 'u', scenario_id: scenario };
  const { session_id: id, livekit_token: token } = (
    await app.server.inject({ method: 'POST', url: '/api/sessions', payload })
  ).json();
  return { id, token };
}

async function agentToken(room: string): Promise<string> {
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity: 'agent-1' });
  token.kind = 'agent';
  token.addGrant({ room, roomJoin: true });
  return token.toJwt();
}

const stateOf = async (id: string) => {
  const { state, end_reason: reason } = (await app.server.inject(`/api/sessions/${id}`)).json();
  return [state, reason];
};
const ourDispatches = async (room: string) =>
  (await dispatches.listDispatch(room)).filter((dispatch) => dispatch.agentName === 'eloquence').map(({ id }) => id);
const typesOf = async (id: string) => (await log.read(id, 0)).map((event) => event.type);

describe('a session whose room is gone', () => {
  it('ends as never_joined when nobody came', async () => {
    const { id } = await open();
    await app.reconciler.sweep();
    expect(await stateOf(id)).toEqual(['created', null]);
    await roomService.deleteRoom(id);
    await app.reconciler.sweep();
    expect(await stateOf(id)).toEqual(['ended', 'never_joined']);
    expect(await typesOf(id)).toEqual(['session.created', 'session.ended']);
  });

  it('ends as room_closed when somebody was there, at the second look', async () => {
    const { id } = await open();
    await log.append(id, { type: 'session.started', at: eventTime() });
    await log.append(id, { type: 'participant.joined', at: eventTime(), identity: 'user-1', kind: 'person' });
    await roomService.deleteRoom(id);
    await app.reconciler.sweep();
    expect(await stateOf(id)).toEqual(['active', null]);
    await app.reconciler.sweep();
    expect(await stateOf(id)).toEqual(['ended', 'room_closed']);
  });

  it('is left alone while it may still be opening', async () => {
    await using patient = await startTestApp({ redisUrl, databaseUrl: database.url, livekit, openingGraceMs: 60_000 });
    const { id } = await open();
    await roomService.deleteRoom(id);
    await patient.reconciler.sweep();
    expect(await stateOf(id)).toEqual(['created', null]);
  });
});

describe('a person without an agent', () => {
  it('gets another one, three times, and then an honest end', async () => {
    const { id, token } = await open();
    const [first] = await ourDispatches(id);
    await using caller = await Caller.join({ livekitUrl: livekit.url, token });
    await app.reconciler.sweep();
    expect(await ourDispatches(id)).toEqual([first]);
    const seen = new Set<string>();
    await waitFor(
      async () => {
        for (const dispatch of await ourDispatches(id).catch(() => [])) seen.add(dispatch);
        return (await stateOf(id))[0] === 'ended';
      },
      { timeoutMs: 15_000, what: 'the session is given up' },
    );
    expect(seen.size).toBe(4);
    expect(await stateOf(id)).toEqual(['ended', 'agent_failed']);
    expect(await typesOf(id)).toEqual(['session.created', 'agent.failed', 'session.ended']);
    await waitFor(() => !caller.connected, { what: 'LiveKit disconnects the caller' });
  });

  it('gets another one at once when the worker says that the agent died; not for ever', async () => {
    // With a short grace the watch would send one more by itself whenever this machine is slow.
    await using patient = await startTestApp({ redisUrl, databaseUrl: database.url, livekit, agentGraceMs: 60_000 });
    const { id, token } = await open();
    const headers = { authorization: `Bearer ${INTERNAL_KEY}` };
    const lost = () =>
      patient.server.inject({
        method: 'POST',
        url: `/internal/sessions/${id}/lost-agent`,
        headers,
        payload: { identity: 'agent-1' },
      });
    await using caller = await Caller.join({ livekitUrl: livekit.url, token });
    const seen = new Set(await ourDispatches(id));
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await using agent = await Caller.join({ livekitUrl: livekit.url, token: await agentToken(id) });
      await waitFor(() => caller.others.includes(agent.identity));
      expect((await lost()).statusCode).toBe(200);
      await waitFor(() => caller.others.length === 0, { what: 'the ghost is put out' });
      for (const dispatch of await ourDispatches(id)) seen.add(dispatch);
      expect(seen.size).toBe(deaths + 1);
    }
    await lost();
    expect(await stateOf(id)).toEqual(['ended', 'agent_failed']);
    expect((await lost()).statusCode).toBe(200);
    const types = await typesOf(id);
    expect(types.filter((type) => type === 'participant.left')).toHaveLength(4);
    expect(types.at(-1)).toBe('session.ended');
  });

  it('is not disturbed when the agent is there', async () => {
    const { id, token } = await open();
    const [first] = await ourDispatches(id);
    await using caller = await Caller.join({ livekitUrl: livekit.url, token });
    await using agent = await Caller.join({ livekitUrl: livekit.url, token: await agentToken(id) });
    await waitFor(() => caller.others.includes(agent.identity));
    for (let look = 0; look < 5; look += 1) {
      await app.reconciler.sweep();
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(await ourDispatches(id)).toEqual([first]);
    await app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });
  });
});

describe('a meeting without its scribe', () => {
  it('goes on, says so once, and is sent further ones', async () => {
    const { id, token } = await open('meeting');
    await using caller = await Caller.join({ livekitUrl: livekit.url, token });
    const seen = new Set<string>();
    await app.reconciler.sweep();
    await waitFor(
      async () => {
        for (const dispatch of await ourDispatches(id)) seen.add(dispatch);
        return seen.size >= 5;
      },
      { timeoutMs: 20_000, what: 'more agents than a call is sent' },
    );
    expect(caller.connected).toBe(true);
    expect((await stateOf(id))[0]).not.toBe('ended');
    expect(await typesOf(id)).toEqual(['session.created', 'agent.failed']);
    await app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });
  });

  it('has a room for fifty that outlives the five minutes the agent waits for people to come back', async () => {
    const { id } = await open('meeting');
    const [room] = await roomService.listRooms([id]);
    expect(room).toMatchObject({ maxParticipants: 50, departureTimeout: 360, emptyTimeout: 360 });
    await app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });
  });
});

it('closes the room of a session that has ended, whoever made it again', async () => {
  const { id } = await open();
  await app.server.inject({ method: 'POST', url: `/api/sessions/${id}/end` });
  await roomService.createRoom({ name: id });
  await app.reconciler.sweep();
  expect(await roomService.listRooms([id])).toEqual([]);
});

it('a deleted meeting leaves an empty row for as long as files of it may lie with a worker that is away', async () => {
  const { id } = await open('meeting');
  await app.server.inject({ method: 'DELETE', url: `/api/sessions/${id}` });
  const rowAfter = async (age: string) => {
    await app.pool.query(`update sessions set deleted_at = now() - $2::interval where session_id = $1`, [id, age]);
    await app.reconciler.sweep();
    const { rows } = await app.pool.query('select user_id, name, options from sessions where session_id = $1', [id]);
    return rows;
  };
  expect(await rowAfter('29 days')).toEqual([{ user_id: 'deleted', name: null, options: {} }]);
  expect(await rowAfter('31 days')).toEqual([]);
});
