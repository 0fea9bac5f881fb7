import { Redis } from 'ioredis';
import { RoomServiceClient } from 'livekit-server-sdk';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase } from './database.ts';
import './integration-setup.ts';
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';

test('the run has its own Redis, Postgres and livekit-server', async () => {
  const redis = new Redis(inject('redisUrl'));
  expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
  redis.disconnect();

  await using database = await createTestDatabase(inject('databaseUrl'));
  const client = new Client(database.url);
  await client.connect();
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await client.end();

  const livekit = inject('livekit');
  const rooms = new RoomServiceClient(livekit.url.replace('ws', 'http'), livekit.apiKey, livekit.apiSecret);
  expect((await rooms.createRoom({ name: 'setup' })).name).toBe('setup');
});

test('a Redis killed with -9 comes back with every acknowledged write', async () => {
  await using server = await RedisServer.start({ appendfsync: 'always' });
  const redis = new Redis(server.url, { retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  await redis.set('kept', 'yes');
  await server.kill();
  await server.start();
  expect(await redis.get('kept')).toBe('yes');
  redis.disconnect();
});

test('a Postgres killed with -9 comes back with every committed row', async () => {
  await using server = await PostgresServer.start();
  const before = new Client(server.url);
  before.on('error', () => undefined);
  await before.connect();
  await before.query('create table kept as select 1 as one');
  await server.kill();
  await server.start();
  const after = new Client(server.url);
  await after.connect();
  expect((await after.query('select one from kept')).rows).toEqual([{ one: 1 }]);
  await after.end();
});
