import { describe, expect, test } from 'vitest';
import type { SessionOptions } from '../session/speech-session.ts';
import type { SessionEvent } from '../session/session-events.ts';
import { scripted, transcriptOf } from '../test-support/scripted-session.ts';
import { SessionChain } from './session-chain.ts';

const french: SessionOptions = {
  language: 'fr',
  keyterms: [],
  turn: { type: 'silence', endpointingMs: 300 },
  utteranceEndMs: undefined,
  interims: true,
  tenant: 'test',
  urgency: 'live',
  temperature: 0,
};
const english = { ...french, language: 'en' };
const second = new Int16Array(16_000);
const turn = () => new Promise((resolve) => setImmediate(resolve));

function bench() {
  const events: SessionEvent[] = [];
  const pressure: boolean[] = [];
  const { sessions, open } = scripted();
  const chain = new SessionChain(french, open, {
    onEvent: (event) => events.push(event),
    onPressure: (pressed) => pressure.push(pressed),
    onFailure: () => undefined,
  });
  return { chain, sessions, events, pressure };
}

const final = (utterance: number, text: string, span: readonly [number, number]): SessionEvent => ({
  type: 'transcript.final',
  transcript: transcriptOf(utterance, text, span),
  pause: true,
  fromFinalize: false,
});

describe('SessionChain', () => {
  test('settings made before the first audio cost no session', () => {
    const { chain, sessions } = bench();
    chain.change(english);
    chain.push(second);
    expect(sessions.map(({ options }) => options.language)).toEqual(['en']);
  });

  test('a change in silence opens the next session where the clock of the first stands', async () => {
    const { chain, sessions, events } = bench();
    chain.push(second);
    chain.change(english);
    expect(sessions.map(({ options }) => options.language)).toEqual(['fr', 'en']);
    expect(sessions[0]?.asked).toEqual(['finish']);
    sessions[0]?.finished();
    await turn();
    expect(sessions[0]?.closed).toBe(true);
    chain.push(second);
    sessions[1]?.tell({ type: 'speech.started', utterance: 1, atS: 0.5 }, final(1, 'hello', [0.3, 0.9]));
    expect(events).toMatchObject([{ atS: 1.5 }, { transcript: { startS: 1.3, endS: 1.9, text: 'hello' } }]);
    expect(chain.durationS).toBe(2);
  });

  test('what is being said is finished in the language it was begun in, also across a forced cut', async () => {
    const { chain, sessions } = bench();
    chain.push(second);
    sessions[0]?.tell({ type: 'speech.started', utterance: 1, atS: 0.2 });
    chain.change(english);
    sessions[0]?.tell({ type: 'speech.ended', utterance: 1, atS: 20, cause: 'cut' });
    await turn();
    expect(sessions).toHaveLength(1);
    sessions[0]?.tell({ type: 'speech.started', utterance: 2, atS: 20, continues: true });
    sessions[0]?.tell({ type: 'speech.ended', utterance: 2, atS: 22, cause: 'pause' });
    await turn();
    expect(sessions.map(({ options }) => options.language)).toEqual(['fr', 'en']);
  });

  test('what only a finalize would end is ended by a change', () => {
    const { chain, sessions } = bench();
    chain.change({ ...french, turn: { type: 'manual' } });
    chain.push(second);
    sessions[0]?.tell({ type: 'speech.started', utterance: 1, atS: 0.2 });
    chain.change(french);
    expect(sessions[0]?.asked).toEqual(['finish']);
    expect(sessions[1]?.options.turn).toEqual(french.turn);
  });

  test('a session that owes an answer to a finalize gives it before a change closes it', () => {
    const { chain, sessions } = bench();
    chain.finalize();
    chain.change(english);
    expect(sessions[0]).toMatchObject({ asked: ['finalize', 'finish'], closed: false });
  });

  test('texts of the new session wait for the last ones of the old, starts do not', async () => {
    const { chain, sessions, events } = bench();
    chain.push(second);
    chain.change(english);
    sessions[1]?.tell({ type: 'speech.started', utterance: 1, atS: 0 }, final(1, 'after', [0, 1]));
    sessions[0]?.tell(final(1, 'avant', [0, 1]));
    sessions[0]?.finished();
    await turn();
    const order = events.map((event) => (event.type === 'transcript.final' ? event.transcript.text : event.type));
    expect(order).toEqual(['speech.started', 'avant', 'after']);
    const numbers = events.flatMap((event) => (event.type === 'transcript.final' ? [event.transcript.utterance] : []));
    expect(new Set(numbers).size).toBe(2);
  });

  test('a flood of changes opens one session at a time, and the last change holds', async () => {
    const { chain, sessions } = bench();
    for (let count = 0; count < 1_000; count += 1) {
      chain.push(second);
      chain.change({ ...french, keyterms: [String(count)] });
    }
    expect(sessions).toHaveLength(2);
    sessions[0]?.finished();
    await turn();
    expect(sessions).toHaveLength(3);
    expect(sessions[2]?.options.keyterms).toEqual(['999']);
  });

  test('reading stops while any of the sessions cannot keep up', async () => {
    const { chain, sessions, pressure } = bench();
    chain.push(second);
    sessions[0]?.press(true);
    chain.change(english);
    sessions[1]?.press(true);
    expect(pressure).toEqual([true]);
    sessions[1]?.press(false);
    expect(pressure).toEqual([true]);
    sessions[0]?.finished();
    await turn();
    expect(pressure).toEqual([true, false]);
  });

  test('closed, it says nothing more and opens nothing', () => {
    const { chain, sessions, events } = bench();
    chain.push(second);
    chain.close();
    sessions[0]?.tell(final(1, 'trop tard', [0, 1]));
    chain.push(second);
    chain.change(english);
    chain.finalize();
    expect(events).toEqual([]);
    expect(sessions).toHaveLength(1);
  });
});
