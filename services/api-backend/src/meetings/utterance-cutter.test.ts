import { utteranceSchema } from '@eloquence/shared/contracts/sessions';
import { describe, expect, it } from 'vitest';
import { tokensOf, UtteranceCutter, utteranceOf, type Token } from './utterance-cutter.ts';

const by = { sessionId: 'ses_aaaaaaaaaaaaaaaaaaaa', speaker: 'anne.me', offsetMs: 60_000 } as const;
const word = (text: string, start_ms: number, end_ms: number, glued = false): Token => ({
  text,
  glued,
  start_ms,
  end_ms,
});

function cut(tokens: readonly Token[]): Token[][] {
  const cutter = new UtteranceCutter();
  return [...tokens.flatMap((token) => cutter.push(token)), ...cutter.flush()];
}
const texts = (tokens: readonly Token[]): string[] => cut(tokens).map((of) => utteranceOf(of, by).text);

describe('words', () => {
  it('keep what belongs to them in the text: punctuation, capitals, spaces', () => {
    const tokens = tokensOf(
      {
        type: 'transcript.text.delta',
        delta: ' « Bonjour, on boit de l’eau ? Oui ! »',
        words: ['Bonjour', 'on', 'boit', 'de', 'l’', 'eau', 'Oui'].map((text, n) => ({
          word: text,
          start: n,
          end: n + 0.5,
        })),
      },
      1_000,
    );
    expect(utteranceOf(tokens, by).text).toBe('« Bonjour, on boit de l’eau ? Oui ! »');
    expect(tokens[1]).toEqual({ text: 'on', glued: false, start_ms: 2_000, end_ms: 2_500 });
    expect(tokens.map(({ text }) => text)).toContain('eau ?');
  });

  it('stand for themselves where the text has others; where none are timed, the text is spread over its stretch', () => {
    const delta = { type: 'transcript.text.delta' as const, delta: '12 euros', start: 1, end: 3 };
    const words = [
      { word: ' douze', start: 1, end: 2 },
      { word: 'euros', start: 2, end: 3 },
    ];
    expect(tokensOf({ ...delta, words }, 0).map(({ text }) => text)).toEqual(['douze', 'euros']);
    expect(tokensOf(delta, 500)).toEqual([word('12', 1_500, 2_000), word('euros', 2_250, 3_500)]);
    expect(tokensOf({ ...delta, delta: ' Oui ? ', end: 1 }, 0).map(({ text }) => text)).toEqual(['Oui ?']);
    expect(tokensOf({ ...delta, delta: ' ' }, 0)).toEqual([]);
  });
});

const late = (n: number) => (n >= 30 ? 200 : 0);

describe('utterances', () => {
  it('end at pauses', () => {
    expect(texts([word('oui', 0, 300), word('merci', 1_050, 1_400), word('Bon', 2_200, 2_500)])).toEqual([
      'oui merci',
      'Bon',
    ]);
  });

  it('end with a sentence once they are long enough, not at an initial', () => {
    const said = Array.from({ length: 30 }, (_, n) => word(n % 5 === 4 ? 'fin.' : 'mot', n * 500, n * 500 + 450));
    expect(texts(said).map((text) => text.split(' ').length)).toEqual([20, 10]);
    const initials = [word('mot', 0, 7_900), word('M.', 8_000, 8_400), word('Dupont', 8_450, 9_000)];
    expect(texts(initials)).toEqual(['mot M. Dupont']);
  });

  it('are never longer than 20 s, and are cut where the silence is longest; no word is lost or doubled', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      let state = seed;
      const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
      let atMs = 0;
      const said = Array.from({ length: 120 }, (_, n) => {
        const start = atMs + Math.floor(next() * (next() < 0.02 ? 2_000 : 300));
        atMs = start + 50 + Math.floor(next() * 600);
        return word(`m${n}${next() < 0.05 ? '.' : ''}`, start, atMs);
      });
      const utterances = cut(said);
      expect(utterances.flat(), `seed ${seed}`).toEqual(said);
      for (const of of utterances) {
        expect((of.at(-1)?.end_ms ?? 0) - (of[0]?.start_ms ?? 0), `seed ${seed}`).toBeLessThanOrEqual(20_000);
        expect(utteranceSchema.parse(utteranceOf(of, by)).words).toHaveLength(of.length);
      }
    }
    const steady = Array.from({ length: 60 }, (_, n) => word('mot', n * 400 + late(n), n * 400 + 390 + late(n)));
    expect(texts(steady)[0]?.split(' ')).toHaveLength(30);
  });

  it('go on as before when what was said already is taken out of the beginning', () => {
    const said = Array.from({ length: 200 }, (_, n) => word(n % 7 === 6 ? 'fin.' : 'mot', n * 400, n * 400 + 350));
    const all = cut(said);
    const rest = said.slice(all[0]!.length + all[1]!.length);
    expect(cut(rest)).toEqual(all.slice(2));
  });
});

describe('ids', () => {
  const tokens = [word('oui', 61_000, 61_300)];
  const id = utteranceOf(tokens, by).utterance_id;

  it('are the same for the same, and others for any other session, speaker, place or text', () => {
    expect(utteranceOf(tokens, { ...by }).utterance_id).toBe(id);
    const others = [
      utteranceOf(tokens, { ...by, sessionId: 'ses_bbbbbbbbbbbbbbbbbbbb' }),
      utteranceOf(tokens, { ...by, speaker: 'anne.them' }),
      utteranceOf(tokens, { ...by, offsetMs: 60_001 }),
      utteranceOf([word('oui', 61_001, 61_300)], by),
      utteranceOf([word('non', 61_000, 61_300)], by),
    ].map((utterance) => utterance.utterance_id);
    expect(new Set([id, ...others]).size).toBe(6);
  });
});
