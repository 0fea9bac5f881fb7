import { describe, expect, test } from 'vitest';
import type { Transcript } from '../session/session-events.ts';
import { cuesOf, toSrt, toVtt } from './subtitles.ts';

/** A word every 400 ms, said for 300 ms. */
function spoken(text: string, startS = 0, stepS = 0.4): Transcript {
  const words = text.split(' ').map((word, index) => ({
    word,
    startS: startS + index * stepS,
    endS: startS + index * stepS + 0.3,
    probability: 1,
  }));
  const endS = words.at(-1)?.endS ?? startS;
  return { utterance: 1, startS, endS, text, words, confidence: 1, language: 'fr', segments: [] };
}

describe('captions', () => {
  test('have lines of 42 characters at most, two at most, and 7 s at most', () => {
    const text = Array.from({ length: 60 }, (_, index) => `parole${index}`).join(' ');
    const cues = cuesOf([spoken(text)]);
    expect(cues.length).toBeGreaterThan(3);
    for (const { lines, startS, endS } of cues) {
      expect(lines.length).toBeLessThanOrEqual(2);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
      expect(endS - startS).toBeLessThanOrEqual(7);
    }
    expect(cues.flatMap(({ lines }) => lines).join(' ')).toBe(text);
  });

  test('never overlap, and go on in time from window to window', () => {
    const cues = cuesOf([spoken('un deux trois', 0), spoken('quatre cinq', 1), spoken('six', 40)]);
    for (const [index, cue] of cues.entries()) {
      expect(cue.endS).toBeGreaterThan(cue.startS);
      expect(cue.startS).toBeGreaterThanOrEqual(cues[index - 1]?.endS ?? 0);
    }
    expect(cues.at(-1)).toEqual({ startS: 40, endS: 40.5, lines: ['six'] });
  });

  test('a pause and the end of a sentence begin a new one', () => {
    const sentence = cuesOf([spoken('Je voudrais un rendez-vous. Merci beaucoup')]);
    expect(sentence.map(({ lines }) => lines)).toEqual([['Je voudrais un rendez-vous.'], ['Merci beaucoup']]);
    const pause = cuesOf([{ ...spoken('oui'), words: [...spoken('oui').words, ...spoken('non', 1.5).words] }]);
    expect(pause.map(({ lines }) => lines)).toEqual([['oui'], ['non']]);
  });

  test('without word times the text is spread over its segments', () => {
    const segments = [
      {
        startS: 10,
        endS: 12,
        text: 'un deux',
        avgLogprob: undefined,
        compressionRatio: undefined,
        noSpeechProb: undefined,
      },
    ];
    expect(cuesOf([{ ...spoken('un deux', 9), words: [], segments }])).toEqual([
      { startS: 10, endS: 12, lines: ['un deux'] },
    ]);
  });

  test('a word longer than a line has one to itself', () => {
    const long = 'x'.repeat(60);
    expect(cuesOf([spoken(`un ${long} deux`)]).map(({ lines }) => lines)).toEqual([['un'], [long], ['deux']]);
  });

  test('nothing said is no caption', () => {
    expect(cuesOf([])).toEqual([]);
    expect(toSrt([])).toBe('');
    expect(toVtt([])).toBe('WEBVTT\n\n');
  });
});

test('SubRip counts from 1 and has commas in its times, hours included', () => {
  const cues = [
    { startS: 0, endS: 1.5, lines: ['bonjour'] },
    { startS: 3_661.25, endS: 3_662, lines: ['un', 'deux'] },
  ];
  expect(toSrt(cues)).toBe(
    '1\n00:00:00,000 --> 00:00:01,500\nbonjour\n\n2\n01:01:01,250 --> 01:01:02,000\nun\ndeux\n\n',
  );
});

test('WebVTT keeps markup as text', () => {
  expect(toVtt([{ startS: 0.0004, endS: 59.9996, lines: ['a --> b <i> & c'] }])).toBe(
    'WEBVTT\n\n00:00:00.000 --> 00:01:00.000\na --&gt; b &lt;i&gt; &amp; c\n\n',
  );
});
