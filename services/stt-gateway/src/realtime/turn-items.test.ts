import { describe, expect, test } from 'vitest';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionEvent } from '../session/session-events.ts';
import { transcriptOf } from '../test-support/scripted-session.ts';
import { TurnItems, type RealtimeNews } from './turn-items.ts';

function bench(hearsTurns = true) {
  const told: RealtimeNews[] = [];
  const items = new TurnItems({ prefix: 'x', tell: (news) => told.push(news) });
  items.hearsTurns = hearsTurns;
  return {
    items,
    told,
  };
}

/** The name, and what distinguishes it from others of that name. */
function summarise(news: RealtimeNews): string {
  const name = news.type.replace(/^(input_audio_buffer|conversation\.item\.input_audio_transcription)\./, '');
  const members = news as Partial<Record<'delta' | 'transcript' | 'item_id', string>>;
  const said = members.delta ?? members.transcript;
  return [name, members.item_id, said === undefined ? undefined : JSON.stringify(said)].filter(Boolean).join(' ');
}

const started = (utterance: number, atS: number, continues?: true): SessionEvent => ({
  type: 'speech.started',
  utterance,
  atS,
  ...(continues && { continues }),
});
const ended = (utterance: number, atS: number, cause: 'pause' | 'cut' | 'finalize' | 'discarded'): SessionEvent => ({
  type: 'speech.ended',
  utterance,
  atS,
  cause,
});
const interim = (utterance: number, text: string, stable: string): SessionEvent => ({
  type: 'transcript.interim',
  transcript: transcriptOf(utterance, text, [0, 1]),
  stableWords: stable.split(' ').filter(Boolean),
});
const final = (
  utterance: number,
  text: string,
  span: readonly [number, number],
  flags: { pause?: boolean; fromFinalize?: boolean } = {},
): SessionEvent => ({
  type: 'transcript.final',
  transcript: transcriptOf(utterance, text, span),
  pause: flags.pause ?? true,
  fromFinalize: flags.fromFinalize ?? false,
});
const lost = (utterance: number): SessionEvent => ({
  type: 'utterance.lost',
  utterance,
  startS: 0,
  endS: 1,
  error: new AppError('upstream_failed', 'The engine failed.'),
});
/** The answer to a finalize when nothing was being said. */
const nothing = (atS: number) => final(0, '', [atS, atS], { pause: false, fromFinalize: true });

describe('with turns heard here', () => {
  test('a turn is started, stopped, committed, added and completed, in that order', () => {
    const { items, told } = bench();
    items.on(started(1, 0.4));
    items.on(ended(1, 1.2, 'pause'));
    items.on(final(1, 'Bonjour.', [0.1, 1.3]));
    expect(told.map(summarise)).toEqual([
      'speech_started item_x1',
      'speech_stopped item_x1',
      'committed item_x1',
      'conversation.item.added',
      'conversation.item.done',
      'delta item_x1 "Bonjour."',
      'completed item_x1 "Bonjour."',
    ]);
    expect(told[0]).toMatchObject({ audio_start_ms: 400 });
    expect(told[1]).toMatchObject({ audio_end_ms: 1_200 });
    expect(told.at(-1)).toMatchObject({ usage: { type: 'duration', seconds: 1.2 } });
  });

  test('deltas hold what is sure and only ever add to it', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(interim(1, 'je', ''));
    items.on(interim(1, 'je voudrais un', 'je'));
    items.on(interim(1, 'je voudrais une coupe', 'je voudrais'));
    items.on(ended(1, 2, 'pause'));
    items.on(final(1, 'je voudrais une coupe, merci', [0, 2]));
    const deltas = told.flatMap((news) => ('delta' in news ? [news.delta] : []));
    expect(deltas).toEqual(['je', ' voudrais', ' une coupe, merci']);
    expect(deltas.join('')).toBe('je voudrais une coupe, merci');
  });

  test('a final that contradicts its deltas sends no more of them: completed puts it right', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(interim(1, 'je voudrais', 'je'));
    items.on(ended(1, 2, 'pause'));
    items.on(final(1, 'Jeu voulu', [0, 2]));
    expect(told.flatMap((news) => ('delta' in news ? [news.delta] : []))).toEqual(['je']);
    expect(told.at(-1)).toMatchObject({ transcript: 'Jeu voulu' });
  });

  test('speech of a minute without a pause is one turn, its pieces joined', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 20, 'cut'));
    items.on(started(2, 20, true));
    items.on(final(1, 'première partie', [0, 20], { pause: false }));
    items.on(interim(2, 'et la suite', 'et la'));
    items.on(ended(2, 30, 'pause'));
    items.on(final(2, 'et la suite', [20, 30]));
    expect(told.map(summarise).filter((name) => !name.startsWith('conversation.item'))).toEqual([
      'speech_started item_x1',
      'delta item_x1 "première partie"',
      'delta item_x1 " et la"',
      'speech_stopped item_x1',
      'committed item_x1',
      'delta item_x1 " suite"',
      'completed item_x1 "première partie et la suite"',
    ]);
  });

  test('a turn that begins before the text of the one before keeps its deltas until that is out', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 1, 'pause'));
    items.on(started(2, 1.5));
    items.on(interim(2, 'deux mots', 'deux'));
    items.on(final(1, 'un', [0, 1]));
    items.on(interim(2, 'deux mots', 'deux mots'));
    const names = told.map(summarise);
    expect(names.indexOf('completed item_x1 "un"')).toBeLessThan(names.indexOf('delta item_x2 "deux mots"'));
    expect(names.filter((name) => name.startsWith('delta item_x2'))).toHaveLength(1);
  });

  test('a commit after silence has ended the turn gives an empty item, never an error', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 1, 'pause'));
    items.commit(1.6);
    // The final under way answers the commit.
    items.on(final(1, 'oui', [0, 1.2], { fromFinalize: true }));
    expect(told.map(summarise).filter((name) => /^(committed|completed|error)/.test(name))).toEqual([
      'committed item_x1',
      'committed item_x2',
      'completed item_x1 "oui"',
      'completed item_x2 ""',
    ]);
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'input_audio_buffer.committed',
        item_id: 'item_x2',
        previous_item_id: 'item_x1',
      }),
    );
  });

  test('a commit in the middle of speech ends that turn, and what is said next is another', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.commit(1);
    items.on(ended(1, 1, 'finalize'));
    items.on(started(2, 1, true));
    items.on(final(1, 'avant', [0, 1], { fromFinalize: true }));
    items.on(ended(2, 2, 'pause'));
    items.on(final(2, 'après', [1, 2]));
    expect(told.map(summarise).filter((name) => !/^(delta|conversation)/.test(name))).toEqual([
      'speech_started item_x1',
      'speech_stopped item_x1',
      'committed item_x1',
      'speech_started item_x2',
      'completed item_x1 "avant"',
      'speech_stopped item_x2',
      'committed item_x2',
      'completed item_x2 "après"',
    ]);
  });

  test('speech that came to nothing is completed with no text', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 1, 'pause'));
    items.on(final(1, '', [0, 1]));
    expect(told.map(summarise).at(-1)).toBe('completed item_x1 ""');
  });

  test('what could not be transcribed has failed, and is not an error of the session', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 1, 'pause'));
    items.on(lost(1));
    items.on(final(1, '', [0, 1]));
    expect(told.map(summarise).slice(-1)).toEqual(['failed item_x1']);
    expect(told.at(-1)).toMatchObject({ error: { type: 'server_error', code: 'upstream_failed' } });
  });

  test('a turn that lost a part is told to have, and its rest is not lost', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 20, 'cut'));
    items.on(started(2, 20, true));
    items.on(ended(2, 22, 'pause'));
    items.on(lost(1));
    items.on(final(1, '', [0, 20], { pause: false }));
    items.on(final(2, 'la fin', [20, 22]));
    expect(told.map(summarise).slice(-2)).toEqual(['failed item_x1', 'completed item_x1 "la fin"']);
  });

  test('clear forgets the turn: it stops, and its text never comes', () => {
    const { items, told } = bench();
    items.on(started(1, 0));
    items.on(ended(1, 20, 'cut'));
    items.on(started(2, 20, true));
    items.clear(21);
    items.on(ended(2, 21, 'discarded'));
    items.on(final(1, 'oubliez cela', [0, 20], { pause: false }));
    items.on(started(3, 22));
    items.on(ended(3, 23, 'pause'));
    items.on(final(3, 'ceci', [22, 23]));
    expect(told.map(summarise).filter((name) => !/^(delta|conversation)/.test(name))).toEqual([
      'speech_started item_x1',
      'speech_stopped item_x1',
      'cleared',
      'speech_started item_x2',
      'speech_stopped item_x2',
      'committed item_x2',
      'completed item_x2 "ceci"',
    ]);
  });
});

describe('with turns ended by the client', () => {
  test('nothing but a commit ends a turn: forced cuts are one item with one text', () => {
    const { items, told } = bench(false);
    items.on(started(1, 0));
    items.on(ended(1, 20, 'cut'));
    items.on(final(1, 'un', [0, 20], { pause: false }));
    items.on(started(2, 20, true));
    items.commit(25);
    items.on(ended(2, 25, 'finalize'));
    items.on(final(2, 'deux', [20, 25], { fromFinalize: true }));
    expect(told.map(summarise).filter((name) => !/^(delta|conversation)/.test(name))).toEqual([
      'committed item_x1',
      'completed item_x1 "un deux"',
    ]);
  });

  test('speech before a commit that is heard after it still belongs to it', () => {
    const { items, told } = bench(false);
    items.commit(1);
    items.on(started(1, 0.5));
    items.on(started(2, 1.4));
    items.on(final(1, 'avant', [0.2, 1], { fromFinalize: true }));
    items.commit(2);
    items.on(final(2, 'après', [1.1, 2], { fromFinalize: true }));
    expect(told.map(summarise).filter((name) => name.startsWith('completed'))).toEqual([
      'completed item_x1 "avant"',
      'completed item_x2 "après"',
    ]);
  });

  test('commits with nothing said are each answered with an empty item', () => {
    const { items, told } = bench(false);
    items.commit(1);
    items.commit(1);
    items.on(nothing(1));
    items.on(nothing(1));
    expect(told.map(summarise).filter((name) => name.startsWith('completed'))).toEqual([
      'completed item_x1 ""',
      'completed item_x2 ""',
    ]);
    expect(items.waiting).toBe(0);
  });

  test('speech that is discarded after its commit keeps nothing waiting', () => {
    const { items, told } = bench(false);
    items.commit(1);
    items.on(started(1, 0.9));
    items.on(ended(1, 1.5, 'discarded'));
    items.on(nothing(1));
    expect(told.map(summarise).at(-1)).toBe('completed item_x1 ""');
  });

  test('a commit whose answer never came is answered by what is said after it', () => {
    const { items, told } = bench(false);
    items.commit(1);
    items.on(started(1, 2));
    expect(told.map(summarise).filter((name) => name.startsWith('completed'))).toEqual(['completed item_x1 ""']);
  });
});

test('clients of the beta are told of items in its words too', () => {
  const { items, told } = bench(false);
  items.beta = true;
  items.commit(0);
  expect(told.map(({ type }) => type)).toContain('conversation.item.created');
});

test('commits poured in faster than text comes: each text is in the turn it was said in', () => {
  const { items, told } = bench(false);
  for (let turn = 1; turn <= 3; turn += 1) items.commit(turn);
  // The second turn is heard before the text of the first is there.
  for (let turn = 1; turn <= 3; turn += 1) {
    items.on(started(turn, turn - 0.9));
    items.on(ended(turn, turn - 0.1, 'finalize'));
    if (turn > 1) items.on(final(turn - 1, `mot ${turn - 1}`, [turn - 2, turn - 1], { fromFinalize: true }));
  }
  items.on(final(3, 'mot 3', [2, 3], { fromFinalize: true }));
  expect(told.map(summarise).filter((line) => line.startsWith('completed'))).toEqual([
    'completed item_x1 "mot 1"',
    'completed item_x2 "mot 2"',
    'completed item_x3 "mot 3"',
  ]);
  expect(items.waiting).toBe(0);
});
