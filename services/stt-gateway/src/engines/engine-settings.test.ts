import { describe, expect, test } from 'vitest';
import { readConfig } from '../config.ts';

const engines = (env: Record<string, string>) =>
  readConfig({ INTERNAL_API_KEY: 'a-key-of-sixteen-characters', ...env }).engines;
const names = (env: Record<string, string>) => engines(env).map(({ name }) => name);

describe('STT_ENGINES', () => {
  test('left out is our own model, with Deepgram before it where its key is set', () => {
    expect(names({})).toEqual(['whisper']);
    expect(names({ DEEPGRAM_API_KEY: 'k' })).toEqual(['deepgram', 'whisper']);
  });

  test('keys that are there for other things send no speech away', () => {
    expect(names({ OPENAI_API_KEY: 'k', GROQ_API_KEY: 'k', MISTRAL_API_KEY: 'k' })).toEqual(['whisper']);
  });

  test('names engines in order of preference; auto may be one of them', () => {
    expect(names({ STT_ENGINES: 'Whisper, groq ,openai', GROQ_API_KEY: 'k', OPENAI_API_KEY: 'k' })).toEqual([
      'whisper',
      'groq',
      'openai',
    ]);
    expect(names({ STT_ENGINES: 'auto,groq', GROQ_API_KEY: 'k' })).toEqual(['whisper', 'groq']);
  });

  test('an address is taken with and without /v1', () => {
    const rest = { STT_ENGINES: 'rest', STT_REST_MODEL: 'm' };
    for (const url of ['http://speaches:8000', 'http://speaches:8000/v1', 'http://speaches:8000/v1/'])
      expect(engines({ ...rest, STT_REST_URL: url })).toEqual([
        { name: 'rest', url: 'http://speaches:8000/v1', key: undefined, model: 'm' },
      ]);
  });

  test.each([
    [{ STT_ENGINES: 'deepgramm' }, 'STT_ENGINES: there is no deepgramm; use auto or any of deepgram, whisper,'],
    [{ STT_ENGINES: 'deepgram' }, 'STT_ENGINES: deepgram needs DEEPGRAM_API_KEY'],
    [{ STT_ENGINES: 'rest' }, 'STT_ENGINES: rest needs STT_REST_URL'],
    [{ STT_ENGINES: 'rest', STT_REST_URL: 'http://a' }, 'STT_ENGINES: rest needs STT_REST_MODEL'],
    [{ STT_ENGINES: ' , ' }, 'STT_ENGINES: names no engine'],
  ])('%o names the fault and its fix', (env, sentence) => {
    expect(() => engines(env)).toThrow(sentence);
  });

  test('all faults are told at once, and no key', () => {
    expect(() => engines({ STT_ENGINES: 'groq,nova,mistral', OPENAI_API_KEY: 'sk-secret' })).toThrow(
      /nova[\s\S]*GROQ_API_KEY[\s\S]*MISTRAL_API_KEY/,
    );
  });
});
