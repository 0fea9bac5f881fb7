import { describe, expect, test } from 'vitest';
import { LanguageMemory } from './language-memory.ts';

const final = (language: string | undefined, words: number, confidence: number) => ({ language, words, confidence });

describe('LanguageMemory', () => {
  test('a language given by the client is never doubted', () => {
    const memory = new LanguageMemory('fr-FR');
    for (let count = 0; count < 5; count += 1) memory.learn(final('en', 10, 0.1));
    expect(memory.current).toBe('fr-FR');
  });

  test('one clear sentence settles it', () => {
    const memory = new LanguageMemory(undefined);
    expect(memory.current).toBeUndefined();
    memory.learn(final('fr', 3, 0.8));
    expect(memory.current).toBe('fr');
  });

  test('a lone "ok" does not; two finals that agree do', () => {
    const memory = new LanguageMemory(undefined);
    memory.learn(final('en', 1, 0.95));
    expect(memory.current).toBeUndefined();
    memory.learn(final('fr', 1, 0.6));
    expect(memory.current).toBeUndefined();
    memory.learn(final('fr', 2, 0.6));
    expect(memory.current).toBe('fr');
  });

  test('poor finals and finals without words or language are no evidence', () => {
    const memory = new LanguageMemory(undefined);
    for (const evidence of [final('fr', 5, 0.3), final('fr', 0, 1), final(undefined, 5, 0.9), final('fr', 4, 0.2)])
      memory.learn(evidence);
    expect(memory.current).toBeUndefined();
  });

  test('three poor finals in a row open it again, a good one in between keeps it', () => {
    const memory = new LanguageMemory(undefined);
    memory.learn(final('fr', 6, 0.9));
    for (const confidence of [0.2, 0.2, 0.8, 0.2, 0.2]) memory.learn(final('fr', 4, confidence));
    expect(memory.current).toBe('fr');
    memory.learn(final('fr', 4, 0.2));
    expect(memory.current).toBeUndefined();
    memory.learn(final('en', 6, 0.9));
    expect(memory.current).toBe('en');
  });
});
