import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AUDIO_ROUTE, limitBodyTime } from './body-deadline.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** What becomes of a connection whose body is announced and never comes, once 30 s have passed. */
async function slowSender(url: string): Promise<'cut' | 'kept'> {
  const arrived = Promise.withResolvers<[IncomingMessage, ServerResponse]>();
  const server = createServer((...pair) => arrived.resolve(pair));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sending = request({
    port: (server.address() as AddressInfo).port,
    method: 'POST',
    headers: { 'content-length': 9 },
  });
  const cut = new Promise<'cut'>((resolve) => sending.on('error', () => resolve('cut')));
  sending.write('x');
  const [raw, response] = await arrived.promise;
  // The body is read by somebody, as fastify does.
  raw.on('error', () => undefined).resume();
  await limitBodyTime(
    { raw, routeOptions: { url } } as unknown as FastifyRequest,
    { raw: response } as unknown as FastifyReply,
  );
  vi.advanceTimersByTime(30_000);
  const outcome = raw.destroyed ? await cut : 'kept';
  sending.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return outcome;
}

it('cuts off who sends a body for ever', async () => {
  expect(await slowSender('/api/sessions')).toBe('cut');
});

it('lets recordings take their time', async () => {
  expect(await slowSender(AUDIO_ROUTE)).toBe('kept');
});
