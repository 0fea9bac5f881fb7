import { AppError } from '@eloquence/shared/runtime/errors';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EngineStream, StreamingEngine, StreamListener, StreamOptions, StreamResult } from '../engines/engine.ts';
import { RelayedSession } from './relayed-session.ts';
import type { SessionEvent } from './session-events.ts';
import type { SessionOptions } from './speech-session.ts';

const base: SessionOptions = {
  language: undefined,
  keyterms: ['Éloquence'],
  turn: { type: 'silence', endpointingMs: 300 },
  utteranceEndMs: undefined,
  interims: true,
  tenant: 'test',
  urgency: 'live',
  temperature: 0,
};

/** A streaming engine whose one stream records what it is asked and says what the test lets it say. */
function bench(options: Partial<SessionOptions> = {}) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const calls: string[] = [];
  let listener: StreamListener | undefined;
  let asked: StreamOptions | undefined;
  const stream: EngineStream = {
    push: (samples) => calls.push(`push ${samples.length}`),
    finalize: () => calls.push('finalize'),
    finish: () => calls.push('finish'),
    close: () => calls.push('close'),
  };
  const engine: StreamingEngine = {
    name: 'test',
    decode: () => Promise.reject(new Error('not asked for')),
    describe: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
    openStream: (given, to) => {
      asked = given;
      listener = to;
      return stream;
    },
  };
  const events: SessionEvent[] = [];
  const failures: AppError[] = [];
  const session = new RelayedSession(
    { ...base, ...options },
    {
      engine,
      telemetry: new Telemetry({ processMetrics: false }),
      onEvent: (event) => events.push(event),
      onPressure: () => undefined,
      onFailure: (error) => failures.push(error),
    },
  );
  const say = (endS: number, text: string, flags: Partial<StreamResult> = {}) =>
    listener?.onEvent({
      type: 'result',
      startS: 0,
      endS,
      text,
      words: [],
      confidence: 0.8,
      language: undefined,
      final: true,
      pause: false,
      fromFinalize: false,
      ...flags,
    });
  const finals = () =>
    events.flatMap((event) =>
      event.type === 'transcript.final'
        ? [{ text: event.transcript.text, pause: event.pause, fromFinalize: event.fromFinalize }]
        : [],
    );
  return {
    session,
    calls,
    say,
    finals,
    failures,
    asked: () => asked,
    end: (error?: AppError) => listener?.onEnd(error),
  };
}

const seconds = (count: number) => new Int16Array(count * 16_000);

describe('RelayedSession', () => {
  test.each([
    [
      { type: 'silence', endpointingMs: 300 },
      { endpointingMs: 300, utteranceEndMs: 1_500 },
    ],
    [{ type: 'manual' }, { endpointingMs: undefined, utteranceEndMs: undefined }],
    [
      { type: 'windows', draftMs: 3_000 },
      { endpointingMs: 500, utteranceEndMs: 1_500 },
    ],
  ] as const)('asks for turns of %o as %o', (turn, expected) => {
    expect(bench({ turn }).asked()).toMatchObject({ ...expected, keyterms: ['Éloquence'] });
  });

  test('marks the final that Finalize was asked for, and no other', () => {
    const { session, calls, say, finals } = bench({ turn: { type: 'manual' } });
    session.push(seconds(2));
    session.finalize();
    expect(calls).toEqual(['push 32000', 'finalize']);
    say(2, 'bonjour', { fromFinalize: true });
    session.push(seconds(1));
    say(3, 'madame', { pause: true });
    expect(finals()).toEqual([{ text: 'bonjour', pause: true, fromFinalize: true }]);
  });

  test('answers Finalize itself when all is stable already', () => {
    const { session, calls, say, finals } = bench({ turn: { type: 'manual' } });
    session.push(seconds(2));
    say(2, 'bonjour');
    session.finalize();
    expect(calls).not.toContain('finalize');
    expect(finals()).toEqual([{ text: 'bonjour', pause: true, fromFinalize: true }]);
  });

  test('answers as often as it was asked, though the engine answers once', () => {
    const { session, say, finals } = bench({ turn: { type: 'manual' } });
    session.push(seconds(1));
    session.finalize();
    session.finalize();
    say(1, 'bonjour', { fromFinalize: true });
    expect(finals()).toEqual([
      { text: 'bonjour', pause: true, fromFinalize: true },
      { text: '', pause: true, fromFinalize: true },
    ]);
  });

  test('answers Finalize with nothing when the engine does not', () => {
    const { session, finals, failures } = bench();
    session.push(seconds(1));
    session.finalize();
    vi.advanceTimersByTime(3_000);
    expect(finals()).toEqual([{ text: '', pause: true, fromFinalize: true }]);
    expect(failures).toEqual([]);
  });

  test('a Finalize unanswered although words were told is a failure, what is stable is told', () => {
    const { session, say, finals, failures } = bench({ turn: { type: 'manual' } });
    session.push(seconds(3));
    say(1, 'bonjour');
    session.finalize();
    vi.advanceTimersByTime(3_000);
    expect(finals()).toEqual([{ text: 'bonjour', pause: false, fromFinalize: false }]);
    expect(failures).toMatchObject([{ code: 'upstream_timeout' }]);
    expect(session.neededFromS).toBe(0.7);
  });

  test('a client that stops sending has paused', () => {
    const { session, calls, say, finals } = bench();
    session.push(seconds(1));
    vi.advanceTimersByTime(900);
    expect(calls).toEqual(['push 16000', 'finalize']);
    say(1, 'bonjour', { fromFinalize: true });
    expect(finals()).toEqual([{ text: 'bonjour', pause: true, fromFinalize: false }]);
  });

  test('says nothing of what is discarded', () => {
    const { session, calls, say, finals } = bench();
    session.push(seconds(1));
    say(0.5, 'bon', { final: false });
    session.discard();
    expect(calls.at(-1)).toBe('finalize');
    say(1, 'bonjour', { fromFinalize: true, pause: true });
    expect(finals()).toEqual([]);
  });

  test('finishes with the last final, without a pause asked for', async () => {
    const { session, calls, say, finals, end } = bench();
    session.push(seconds(1));
    const finishing = session.finish();
    expect(calls.at(-1)).toBe('finish');
    say(1, 'bonjour', { fromFinalize: true });
    end();
    await finishing;
    expect(finals()).toEqual([{ text: 'bonjour', pause: true, fromFinalize: false }]);
  });

  test('tells nothing once it is closed', async () => {
    const { session, calls, say, finals, end, failures } = bench();
    session.push(seconds(1));
    session.close();
    say(1, 'bonjour', { pause: true });
    end(new AppError('unavailable', 'It is away.'));
    await session.finish();
    expect(calls).toEqual(['push 16000', 'close']);
    expect([finals(), failures]).toEqual([[], []]);
  });
});
