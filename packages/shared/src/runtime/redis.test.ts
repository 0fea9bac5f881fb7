import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { EventLog, eventTime } from './event-log.ts';
import { newSessionId } from './ids.ts';
import { closeRedis, createRedis } from './redis.ts';

const silent = pino({ level: 'silent' });
let server: Server | undefined;
afterEach(() => server?.close());

/** A server that lets everybody in and never says a word: a frozen Redis. */
async function frozenServer(): Promise<number> {
  const sockets: Socket[] = [];
  server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => {
    server?.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

test.each(['refuses connections', 'is frozen'])(
  'an append to a Redis that %s fails as unavailable within 3 s',
  async (how) => {
    const port = how === 'is frozen' ? await frozenServer() : 1;
    const redis = createRedis(`redis://127.0.0.1:${port}`, 'commands', silent);
    const start = performance.now();
    const append = new EventLog(redis).append(newSessionId(), { type: 'session.started', at: eventTime() });
    await expect(append).rejects.toMatchObject({ code: 'unavailable', retryable: true, retryAfterS: 1 });
    expect(performance.now() - start).toBeLessThan(3_000);
    redis.disconnect();
  },
);

test('a body that is not of the contract is refused before Redis is asked', async () => {
  const redis = createRedis('redis://127.0.0.1:1', 'commands', silent);
  const body = { type: 'session.ended', at: 'yesterday', reason: 'requested' } as const;
  await expect(new EventLog(redis).append(newSessionId(), body)).rejects.toMatchObject({ code: 'invalid_request' });
  redis.disconnect();
});

test('closing a client of a Redis that is gone does not wait for it', async () => {
  const redis = createRedis('redis://127.0.0.1:1', 'blocking', silent);
  const start = performance.now();
  await closeRedis(redis);
  expect(performance.now() - start).toBeLessThan(500);
});
