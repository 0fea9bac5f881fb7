import { describe, expect, test } from 'vitest';
import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { defaults } from '../config.ts';
import { Decoder } from '../decoding/decoder.ts';
import { DecodeScheduler } from '../decoding/scheduler.ts';
import type { DecodeRequest, SpeechEngine } from '../engines/engine.ts';
import type { Hearing } from '../hearing/hearing.ts';
import { WINDOW_SAMPLES } from '../hearing/silero.ts';
import { Outbox } from './outbox.ts';
import type { SessionEvent } from './session-events.ts';
import { TranscriptionSession } from './session.ts';

/** An ear that takes loud windows for speech; it answers a turn of the event loop later, as the worker does. */
const loudness: Hearing = {
  open: ({ onProbability }) => {
    let closed = false;
    return {
      push: (windows) =>
        void setImmediate(() => {
          if (closed) return;
          for (let start = 0; start < windows.length; start += WINDOW_SAMPLES)
            onProbability(Math.abs(windows[start] ?? 0) > 1000 ? 0.95 : 0.02);
        }),
      close: () => void (closed = true),
    };
  },
};

type Answer = (request: DecodeRequest, index: number) => Promise<string>;

function bench(answer: Answer, options: { interims?: boolean } = {}) {
  const events: SessionEvent[] = [];
  const requests: DecodeRequest[] = [];
  const engine: SpeechEngine = {
    name: 'test',
    decode: async (request): Promise<VerboseTranscription> => {
      requests.push(request);
      const text = await answer(request, requests.length - 1);
      return { language: 'fr', duration: request.pcm.length / 16_000, text };
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
    // 20 s being spoken, 40 s waiting for their finals, and what is on its way.
    expect(mostHeld / 16_000).toBeLessThan(90);
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

  test('a closed session says nothing more', async () => {
    const { session, events } = bench(async () => 'oui');
    session.push(speech(500));
    session.close();
    session.push(speech(500));
    await session.finish();
    expect(events).toEqual([]);
  });
});

test('an outbox delivers in the order of adding and counts what is not out', async () => {
  const outbox = new Outbox();
  const out: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  outbox.add(promise, (text) => out.push(text));
  outbox.add(Promise.resolve('second'), (text) => out.push(text));
  expect(outbox.pending).toBe(2);
  resolve('first');
  await outbox.drained;
  expect(out).toEqual(['first', 'second']);
  expect(outbox.pending).toBe(0);
});
