import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fuzzSpeechSockets, type FuzzedWire } from '@eloquence/testkit/speech-socket-fuzz';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { Client, KEY, shortened, startGateway, type RunningGateway } from '../test-support/gateway.ts';
import { RealtimeClient } from '../test-support/realtime-client.ts';
import { silence, speak } from '../test-support/speech.ts';

const engine = new FakeEngine();
let gateway: RunningGateway;

beforeAll(async () => {
  await engine.start();
  // The neighbours are silent for as long as it takes.
  gateway = await startGateway(engine.url, shortened({ idleMs: 120_000 }));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await engine.stop();
});

describe('a thousand random messages', () => {
  test.each<FuzzedWire>(['listen', 'realtime'])(
    'on %s end no process and disturb no other socket',
    async (wire) => {
      using neighbour = await Client.open(gateway.url);
      using realtime = await RealtimeClient.open(gateway.url, { turn_detection: null });
      const report = await fuzzSpeechSockets({ wire, url: gateway.url, key: KEY, messages: 1_000, seed: 4 });
      // Several send at once, so the last may be one too many.
      expect(report.sent).toBeGreaterThanOrEqual(1_000);
      expect(report.sockets).toBeGreaterThan(10);
      // A fault of ours.
      expect(report.closes).not.toHaveProperty('1011');
      await neighbour.play(Buffer.concat([silence(300), await speak('bonjour'), silence(700)]), 8);
      await neighbour.until(({ said }) => said.length === 1, 30_000);
      expect(neighbour.said).toEqual(['bonjour']);
      await realtime.play(await speak('bonjour', { rateHz: 24_000 }), 8, 48_000);
      realtime.commit();
      await realtime.until(({ completed }) => completed.length === 1, 30_000);
      expect(realtime.completed[0]?.transcript).toBe('bonjour');
      await expect.poll(() => gateway.hearing.streams, { timeout: 8_000 }).toBeLessThanOrEqual(2);
    },
    120_000,
  );
});
