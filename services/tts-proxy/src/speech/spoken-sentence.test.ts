import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { describe, expect, it } from 'vitest';
import { VoiceChain, type Member } from '../chain/voice-chain.ts';
import { Pulse } from './pulse.ts';
import { Demand, type RenderingEvent } from './rendering.ts';
import { SpokenSentence } from './spoken-sentence.ts';

const [member] = new VoiceChain(
  [
    {
      id: 'espeak',
      engine: { id: 'espeak-ng', label: 'e', label_fr: 'e', demo: true },
      identity: () => '',
      check: async () => undefined,
      speak: () => (async function* () {})(),
    },
  ],
  { logger: createLogger('tts-proxy', 'silent') },
).members as [Member];
const error = new AppError('upstream_failed', 'It broke off.');
const second = (): RenderingEvent => ({ type: 'audio', samples: new Int16Array(TTS_SAMPLE_RATE_HZ) });

/** A sentence whose maker does what the test says; what has been asked of the maker is counted. */
function sentenceOf(make: (demand: Demand) => AsyncIterable<RenderingEvent>) {
  const demand = new Demand();
  const broken: Member[] = [];
  const controller = new AbortController();
  const sound = new SpokenSentence({
    open: (attach) => {
      attach(demand);
      return make(demand);
    },
    pulse: new Pulse(() => undefined),
    onVoice: () => undefined,
    onBroken: (who) => broken.push(who),
    signal: controller.signal,
  });
  return { sound, demand, broken, controller };
}

describe('SpokenSentence', () => {
  it('holds half a minute of what is not heard yet, and its maker waits', async () => {
    let made = 0;
    const { sound } = sentenceOf(async function* () {
      yield { type: 'voice', member };
      for (; made < 100; made += 1) yield second();
    });
    await expect.poll(() => sound.settled).toBe(true);
    const before = made;
    expect(before).toBeLessThanOrEqual(31);
    sound.take();
    for (let heard = 0; heard < 10; heard += 1) await sound.next();
    await expect.poll(() => made).toBe(before + 10);
    let rest = 0;
    while (await sound.next()) rest += 1;
    expect([made, rest, sound.broken]).toEqual([100, 90, undefined]);
  });

  it('begins again from nothing while nobody has heard of it, and its maker knows that it may', async () => {
    const asked: boolean[] = [];
    const { sound, broken } = sentenceOf(async function* (demand) {
      yield { type: 'voice', member };
      yield second();
      yield { type: 'broken', error };
      asked.push(demand.mayBeginAgain);
      yield { type: 'voice', member };
      yield second();
      yield second();
    });
    await expect.poll(() => sound.settled).toBe(true);
    sound.take();
    let heard = 0;
    while (await sound.next()) heard += 1;
    expect([heard, asked, broken, sound.broken]).toEqual([2, [true], [member], undefined]);
  });

  it('ends where its voice broke off once it is heard, whatever its maker goes on to make for others', async () => {
    const gate = Promise.withResolvers<void>();
    const { sound, demand } = sentenceOf(async function* () {
      yield { type: 'voice', member };
      yield second();
      await gate.promise;
      yield { type: 'broken', error };
      yield { type: 'voice', member };
      yield second();
    });
    await expect.poll(() => sound.silent).toBe(false);
    sound.take();
    expect(demand.mayBeginAgain).toBe(false);
    gate.resolve();
    let heard = 0;
    while (await sound.next()) heard += 1;
    expect([heard, sound.broken, sound.failure]).toEqual([1, error, undefined]);
  });

  it('tells why nobody could speak it', async () => {
    const { sound } = sentenceOf(async function* () {
      yield* [];
      throw error;
    });
    await expect.poll(() => sound.settled).toBe(true);
    expect(sound.failure).toEqual({ type: 'failed', error });
  });
});
