import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { defaults } from '../config.ts';
import { Decoder } from '../decoding/decoder.ts';
import { DecodeScheduler } from '../decoding/scheduler.ts';
import type { DecodeRequest, SpeechEngine } from '../engines/engine.ts';
import { loudness } from '../test-support/loudness.ts';
import type { SessionEvent } from './session-events.ts';
import { TranscriptionSession } from './session.ts';

const RATE = 16_000;
/** One word of the marked speech: every half second has a level of its own, by which the engine knows the word. */
const WORD_SAMPLES = RATE / 2;
const LOUD = 2_000;
const STEP_MS = 100;

/** `w0 w1 w2…`, one word each half second; silent where `isSilent` says so. */
function markedSpeech(seconds: number, isSilent: (atS: number) => boolean = () => false): Int16Array {
  return Int16Array.from({ length: seconds * RATE }, (_, n) =>
    isSilent(n / RATE) ? 0 : LOUD + Math.floor(n / WORD_SAMPLES),
  );
}

/** The words whose greater part is in the audio, with their times. */
function wordsIn(pcm: Int16Array) {
  const words: { word: string; start: number; end: number; probability: number }[] = [];
  for (let from = 0; from < pcm.length;) {
    const level = pcm[from] ?? 0;
    let to = from + 1;
    while (to < pcm.length && pcm[to] === level) to += 1;
    if (level >= LOUD && to - from >= WORD_SAMPLES / 2)
      words.push({ word: `w${level - LOUD}`, start: from / RATE, end: to / RATE, probability: 0.9 });
    from = to;
  }
  return words;
}

interface Setting {
  readonly draftMs: number | undefined;
  /** How long the engine takes for so much audio. */
  readonly takesMs: (audioS: number) => number;
  /** It does one call after the other, as one model on one processor does. */
  readonly oneByOne?: boolean;
}

interface Told {
  readonly atMs: number;
  readonly event: SessionEvent;
}

function bench({ draftMs, takesMs, oneByOne = false }: Setting) {
  let last: Promise<unknown> = Promise.resolve();
  const told: Told[] = [];
  const requests: DecodeRequest[] = [];
  const engine: SpeechEngine = {
    name: 'test',
    decode: async (request): Promise<VerboseTranscription> => {
      requests.push(request);
      const duration = request.pcm.length / RATE;
      const call = () => new Promise((resolve) => setTimeout(resolve, takesMs(duration)));
      last = oneByOne ? last.then(call) : call();
      await last;
      request.signal.throwIfAborted();
      const words = wordsIn(request.pcm);
      return { language: 'fr', duration, text: words.map(({ word }) => word).join(' '), words };
    },
    describe: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
  const telemetry = new Telemetry({ processMetrics: false });
  const decoder = new Decoder({
    engine,
    scheduler: new DecodeScheduler(defaults.decoding),
    telemetry,
    outageMs: 1_000,
  });
  const session = new TranscriptionSession(
    {
      language: 'fr',
      keyterms: [],
      turn: { type: 'windows', draftMs },
      utteranceEndMs: undefined,
      interims: true,
      tenant: 'test',
      urgency: 'live',
      temperature: 0,
    },
    {
      hearing: loudness,
      decoder,
      telemetry,
      onEvent: (event) => told.push({ atMs: performance.now(), event }),
      onPressure: () => undefined,
      onFailure: () => undefined,
    },
  );
  /** Plays in (faked) real time; the clock starts at 0 with the first sample. */
  const play = async (pcm: Int16Array) => {
    const startedMs = performance.now();
    for (let from = 0; from < pcm.length; from += (RATE * STEP_MS) / 1000) {
      await vi.advanceTimersByTimeAsync(STEP_MS);
      session.push(pcm.subarray(from, from + (RATE * STEP_MS) / 1000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return startedMs;
  };
  const finish = async () => {
    const done = session.finish();
    for (let count = 0; count < 600; count += 1) {
      await vi.advanceTimersByTimeAsync(STEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
  };
  return { session, told, requests, play, finish };
}

const finalsOf = (told: readonly Told[]) =>
  told.flatMap(({ event }) => (event.type === 'transcript.final' ? [event.transcript] : []));

/** How long after its last sample each word was first told, ms. */
function lags(told: readonly Told[], startedMs: number): Map<string, number> {
  const first = new Map<string, number>();
  for (const { atMs, event } of told) {
    if (event.type !== 'transcript.interim' && event.type !== 'transcript.final') continue;
    for (const word of event.transcript.text.split(' ').filter(Boolean))
      if (!first.has(word)) first.set(word, atMs - startedMs - (Number(word.slice(1)) + 1) * 500);
  }
  return first;
}

/** How often each word went through the engine. */
function decodesOf(requests: readonly DecodeRequest[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { pcm } of requests) for (const { word } of wordsIn(pcm)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Half a second of silence every four. */
const pauses = (atS: number) => atS % 4 >= 3.5;
const allWords = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');
const textOf = (told: readonly Told[]) =>
  finalsOf(told)
    .map(({ text }) => text)
    .filter(Boolean)
    .join(' ');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('windows', () => {
  test('speech with pauses is cut in them, 20 to 30 s at a time, and every word is in one final', async () => {
    const { told, requests, play, finish } = bench({ draftMs: undefined, takesMs: () => 300 });
    await play(markedSpeech(120, (atS) => atS % 5 >= 4.5));
    await finish();
    const finals = finalsOf(told);
    for (const { startS, endS } of finals.slice(0, -1)) {
      expect(endS - startS).toBeGreaterThanOrEqual(19.5);
      expect(endS - startS).toBeLessThanOrEqual(30.1);
      expect(endS % 5).toBeGreaterThan(4.4);
    }
    const spoken = Array.from({ length: 240 }, (_, index) => `w${index}`).filter((_, index) => index % 10 !== 9);
    expect(textOf(told)).toBe(spoken.join(' '));
    expect(requests.every(({ kind }) => kind === 'commit')).toBe(true);
    expect(told.some(({ event }) => event.type === 'transcript.interim')).toBe(false);
  });

  test('a pause of four seconds makes the text durable, long before the window is full', async () => {
    const { told, play, session, finish } = bench({ draftMs: undefined, takesMs: () => 300 });
    const startedMs = await play(markedSpeech(10, (atS) => atS >= 4));
    const final = told.find(({ event }) => event.type === 'transcript.final');
    expect((final?.atMs ?? Infinity) - startedMs).toBeLessThan(9_000);
    expect(session.heldSamples).toBeLessThan(RATE);
    await finish();
    expect(textOf(told)).toBe(allWords(8));
  });

  test('words lie where they were spoken', async () => {
    const { told, play, finish } = bench({ draftMs: undefined, takesMs: () => 300 });
    await play(markedSpeech(70));
    await finish();
    const words = finalsOf(told).flatMap((transcript) => transcript.words);
    expect(words.length).toBeGreaterThanOrEqual(138);
    for (const { word, startS, endS } of words) {
      const at = Number(word.slice(1)) / 2;
      expect(startS).toBeGreaterThanOrEqual(at - 0.001);
      expect(endS).toBeLessThanOrEqual(at + 0.501);
    }
  });
});

describe('drafts', () => {
  const engines: readonly (readonly [string, Setting['takesMs']])[] = [
    ['a fast engine', () => 150],
    ['an engine that takes 3 s for any call', () => 3_000],
    ['an engine at a third of real time', (audioS) => 300 + audioS * 300],
  ];
  test.each(engines)('of speech without pauses, by %s: text within 10 s of every word', async (_name, takesMs) => {
    const { told, requests, play, finish } = bench({ draftMs: 10_000, takesMs });
    const startedMs = await play(markedSpeech(95));
    await finish();
    const late = lags(told, startedMs);
    expect(late.size).toBeGreaterThanOrEqual(188);
    expect(Math.max(...late.values())).toBeLessThanOrEqual(10_000);
    expect(Math.max(...decodesOf(requests).values())).toBeLessThanOrEqual(2);
    expect(requests.every(({ kind }) => kind === 'commit')).toBe(true);
  });

  test.each(engines)(
    'of a conversation with pauses, by %s: cut in the pauses, each joined in order',
    async (_name, takesMs) => {
      const { told, requests, play, finish } = bench({ draftMs: 10_000, takesMs });
      const startedMs = await play(markedSpeech(95, pauses));
      await finish();
      expect(Math.max(...lags(told, startedMs).values())).toBeLessThanOrEqual(10_000);
      expect(Math.max(...decodesOf(requests).values())).toBeLessThanOrEqual(2);
      const spoken = Array.from({ length: 190 }, (_, index) => `w${index}`).filter((_, index) => index % 8 !== 7);
      expect(textOf(told)).toBe(spoken.join(' '));
      const interims = told.flatMap(({ event }) => (event.type === 'transcript.interim' ? [event.transcript] : []));
      expect(interims.length).toBeGreaterThan(5);
      for (const { text } of interims) {
        const numbers = text.split(' ').map((word) => Number(word.slice(1)));
        const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? 0));
        expect(steps.filter((step) => step !== 1 && step !== 2)).toEqual([]);
      }
    },
  );

  test.each([
    ['takes 3 s for any call', () => 3_000],
    ['runs at a third of real time', (audioS: number) => 300 + audioS * 300],
  ])('one model that %s and does one call after the other: text within 10 s', async (_name, takesMs) => {
    const { told, requests, play, finish } = bench({ draftMs: 8_000, takesMs, oneByOne: true });
    const startedMs = await play(markedSpeech(150, pauses));
    await finish();
    expect(Math.max(...lags(told, startedMs).values())).toBeLessThanOrEqual(10_000);
    expect(Math.max(...decodesOf(requests).values())).toBeLessThanOrEqual(2);
  });

  test('a speaker whose client stops sending is drafted and made durable by the wall clock', async () => {
    const { told, play, session } = bench({ draftMs: 10_000, takesMs: () => 3_000 });
    const startedMs = await play(markedSpeech(3));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(Math.max(...lags(told, startedMs).values())).toBeLessThanOrEqual(10_000);
    expect(textOf(told)).toBe(allWords(6));
    session.close();
  });

  test('a discarded window is shown no more, and the next one has words of its own only', async () => {
    const { told, play, session, finish } = bench({ draftMs: 10_000, takesMs: () => 500 });
    await play(markedSpeech(12));
    session.discard();
    await new Promise((resolve) => setImmediate(resolve));
    const from = told.length;
    await play(markedSpeech(12).subarray(4 * RATE));
    await finish();
    const after = told.slice(from).flatMap(({ event }) => ('transcript' in event ? [event.transcript] : []));
    expect(after.length).toBeGreaterThan(1);
    expect(after.every(({ utterance }) => utterance === 2)).toBe(true);
    expect(after.every(({ text }) => text.startsWith('w8 '))).toBe(true);
  });
});
