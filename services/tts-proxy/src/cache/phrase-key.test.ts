import { expect, test } from 'vitest';
import { phraseKey, type Phrase } from './phrase-key.ts';

const phrase: Phrase = {
  utterance: {
    text: 'Bonjour, je suis à vous dans un instant.',
    voice: { id: 'coach-fr', language: 'fr', gender: 'female', names: {} },
    speed: 1,
  },
  provider: { id: 'openai', identity: 'gpt-4o-mini-tts/coral' },
  normaliserVersion: 1,
};
const key = phraseKey(phrase);
const but = (utterance: Partial<Phrase['utterance']>) =>
  phraseKey({ ...phrase, utterance: { ...phrase.utterance, ...utterance } });

test('the same phrase has the same key, however its accents are composed and whatever the voice is called here', () => {
  expect(but({ text: phrase.utterance.text.normalize('NFD') })).toBe(key);
  expect(but({ voice: { ...phrase.utterance.voice, id: 'alloy' } })).toBe(key);
  expect(but({ instructions: '' })).toBe(key);
});

test('all that changes the sound changes the key', () => {
  const keys = [
    key,
    but({ text: 'Bonjour, je suis à vous dans un instant' }),
    but({ voice: { ...phrase.utterance.voice, language: 'en' } }),
    but({ speed: 1.1 }),
    but({ instructions: 'Whisper.' }),
    phraseKey({ ...phrase, provider: { id: 'openai', identity: 'tts-1/coral' } }),
    phraseKey({ ...phrase, provider: { id: 'rest', identity: 'gpt-4o-mini-tts/coral' } }),
    phraseKey({ ...phrase, normaliserVersion: 2 }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('members cannot be shifted into each other', () => {
  const one = but({ instructions: 'a', text: 'b c' });
  const other = but({ instructions: 'a\u00001:1\u00003:b', text: 'c' });
  expect(one).not.toBe(other);
  expect(phraseKey({ ...phrase, provider: { id: 'rest', identity: '1:a' } })).not.toBe(
    phraseKey({ ...phrase, provider: { id: 'rest', identity: '1:a\u00002:fr' } }),
  );
});

test('a key tells no word', () => {
  expect(key).toMatch(/^[0-9a-f]{64}$/);
});
