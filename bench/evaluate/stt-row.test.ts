import { describe, expect, test } from 'vitest';
import { summarize, type ClipResult } from './stt-row.ts';

function result(
  callS: number,
  live: Partial<ClipResult['live'] & object> | null,
  heard = 'bonjour madame',
): ClipResult {
  const played = live && { text: 'bonjour madame', finalMs: 500, errors: [], ...live };
  return { clip: 'x', said: 'Bonjour, madame !', audioS: 2, heard, callS, live: played };
}

describe('the summary of a run', () => {
  test('counts words over all clips, not the mean of the clips', () => {
    const long = { ...result(1, null, 'un deux trois quatre cinq six'), said: 'un deux trois quatre cinq six' };
    const { words } = summarize([result(1, null, 'bonsoir monsieur'), long], true).direct;
    expect(words).toEqual({ errors: 2, referenceWords: 8, rate: 0.25 });
  });

  test('has the time of the typical and of the slow call, and work per second of audio', () => {
    const callsS = Array.from({ length: 20 }, (_, index) => (index + 1) / 10);
    const { direct, audioS } = summarize(
      callsS.map((callS) => result(callS, null)),
      true,
    );
    expect(direct).toMatchObject({ callP50S: 1, callP95S: 1.9 });
    expect(audioS).toBe(40);
    expect(direct.realTimeFactor).toBeCloseTo(21 / 40, 10);
  });

  test('tells what was not heard live, whose words are wrong words too', () => {
    const { live } = summarize(
      [
        result(1, {}),
        result(1, { finalMs: 900 }),
        result(1, { text: '', finalMs: undefined, errors: ['unavailable: away'] }),
      ],
      true,
    );
    expect(live).toEqual({
      words: { errors: 2, referenceWords: 6, rate: 1 / 3 },
      finalP50Ms: 500,
      finalP95Ms: 900,
      unheard: 1,
      errors: ['unavailable: away'],
    });
  });

  test('judges no words of random weights', () => {
    const summary = summarize([result(1, {})], false);
    expect([summary.direct.words, summary.live?.words]).toEqual([null, null]);
  });

  test('without the gateway has no live part', () => {
    expect(summarize([result(1, null)], true).live).toBeNull();
  });
});
