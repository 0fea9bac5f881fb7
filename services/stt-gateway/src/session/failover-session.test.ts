import { AppError } from '@eloquence/shared/runtime/errors';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from '@eloquence/shared/runtime/circuit-breaker';
import { FailoverSession, type ReplaceableSession } from './failover-session.ts';
import type { SessionEvent, Transcript } from './session-events.ts';
import type { SessionListener, SessionOptions } from './speech-session.ts';

const options: SessionOptions = {
  language: 'fr',
  keyterms: [],
  turn: { type: 'silence', endpointingMs: 300 },
  utteranceEndMs: undefined,
  interims: true,
  tenant: 'test',
  urgency: 'live',
  temperature: 0,
};
const away = new AppError('unavailable', 'It is away.', { cause: 'a test' });

/** A session that does nothing by itself and records what is asked of it; audio as first sample and length. */
class ScriptedSession implements ReplaceableSession {
  readonly calls: string[] = [];
  readonly listener: SessionListener;
  neededFromS = 0;
  durationS = 0;
  heldSamples = 0;
  readonly finished = Promise.withResolvers<void>();

  constructor(listener: SessionListener) {
    this.listener = listener;
  }

  push(samples: Int16Array): void {
    if (samples.length > 0) this.calls.push(`push ${samples[0]}+${samples.length}`);
  }

  finalize(): void {
    this.calls.push('finalize');
  }

  discard(): void {
    this.calls.push('discard');
  }

  finish(): Promise<void> {
    this.calls.push('finish');
    return this.finished.promise;
  }

  close(): void {
    this.calls.push('close');
  }
}

function bench() {
  const health = new CircuitBreaker({ probe: () => Promise.reject(new Error('still away')) });
  const opened: { readonly where: string; readonly session: ScriptedSession }[] = [];
  const events: SessionEvent[] = [];
  const moves: string[] = [];
  const pressure: boolean[] = [];
  const open = (where: string) => (_options: SessionOptions, listener: SessionListener) => {
    const session = new ScriptedSession(listener);
    opened.push({ where, session });
    return session;
  };
  const session = new FailoverSession(options, {
    places: [
      { type: 'relayed', name: 'first', health, open: open('first') },
      { type: 'local', name: () => 'spare', open: open('local') },
    ],
    onEvent: (event) => events.push(event),
    onPressure: (pressed) => pressure.push(pressed),
    onFailure: () => undefined,
    onFailover: (from, to) => moves.push(`${from} > ${to}`),
    telemetry: new Telemetry({ processMetrics: false }),
  });
  const inner = () => opened.at(-1)?.session as ScriptedSession;
  return { session, opened, events, moves, pressure, health, inner };
}

/** Second `n` of the audio: 16,000 samples of value n. */
const second = (n: number) => new Int16Array(16_000).fill(n);

function transcript(utterance: number, startS: number, endS: number): Transcript {
  const words = [{ word: 'mot', startS, endS, probability: 1 }];
  return { utterance, startS, endS, text: 'mot', words, confidence: 1, language: 'fr', segments: [] };
}

describe('FailoverSession', () => {
  test('gives the next place the audio no final covers, on the same clock, with the next numbers', () => {
    const { session, opened, events, moves, inner } = bench();
    for (let n = 0; n < 5; n += 1) session.push(second(n));
    const first = inner();
    first.neededFromS = 2;
    first.listener.onEvent({
      type: 'transcript.final',
      transcript: transcript(1, 0, 2),
      pause: true,
      fromFinalize: false,
    });
    first.listener.onFailure(new AppError('upstream_rejected', 'No.'));
    expect(opened.map(({ where }) => where)).toEqual(['first', 'local']);
    expect(moves).toEqual(['first > spare']);
    expect(first.calls.at(-1)).toBe('close');
    expect(inner().calls).toEqual(['push 2+48000']);
    inner().listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0.5 });
    inner().listener.onEvent({
      type: 'transcript.final',
      transcript: transcript(1, 0.5, 1.5),
      pause: true,
      fromFinalize: false,
    });
    expect(events.slice(1)).toMatchObject([
      { type: 'speech.started', utterance: 2, atS: 2.5 },
      { transcript: { utterance: 2, startS: 2.5, endS: 3.5, words: [{ startS: 2.5 }] } },
    ]);
    expect(events[1]).not.toHaveProperty('continues');
  });

  test('opens a stream that worked once more at the same place, then goes on', () => {
    const { opened, moves, inner, health } = bench();
    inner().listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0 });
    inner().listener.onFailure(away);
    expect(opened.map(({ where }) => where)).toEqual(['first', 'first']);
    expect(health.able).toBe(true);
    inner().listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0 });
    inner().listener.onFailure(away);
    expect(opened.map(({ where }) => where)).toEqual(['first', 'first', 'local']);
    expect(moves).toEqual(['first > first', 'first > spare']);
    expect(health.able).toBe(false);
    health.close();
  });

  test('whoever was cut in the middle of a sentence does not begin anew', () => {
    const { events, inner, health } = bench();
    inner().listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0 });
    inner().listener.onEvent({ type: 'speech.ended', utterance: 1, atS: 0, cause: 'cut' });
    inner().listener.onFailure(away);
    inner().listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0 });
    expect(events.at(-1)).toMatchObject({ type: 'speech.started', utterance: 2, continues: true });
    health.close();
  });

  test('asks the next place to finalize where it was asked to, once it is not answered', () => {
    const { session, inner, health } = bench();
    session.push(second(0));
    session.finalize();
    inner().listener.onEvent({
      type: 'transcript.final',
      transcript: transcript(1, 0, 1),
      pause: true,
      fromFinalize: true,
    });
    session.push(second(1));
    session.finalize();
    session.push(second(2));
    inner().neededFromS = 1;
    inner().listener.onFailure(new AppError('upstream_timeout', 'Late.'));
    expect(inner().calls).toEqual(['push 1+16000', 'finalize', 'push 2+16000']);
    health.close();
  });

  test('finishes when the place that took over has finished, not when the failed one has', async () => {
    const { session, inner, health } = bench();
    session.push(second(0));
    let finished = false;
    const finishing = (async () => {
      await session.finish();
      finished = true;
    })();
    const first = inner();
    first.listener.onFailure(away);
    expect(inner().calls).toEqual(['push 0+16000', 'finish']);
    first.finished.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(finished).toBe(false);
    inner().finished.resolve();
    await finishing;
    health.close();
  });

  test('what a place that was left says later is not told', () => {
    const { events, inner, health } = bench();
    const first = inner();
    first.listener.onFailure(away);
    first.listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0 });
    expect(events).toEqual([]);
    health.close();
  });

  test('holds a minute of audio at the most, the newest', () => {
    const { session, inner, health } = bench();
    for (let n = 0; n < 100; n += 1) session.push(second(n));
    expect(session.heldSamples).toBe(60 * 16_000);
    inner().listener.onFailure(away);
    expect(inner().calls).toEqual([`push 40+${60 * 16_000}`]);
    inner().listener.onEvent({ type: 'speech.started', utterance: 1, atS: 0 });
    expect(session.heldSamples).toBe(0);
    expect(session.durationS).toBe(100);
    health.close();
  });

  test('lets go of pressure with the place that made it', () => {
    const { pressure, inner, health } = bench();
    inner().listener.onPressure(true);
    inner().listener.onFailure(away);
    expect(pressure).toEqual([true, false]);
    health.close();
  });
});
