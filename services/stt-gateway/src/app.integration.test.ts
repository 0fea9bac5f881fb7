import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { defaults } from './config.ts';
import { FakeEngine } from './test-support/fake-engine.ts';
import { Client, startGateway } from './test-support/gateway.ts';
import { silence, speak } from './test-support/speech.ts';

describe('closing', () => {
  test('new sockets are refused, open ones get their finals and 1001, then engine and worker go', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 800;
    const gateway = await startGateway(engine.url);
    using client = await Client.open(gateway.url);
    await client.play(Buffer.concat([silence(300), await speak('bonjour madame')]), 4);
    await expect.poll(() => gateway.hearing.streams).toBe(1);
    const closing = gateway.lifecycle.close();
    await expect(Client.open(gateway.url)).rejects.toThrow('503');
    await client.until(({ closed }) => closed !== undefined);
    expect(client.said).toEqual(['bonjour']);
    expect(client.closed?.code).toBe(1001);
    expect(await closing).toBe(true);
    expect(gateway.hearing.ready).toBe(false);
    await expect(request(`${gateway.url}/health`)).rejects.toThrow('ECONNREFUSED');
  });

  test('a final that takes too long does not hold the process', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 5_000;
    const gateway = await startGateway(engine.url, { streams: { ...defaults.streams, drainMs: 300 } });
    using client = await Client.open(gateway.url);
    await client.play(Buffer.concat([silence(300), await speak('bonjour madame')]), 4);
    const startedMs = performance.now();
    expect(await gateway.lifecycle.close()).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    await client.until(({ closed }) => closed !== undefined);
  });
});
