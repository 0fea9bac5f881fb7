import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { totalMs, type Interval } from '@eloquence/shared/runtime/spans';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, test } from 'vitest';
import { GatewayLink, listenUrl } from '../speech/gateway-link.ts';
import { FakeGateway } from '../test-support/fake-gateway.ts';
import { Ear } from './ear.ts';

const HOUR_FRAMES = 36_000;
const HOURS = 4;
/** Frames of 100 ms between two looks at the counters, and between two breaths of the event loop. */
const LOOK_FRAMES = 5;
const BREATH_FRAMES = 50;
const LOUD = Buffer.from(Int16Array.from({ length: 1_600 }, (_, index) => 6_000 * Math.sin(index / 5)).buffer);
const QUIET = Buffer.alloc(3_200);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test(
  'four hours of one track, fast-forwarded: all of it is transcribed and claimed, and memory does not grow',
  { timeout: 240_000 },
  async () => {
    await using gateway = await FakeGateway.start({ texts: ['bonjour'] });
    let texts = 0;
    const missed: Interval[] = [];
    const ear = new Ear({
      openLink: (handlers) =>
        new GatewayLink({
          ...handlers,
          url: listenUrl(gateway.url, { language: 'fr', keyterms: [], endpointingMs: 600 }),
          key: 'k',
          logger: createLogger('test', 'silent'),
        }),
      isMuted: () => false,
      pauses: () => [],
      onTranscript: ({ isFinal }) => void (texts += isFinal ? 1 : 0),
      onMissed: (gap) => void missed.push(gap),
      onUnsupported: () => {},
    });
    let claimedMs = 0;
    let nowMs = 1_000_000_000;
    const heapMb: number[] = [];
    for (let frame = 0; frame < HOURS * HOUR_FRAMES; frame += 1) {
      nowMs += 100;
      // Eight seconds of speech, two of silence.
      ear.hear(frame % 100 < 80 ? LOUD : QUIET, nowMs);
      if (frame % LOOK_FRAMES === 0)
        ear.noteReception({ fromMs: nowMs - 100 * LOOK_FRAMES, toMs: nowMs, concealed: 0 });
      if (frame % BREATH_FRAMES === 0) {
        claimedMs += totalMs(ear.takeTranscribed());
        const bytes = (frame + 1) * QUIET.length;
        await waitFor(() => (gateway.streams[0]?.bytes ?? 0) >= bytes - 50 * QUIET.length, {
          timeoutMs: 10_000,
          intervalMs: 1,
        });
      }
      // What is on its way in sockets comes and goes: the least of twenty looks is what is kept.
      if (frame % BREATH_FRAMES === 0 && frame % HOUR_FRAMES >= HOUR_FRAMES - 20 * BREATH_FRAMES) {
        collect();
        const hour = Math.floor(frame / HOUR_FRAMES);
        const { heapUsed, external } = process.memoryUsage();
        heapMb[hour] = Math.min(heapMb[hour] ?? Infinity, (heapUsed + external) / 1_048_576);
      }
    }
    await ear.close();
    claimedMs += totalMs(ear.takeTranscribed());
    const growth = ((heapMb.at(-1) ?? 0) - (heapMb[0] ?? 0)) / (HOURS - 1);
    expect(missed).toEqual([]);
    expect(gateway.streams).toHaveLength(1);
    expect(texts).toBeGreaterThan(HOURS * 100);
    expect(claimedMs / (HOURS * 3_600_000)).toBeGreaterThan(0.999);
    expect(growth, `MB kept in each hour: ${heapMb.map((mb) => mb.toFixed(2)).join(', ')}`).toBeLessThan(1);
  },
);
