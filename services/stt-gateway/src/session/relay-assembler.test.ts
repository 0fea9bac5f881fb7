import { describe, expect, test } from 'vitest';
import type { StreamResult } from '../engines/engine.ts';
import { RelayAssembler } from './relay-assembler.ts';
import type { SessionEvent } from './session-events.ts';

const options = { language: 'fr', interims: true, pausesEnd: true, utteranceEnds: true };

/** A result of `text` between two times, its words evenly over it. */
function result(startS: number, endS: number, text: string, flags: Partial<StreamResult> = {}): StreamResult {
  const words = text.split(' ').filter(Boolean);
  const step = (endS - startS) / Math.max(1, words.length);
  return {
    type: 'result',
    startS,
    endS,
    text,
    words: words.map((word, index) => ({
      word,
      startS: startS + index * step,
      endS: startS + (index + 1) * step,
      probability: 0.9,
    })),
    confidence: 0.9,
    language: undefined,
    final: true,
    pause: false,
    fromFinalize: false,
    ...flags,
  };
}

/** Events as short lines. */
const brief = (events: readonly SessionEvent[]) =>
  events.map((event) => {
    switch (event.type) {
      case 'speech.started':
        return `started ${event.utterance}${event.continues ? ' again' : ''}`;
      case 'speech.ended':
        return `ended ${event.utterance} ${event.cause}`;
      case 'transcript.interim':
        return `interim ${event.transcript.utterance} [${event.stableWords.join(' ')}] ${event.transcript.text}`;
      case 'transcript.final':
        return `final ${event.transcript.utterance} ${event.pause ? 'pause' : 'cut'}${event.fromFinalize ? ' asked' : ''}: ${event.transcript.text}`;
      case 'utterance.ended':
        return `utterance ended ${event.lastWordEndS}`;
      case 'utterance.lost':
        return `lost ${event.utterance}`;
    }
  });

describe('RelayAssembler', () => {
  test('makes one final of an utterance’s finals; those before the pause are the stable words of its interims', () => {
    const assembler = new RelayAssembler(options);
    const told = [
      assembler.take({ type: 'started', atS: 0.1 }, false),
      assembler.take(result(0, 1, 'bon', { final: false }), false),
      assembler.take(result(0, 2, 'bonjour madame'), false),
      assembler.take(result(2, 3, 'je voudrais', { final: false }), false),
      assembler.take(result(2, 4, 'je voudrais un pain', { pause: true }), false),
    ].flat();
    expect(brief(told)).toEqual([
      'started 1',
      'interim 1 [] bon',
      'interim 1 [bonjour madame] bonjour madame',
      'interim 1 [bonjour madame] bonjour madame je voudrais',
      'ended 1 pause',
      'final 1 pause: bonjour madame je voudrais un pain',
    ]);
    expect(told.at(-1)).toMatchObject({
      transcript: { startS: 0.1, endS: 4, language: 'fr', confidence: expect.closeTo(0.9) },
    });
  });

  test('what is stable is told when the stream fails, and where another has to hear from', () => {
    const assembler = new RelayAssembler(options);
    assembler.take(result(0, 2, 'bonjour madame'), false);
    assembler.take(result(2, 3, 'je voud', { final: false }), false);
    expect(assembler.neededFromS).toBe(2);
    expect(brief(assembler.end({ cause: 'cut', fromFinalize: false, atS: 2 }))).toEqual([
      'ended 1 cut',
      'final 1 cut: bonjour madame',
    ]);
    expect(brief(assembler.take(result(2, 3, 'je voudrais', { final: false }), false))[0]).toBe('started 2 again');
  });

  test('keeps a little of the silence for another to hear, nothing of the last word', () => {
    const assembler = new RelayAssembler(options);
    assembler.take(result(0, 5, ''), false);
    expect(assembler.neededFromS).toBeCloseTo(4.7);
    const words = [{ word: 'oui', startS: 5, endS: 5.9, probability: 1 }];
    assembler.take(result(5, 6, 'oui', { words }), false);
    expect(assembler.neededFromS).toBeCloseTo(5.9);
  });

  test('an utterance too long is cut at a final, and the next start is the same speaker', () => {
    const assembler = new RelayAssembler({ ...options, interims: false });
    const told = [
      assembler.take(result(0, 12, 'un'), false),
      assembler.take(result(12, 21, 'deux'), false),
      assembler.take(result(21, 23, 'trois', { pause: true }), false),
    ].flat();
    expect(brief(told)).toEqual([
      'started 1',
      'ended 1 cut',
      'final 1 cut: un deux',
      'started 2 again',
      'ended 2 pause',
      'final 2 pause: trois',
    ]);
  });

  test('pauses end nothing in manual turns; Finalize does', () => {
    const assembler = new RelayAssembler({ ...options, pausesEnd: false });
    assembler.take(result(0, 2, 'un', { pause: true }), false);
    expect(brief(assembler.take(result(2, 4, 'deux', { pause: true, fromFinalize: true }), true))).toEqual([
      'ended 1 finalize',
      'final 1 pause asked: un deux',
    ]);
  });

  test('what was announced for a noise is closed with nothing', () => {
    const assembler = new RelayAssembler(options);
    const told = [
      assembler.take({ type: 'started', atS: 1 }, false),
      assembler.take(result(0, 1.5, ''), false),
      assembler.take(result(1.5, 3, ''), false),
      assembler.take(result(3, 4, 'oui', { pause: true }), false),
    ].flat();
    expect(brief(told)).toEqual([
      'started 1',
      'ended 1 pause',
      'final 1 pause: ',
      'started 2',
      'ended 2 pause',
      'final 2 pause: oui',
    ]);
  });

  test('a long silence ends what no pause has ended, and is told', () => {
    const assembler = new RelayAssembler(options);
    assembler.take(result(0, 2, 'bonjour'), false);
    expect(brief(assembler.take({ type: 'utterance_end', lastWordEndS: 1.8 }, false))).toEqual([
      'ended 1 pause',
      'final 1 pause: bonjour',
      'utterance ended 1.8',
    ]);
  });

  test('nothing comes for what was discarded; of a result that overlaps it, the words after', () => {
    const assembler = new RelayAssembler(options);
    assembler.take(result(0, 2, 'bonjour madame'), false);
    expect(brief(assembler.discard(2.5))).toEqual(['ended 1 discarded']);
    expect(assembler.neededFromS).toBe(2.5);
    expect(assembler.take(result(2, 2.5, 'je', { fromFinalize: true }), false)).toEqual([]);
    expect(brief(assembler.take(result(2, 4, 'je voudrais un pain', { pause: true }), false))).toEqual([
      'started 2',
      'ended 2 pause',
      'final 2 pause: voudrais un pain',
    ]);
  });
});
