import type { Language } from '@eloquence/shared/contracts/ids';
import type { Gender, OwnVoices, ProviderId } from './voice.ts';

/** A voice of the map. Without a language it speaks any: the request's, or the one its text is written in. */
export interface VoiceEntry {
  readonly language?: Language;
  readonly gender: Gender;
  readonly names: Readonly<Partial<Record<ProviderId, string>>>;
}

/** What each provider speaks with where the map names nothing. Rest's, Piper's and Mistral's depend on what they have. */
export const builtinOwnVoices = {
  openai: { fr: { female: 'coral', male: 'ash' }, en: { female: 'coral', male: 'ash' } },
  // Premade voices, which every account has: Charlotte and Daniel, Alice and George. All speak both languages.
  elevenlabs: {
    fr: { female: 'XB0fDUnXU5powFXDhCwa', male: 'onwK4e9ZLuTAKqWW03F9' },
    en: { female: 'Xb7hH8MSUJpSbSDYk0k2', male: 'JBFqnCBsd6RMkjVDRZzb' },
  },
  // A variant counts only behind the name of a voice's file: `fr+f3` is a woman, `fr-fr+f3` is silently the plain man.
  espeak: { fr: { female: 'fr+f3', male: 'fr' }, en: { female: 'en+f3', male: 'en' } },
} as const satisfies Partial<Record<ProviderId, OwnVoices>>;

/** Voices of the product. Coaches are each provider's own; who answers a telephone is somebody else. */
const logicalVoices = {
  'coach-fr': { language: 'fr', gender: 'female', names: {} },
  'coach-en': { language: 'en', gender: 'female', names: {} },
  'coach-homme-fr': { language: 'fr', gender: 'male', names: {} },
  'coach-man-en': { language: 'en', gender: 'male', names: {} },
  'accueil-fr': {
    language: 'fr',
    gender: 'female',
    names: { openai: 'nova', elevenlabs: 'pFZP5JQG7iQjIQuC4Bku', espeak: 'fr+f2' },
  },
  'reception-en': {
    language: 'en',
    gender: 'female',
    names: { openai: 'nova', elevenlabs: 'pFZP5JQG7iQjIQuC4Bku', espeak: 'en+f2' },
  },
  'accueil-homme-fr': {
    language: 'fr',
    gender: 'male',
    names: { openai: 'onyx', elevenlabs: 'JBFqnCBsd6RMkjVDRZzb', espeak: 'fr+m3' },
  },
  'reception-man-en': {
    language: 'en',
    gender: 'male',
    names: { openai: 'onyx', elevenlabs: 'onwK4e9ZLuTAKqWW03F9', espeak: 'en+m3' },
  },
} as const satisfies Record<string, VoiceEntry>;

/** OpenAI's thirteen names and how they sound; elsewhere a voice of the same gender stands in. */
const openaiGenders = {
  alloy: 'female',
  ash: 'male',
  ballad: 'male',
  cedar: 'male',
  coral: 'female',
  echo: 'male',
  fable: 'male',
  marin: 'female',
  nova: 'female',
  onyx: 'male',
  sage: 'female',
  shimmer: 'female',
  verse: 'male',
} as const satisfies Record<string, Gender>;

export const builtinVoices: Readonly<Record<string, VoiceEntry>> = {
  ...logicalVoices,
  ...Object.fromEntries(
    Object.entries(openaiGenders).map(([name, gender]): [string, VoiceEntry] => [
      name,
      { gender, names: { openai: name } },
    ]),
  ),
};
