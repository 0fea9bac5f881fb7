import { createHash } from 'node:crypto';
import { Caller } from '@eloquence/testkit/caller';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { freePort } from '@eloquence/testkit/free-port';
import { LivekitServer } from '@eloquence/testkit/livekit-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { announce, redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';

const url = '/api/livekit/webhook';
let livekit: LivekitServer;
let database: TestDatabase;
let app: TestApp;
let rooms: RoomServiceClient;

beforeAll(async () => {
  const port = await freePort();
  livekit = await LivekitServer.start({
    webhookUrls: [`http://127.0.0.1:${port}${url}`],
    config: { room: { departure_timeout: 1 } },
  });
  database = await createTestDatabase(inject('databaseUrl'));
  const redisUrl = redisDatabase(inject('redisUrl'), 7);
  app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit, env: { API_KEYS: 'key-of-this-test' } });
  await app.listen(port);
  rooms = new RoomServiceClient(livekit.url.replace(/^ws/, 'http'), livekit.apiKey, livekit.apiSecret);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await livekit[Symbol.asyncDispose]();
});

beforeEach(async () => announce(app.redis));

const headers = { authorization: 'Bearer key-of-this-test' };

async function open(): Promise<{ readonly id: string; readonly token: string }> {
  const payload = { user_id: 'u', scenario_id: 'coaching_vocal' };
  const { session_id: id, livekit_token: token } = (
    await app.server.inject({ method: 'POST', url: '/api/sessions', payload, headers })
  ).json();
  return { id, token };
}

const reasonOf = async (id: string) =>
  (await app.server.inject({ url: `/api/sessions/${id}`, headers })).json().end_reason as string | null;

async function deliver(body: string, options: { secret?: string; signed?: string; ttl?: string } = {}) {
  const token = new AccessToken(livekit.apiKey, options.secret ?? livekit.apiSecret, { ttl: options.ttl ?? '5m' });
  token.sha256 = createHash('sha256')
    .update(options.signed ?? body)
    .digest('base64');
  return app.server.inject({
    method: 'POST',
    url,
    payload: body,
    headers: { 'content-type': 'application/webhook+json', authorization: await token.toJwt() },
  });
}

it('ends a session nobody joined when LiveKit closes its room', async () => {
  const { id } = await open();
  await rooms.deleteRoom(id);
  expect(await waitFor(() => reasonOf(id))).toBe('never_joined');
});

it('ends a session whose room is closed under the person', async () => {
  const { id, token } = await open();
  await using caller = await Caller.join({ livekitUrl: livekit.url, token });
  await waitFor(async () => (await app.redis.get(`presence:${id}`)) === 'joined');
  await rooms.deleteRoom(id);
  expect(await waitFor(() => reasonOf(id))).toBe('room_closed');
  await waitFor(() => !caller.connected);
});

it('ends a session as participant_left when the room closes after the person left', async () => {
  const { id, token } = await open();
  const caller = await Caller.join({ livekitUrl: livekit.url, token });
  await waitFor(async () => (await app.redis.get(`presence:${id}`)) === 'joined');
  await caller.leave();
  await waitFor(async () => (await app.redis.get(`presence:${id}`)) === 'left');
  await rooms.deleteRoom(id);
  expect(await waitFor(() => reasonOf(id))).toBe('participant_left');
});

it('believes only what LiveKit signed, as it was signed, while it is fresh', async () => {
  const { id } = await open();
  const body = JSON.stringify({ event: 'room_finished', id: 'EV_forged', room: { name: id, sid: 'RM_x' } });
  const forged = [
    await deliver(body, { secret: 'another secret of at least 32 characters' }),
    await deliver(body, { signed: body.replace(id, 'ses_bbbbbbbbbbbbbbbbbbbb') }),
    await deliver(body, { ttl: '-60s' }),
    await app.server.inject({
      method: 'POST',
      url,
      payload: body,
      headers: { 'content-type': 'application/webhook+json' },
    }),
    await app.server.inject({
      method: 'POST',
      url,
      payload: body,
      headers: { ...headers, 'content-type': 'application/json' },
    }),
  ];
  expect(forged.map((answer) => answer.statusCode)).toEqual([401, 401, 401, 401, 401]);
  expect((await deliver('not json')).statusCode).toBe(401);
  expect((await deliver(`{"x":"${'x'.repeat(70_000)}"}`)).statusCode).toBe(413);
  expect(await reasonOf(id)).toBeNull();
});

it('does nothing for a late webhook while the room lives, nor twice for one that is repeated, nor for rooms of others', async () => {
  const { id } = await open();
  const body = JSON.stringify({ event: 'room_finished', id: 'EV_late', room: { name: id, sid: 'RM_before' } });
  expect((await deliver(body)).statusCode).toBe(204);
  expect(await reasonOf(id)).toBeNull();
  expect((await deliver(body)).statusCode).toBe(204);
  const other = JSON.stringify({
    event: 'room_finished',
    id: 'EV_other',
    room: { name: 'somebody-else', sid: 'RM_y' },
  });
  expect((await deliver(other)).statusCode).toBe(204);
});
