import { describe, expect, test, vi } from 'vitest';
import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { defaults } from '../config.ts';
import { Decoder } from '../decoding/decoder.ts';
import { DecodeScheduler } from '../decoding/scheduler.ts';
import type { DecodeRequest, SpeechEngine } from '../engines/engine.ts';
import { loudness } from '../test-support/loudness.ts';
import type { SessionEvent } from './session-events.ts';
import { TranscriptionSession } from './session.ts';
import type { SessionOptions } from './speech-session.ts';

type Answer = (request: DecodeRequest, index: number) => Promise<string>;

function bench(answer: Answer, options: Partial<SessionOptions> = {}) {
  const events: SessionEvent[] = [];
  const requests: DecodeRequest[] = [];
  const engine: SpeechEngine = {
    name: 'test',
    decode: async (request): Promise<VerboseTranscription> => {
      requests.push(request);
      const text = await answer(request, requests.length - 1);
      const duration = request.pcm.length / 16_000;
      const words = [{ word: text, start: 0, end: duration, probability: 0.9 }];
      return { language: 'fr', duration, text, words, segments: [{ start: 0, end: duration, text }] };
    },
    describe: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
  const telemetry = new Telemetry({ processMetrics: false });
  const scheduler = new DecodeScheduler(defaults.decoding);
  const decoder = new Decoder({ engine, scheduler, telemetry, outageMs: 1_000 });
  let pressed = false;
  const session = new TranscriptionSession(
    {
      language: 'fr',
      keyterms: [],
      turn: { type: 'silence', endpointingMs: 300 },
      utteranceEndMs: undefined,
      interims: false,
      tenant: 'test',
      urgency: 'live',
      temperature: 0,
      ...options,
    },
    {
      hearing: loudness,
      decoder,
      telemetry,
      onEvent: (event) => events.push(event),
      onPressure: (pressure) => (pressed = pressure),
      onFailure: () => undefined,
    },
  );
  return { session, events, requests, isPressed: () => pressed, finals: () => events.flatMap(textOfFinal) };
}

const textOfFinal = (event: SessionEvent) => (event.type === 'transcript.final' ? [event.transcript.text] : []);
const utteranceOf = (event: SessionEvent) => ('utterance' in event ? event.utterance : undefined);
const speech = (ms: number) => new Int16Array(ms * 16).fill(3000);
const silence = (ms: number) => new Int16Array(ms * 16);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('TranscriptionSession', () => {
  test('three hours of speech without a pause, as fast as they are taken: memory is bounded, nothing is lost', async () => {
    const { session, events, isPressed } = bench(async () => {
      await turn();
      return 'mots';
    });
    const minute = speech(60_000);
    let mostHeld = 0;
    for (let count = 0; count < 180; count += 1) {
      for (let offset = 0; offset < minute.length; offset += 16_000) {
        while (isPressed()) await turn();
        session.push(minute.subarray(offset, offset + 16_000));
        mostHeld = Math.max(mostHeld, session.heldSamples);
      }
    }
    await session.finish();
    // 25 s being spoken, up to three such waiting for their finals, and what is on its way.
    expect(mostHeld / 16_000).toBeLessThan(105);
    const finals = events.filter((event) => event.type === 'transcript.final');
    expect(finals.at(-1)?.transcript.endS).toBeCloseTo(10_800, 0);
    for (const [index, { transcript }] of finals.entries())
      expect(transcript.startS).toBeCloseTo(finals[index - 1]?.transcript.endS ?? 0, 2);
  }, 60_000);

  test('a quick final does not overtake a slow one', async () => {
    const { session, finals } = bench(async (_request, index) => {
      for (let count = 0; count < (index === 0 ? 30 : 0); count += 1) await turn();
      return `texte ${index}`;
    });
    for (let count = 0; count < 2; count += 1) {
      session.push(speech(500));
      session.push(silence(500));
    }
    await session.finish();
    expect(finals()).toEqual(['texte 0', 'texte 1']);
  });

  test('only one interim is out at a time, and a final cancels it', async () => {
    let out = 0;
    let most = 0;
    const cancelled: boolean[] = [];
    const { session, finals } = bench(
      async ({ signal, pcm }) => {
        out += 1;
        most = Math.max(most, out);
        for (let count = 0; count < 5 && !signal.aborted; count += 1) await turn();
        out -= 1;
        cancelled.push(signal.aborted);
        signal.throwIfAborted();
        return `mots ${pcm.length}`;
      },
      { interims: true },
    );
    for (let count = 0; count < 40; count += 1) {
      session.push(speech(100));
      await turn();
    }
    session.push(silence(500));
    await session.finish();
    expect(most).toBeLessThanOrEqual(2);
    expect(finals()).toHaveLength(1);
  });

  test('an utterance the engine refuses is reported and closed with an empty final; the next is heard', async () => {
    const { session, events, finals } = bench(async (_request, index) => {
      if (index < 2) throw new AppError('upstream_rejected', 'No.');
      return 'oui';
    });
    session.push(speech(500));
    session.push(silence(500));
    await turn();
    await turn();
    session.push(speech(500));
    session.push(silence(500));
    await session.finish();
    expect(events.filter(({ type }) => type === 'utterance.lost')).toHaveLength(1);
    expect(finals()).toEqual(['', 'oui']);
  });

  test('speech cut off in the middle of a window is decoded to its last sample', async () => {
    const { session, requests } = bench(async () => 'oui');
    session.push(speech(500).subarray(0, 7_777));
    await session.finish();
    expect(requests[0]?.pcm.length).toBe(7_777);
  });

  test.each([
    ['speech', speech],
    ['silence', silence],
  ])('Finalize does not wait until a last bit of %s is heard; heard later, it begins nothing', async (_what, tail) => {
    const { session, events, requests } = bench(async () => 'oui', { turn: { type: 'manual' } });
    session.push(speech(608));
    await turn();
    session.push(tail(100));
    session.finalize();
    expect(events.map(({ type }) => type)).toEqual(['speech.started', 'speech.ended']);
    await expect.poll(() => events.at(-1)?.type).toBe('transcript.final');
    session.push(silence(500));
    await session.finish();
    expect(requests.map(({ pcm }) => pcm.length)).toEqual([708 * 16]);
    expect(events.map(({ type }) => type)).toEqual(['speech.started', 'speech.ended', 'transcript.final']);
    expect(events.at(-1)).toMatchObject({ fromFinalize: true, transcript: { text: 'oui' } });
  });

  test('every utterance starts, ends at once with its cause, and then has its final', async () => {
    const { session, events } = bench(async () => 'oui');
    session.push(speech(500));
    session.push(silence(500));
    session.push(speech(26_000));
    session.finalize();
    await session.finish();
    const told = events.map((event) =>
      event.type === 'transcript.final' ? ['final', event.transcript.utterance] : [event.type, utteranceOf(event)],
    );
    for (const utterance of [1, 2, 3])
      expect(told.filter(([, of]) => of === utterance).map(([type]) => type)).toEqual([
        'speech.started',
        'speech.ended',
        'final',
      ]);
    const ends = events.filter((event) => event.type === 'speech.ended');
    expect(ends.map(({ cause }) => cause)).toEqual(['pause', 'cut', 'finalize']);
    expect(ends[0]?.atS).toBeCloseTo(0.512, 3);
    const starts = events.filter((event) => event.type === 'speech.started');
    expect(starts.map(({ continues }) => continues)).toEqual([undefined, undefined, true]);
    expect(events.findLast((event) => event.type === 'transcript.final')?.fromFinalize).toBe(true);
  });

  test('what is discarded ends without a final; what is said after it is heard', async () => {
    const { session, events, requests, finals } = bench(async () => 'oui');
    session.push(speech(2_000));
    session.discard();
    session.push(speech(500));
    session.push(silence(500));
    await session.finish();
    expect(events.filter((event) => event.type === 'speech.ended')).toMatchObject([
      { utterance: 1, cause: 'discarded' },
      { utterance: 2, cause: 'pause' },
    ]);
    expect(events.find((event) => event.type === 'transcript.final')?.transcript).toMatchObject({
      utterance: 2,
      startS: 2,
    });
    expect(finals()).toEqual(['oui']);
    expect(requests.every(({ pcm }) => pcm.length < 16_000)).toBe(true);
  });

  test('the kind says who waits: a pause is a final, a forced cut a commit, a file a file', async () => {
    const live = bench(async () => 'oui');
    live.session.push(speech(26_000));
    live.session.push(silence(500));
    await live.session.finish();
    expect(live.requests.map(({ kind }) => kind).toSorted()).toEqual(['commit', 'speculative']);
    const file = bench(async () => 'oui', { urgency: 'batch', interims: true, temperature: 0.4 });
    file.session.push(speech(26_000));
    file.session.push(silence(500));
    await file.session.finish();
    expect(file.requests.map(({ kind, temperature }) => [kind, temperature])).toEqual([
      ['file', 0.4],
      ['file', 0.4],
    ]);
  });

  test('a language found once is asked for from then on; times and language are in the transcript', async () => {
    const { session, requests, events } = bench(async () => 'je suis là', { language: undefined });
    session.push(silence(1_024));
    for (let count = 0; count < 2; count += 1) {
      session.push(speech(1_024));
      session.push(silence(512));
      await expect.poll(() => events.filter(({ type }) => type === 'transcript.final').length).toBe(count + 1);
    }
    await session.finish();
    expect(requests.map(({ language }) => language)).toEqual([undefined, 'fr']);
    const finals = events.filter((event) => event.type === 'transcript.final');
    expect(finals[0]?.transcript).toMatchObject({ language: 'fr', segments: [{ text: 'je suis là', startS: 0.724 }] });
    expect(finals[1]?.transcript.words[0]?.startS).toBeGreaterThan(2);
  });

  test('the words two interims in a row agree on are stable', async () => {
    const texts = ['je', 'je suis', 'je suis la', 'je suis là demain', 'je suis là demain matin'];
    const { session, events } = bench(async (_request, index) => texts[index] ?? 'fin', { interims: true });
    for (let count = 0; count < 40; count += 1) {
      session.push(speech(100));
      await turn();
      await turn();
    }
    session.close();
    const stable = events.flatMap((event) =>
      event.type === 'transcript.interim' ? [event.stableWords.join(' ')] : [],
    );
    expect(stable.slice(0, 5)).toEqual(['', 'je', 'je suis', 'je suis là', 'je suis là demain']);
  });

  test.each([
    [100, 30, 60],
    [2_000, 3, 6],
  ])('an engine that takes %i ms gives %i to %i interims in 24 s of speech', async (takesMs, least, most) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    try {
      const answer: Answer = async (_request, index) => {
        await new Promise((resolve) => setTimeout(resolve, takesMs));
        return `mots ${index}`;
      };
      const { session, events } = bench(answer, { interims: true });
      for (let count = 0; count < 240; count += 1) {
        session.push(speech(100));
        await turn();
        await vi.advanceTimersByTimeAsync(100);
      }
      session.close();
      const interims = events.filter(({ type }) => type === 'transcript.interim').length;
      expect(interims).toBeGreaterThanOrEqual(least);
      expect(interims).toBeLessThanOrEqual(most);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a closed session says nothing more', async () => {
    const { session, events } = bench(async () => 'oui');
    session.push(speech(500));
    session.close();
    session.push(speech(500));
    await session.finish();
    expect(events).toEqual([]);
  });
});
