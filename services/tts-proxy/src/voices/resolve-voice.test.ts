import { voiceListSchema } from '@eloquence/shared/contracts/tts';
import { describe, expect, it } from 'vitest';
import { builtinOwnVoices } from './builtin-voices.ts';
import { resolveVoice, voiceForModel, voiceList } from './resolve-voice.ts';
import { nameAt } from './voice.ts';
import { builtinMap } from './voice-map.ts';

const resolve = (name: string, text = '', language?: 'fr' | 'en') =>
  resolveVoice(builtinMap, name, { text, ...(language && { language }) });

describe('resolveVoice', () => {
  it('knows the logical voices, their languages and genders', () => {
    expect(resolve('coach-fr', 'Hello')).toMatchObject({ language: 'fr', gender: 'female' });
    expect(resolve('coach-man-en', 'Bonjour')).toMatchObject({ language: 'en', gender: 'male' });
    expect(resolve('accueil-fr')).toMatchObject({ id: 'accueil-fr', language: 'fr', gender: 'female' });
    expect(resolve('reception-en')).toMatchObject({ language: 'en', gender: 'female' });
  });

  it('speaks the language of the request, and then no local voice of another language', () => {
    const voice = resolve('accueil-homme-fr', '', 'en');
    expect(voice).toMatchObject({ language: 'en', gender: 'male', names: { openai: 'onyx' } });
    expect(nameAt('espeak', voice, builtinOwnVoices.espeak)).toBe('en');
  });

  it('knows OpenAI’s thirteen: the text says the language, and others lend a voice of the same gender', () => {
    expect(resolve('nova', 'Hello, how are you today?')).toMatchObject({ language: 'en', names: { openai: 'nova' } });
    const onyx = resolve('onyx', 'Bonjour, comment allez-vous ?');
    expect(onyx).toMatchObject({ language: 'fr', gender: 'male' });
    expect(nameAt('espeak', onyx, builtinOwnVoices.espeak)).toBe('fr');
    expect(nameAt('openai', onyx, builtinOwnVoices.openai)).toBe('onyx');
  });

  it('keeps language and gender at every provider that has own voices', () => {
    const own = builtinOwnVoices;
    const names = (['openai', 'elevenlabs', 'espeak'] as const).flatMap((id) =>
      (['fr', 'en'] as const).flatMap((language) => [own[id][language].female, own[id][language].male]),
    );
    for (const id of ['openai', 'elevenlabs', 'espeak'] as const)
      for (const language of ['fr', 'en'] as const) expect(own[id][language].female).not.toBe(own[id][language].male);
    expect(names.every((name) => name.length > 0)).toBe(true);
  });

  it('refuses another and lists what there is', () => {
    for (const name of ['zorglub', '__proto__', 'constructor', 'toString'])
      expect(() => resolve(name, 'a')).toThrow(/coach-fr, coach-en, coach-homme-fr[\s\S]*alloy/);
  });
});

describe('voiceForModel', () => {
  it.each([
    ['aura-2-thalia-en', 'coach-en'],
    ['aura-2-apollo-en', 'coach-man-en'],
    ['aura-2-hector-fr', 'coach-homme-fr'],
    ['aura-2-agathe-fr', 'coach-fr'],
    ['aura-asteria-en', 'coach-en'],
    ['accueil-fr', 'accueil-fr'],
    ['aura-2-nestor-es', 'coach-fr'],
    ['gpt-9', 'coach-fr'],
  ])('speaks %s with %s', (model, id) => {
    expect(voiceForModel(builtinMap, model).id).toBe(id);
  });

  it('without a model speaks the request’s language, the text’s, French', () => {
    expect(voiceForModel(builtinMap, undefined).id).toBe('coach-fr');
    expect(voiceForModel(builtinMap, undefined, { text: 'Hello, how are you?' }).id).toBe('coach-en');
    expect(voiceForModel(builtinMap, 'aura-2-zeus-en', { language: 'fr' }).id).toBe('coach-homme-fr');
  });
});

describe('voiceList', () => {
  it('has every voice with what the providers here speak it with', () => {
    const list = voiceListSchema.parse(
      voiceList(builtinMap, [
        { id: 'elevenlabs', voices: builtinOwnVoices.elevenlabs },
        { id: 'mistral', voices: {} },
        { id: 'piper', voices: { fr: { female: '/home/me/fr_FR-siwis-medium.onnx' } } },
        { id: 'espeak', voices: builtinOwnVoices.espeak },
      ]),
    );
    expect(list.voices).toHaveLength(8 + 13);
    expect(list.voices.find(({ id }) => id === 'accueil-fr')).toEqual({
      id: 'accueil-fr',
      name: 'accueil-fr',
      languages: ['fr'],
      gender: 'female',
      providers: { elevenlabs: 'pFZP5JQG7iQjIQuC4Bku', piper: 'fr_FR-siwis-medium', espeak: 'fr+f2' },
    });
    expect(list.voices.find(({ id }) => id === 'onyx')?.languages).toEqual(['fr', 'en']);
  });
});
