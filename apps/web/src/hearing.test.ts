import type { Engine } from '@eloquence/shared/contracts/engine';
import { describe, expect, it } from 'vitest';
import { hearingOf, startLanguage } from './hearing.ts';

const whisper: Engine = { id: 'w', label: 'Whisper', label_fr: 'Whisper', demo: false };
const demo: Engine = { ...whisper, demo: true, languages: ['fr'], examples: { fr: ['Donnez-moi un conseil'] } };

describe('hearingOf', () => {
  it('expects free speech of a real model, and of one nobody knows yet', () => {
    expect(hearingOf(whisper, 'en')).toEqual({ understands: 'free' });
    expect(hearingOf(null, 'fr')).toEqual({ understands: 'free' });
    expect(hearingOf(undefined, 'en')).toEqual({ understands: 'free' });
  });

  it('names the sentences of a stand-in, and the languages it does not know', () => {
    expect(hearingOf(demo, 'fr')).toEqual({ understands: 'prepared', examples: ['Donnez-moi un conseil'] });
    expect(hearingOf(demo, 'en')).toEqual({ understands: 'none' });
    expect(hearingOf({ ...whisper, languages: ['en'] }, 'fr')).toEqual({ understands: 'none' });
  });
});

describe('startLanguage', () => {
  it.each([
    [whisper, ['fr', 'en'], 'en', 'en'],
    [demo, ['fr', 'en'], 'en', 'fr'],
    [demo, ['fr', 'en'], 'fr', 'fr'],
    [demo, ['en'], 'fr', 'en'],
    [null, ['fr'], 'en', 'fr'],
  ] as const)('%o, %j, wanted %s: %s', (recogniser, offered, wanted, start) => {
    expect(startLanguage(recogniser, offered, wanted)).toBe(start);
  });
});
