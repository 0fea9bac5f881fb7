import type { Language } from '@eloquence/shared/contracts/ids';

export const providerIds = ['openai', 'elevenlabs', 'mistral', 'rest', 'piper', 'espeak'] as const;
export type ProviderId = (typeof providerIds)[number];

/** A voice that was asked for: one person, whoever of the providers lends the sound. */
export interface Voice {
  /** A logical name (`coach-fr`) or one of OpenAI's. */
  readonly id: string;
  readonly language: Language;
  readonly gender: 'female' | 'male';
  /** The name of the voice at each provider; one that is not named has its own for this language and gender. */
  readonly names: Readonly<Partial<Record<ProviderId, string>>>;
}
export type Gender = Voice['gender'];

/** What a provider speaks with when a voice has no name of its own there. */
export type OwnVoices = Readonly<Record<Language, Readonly<Record<Gender, string>>>>;
/** The same where it may have nothing for a language or a gender. */
export type PartialVoices = Readonly<Partial<Record<Language, Readonly<Partial<Record<Gender, string>>>>>>;

/** The name of a voice at a provider. */
export function nameAt(provider: ProviderId, voice: Voice, own: OwnVoices): string;
export function nameAt(provider: ProviderId, voice: Voice, own: PartialVoices): string | undefined;
export function nameAt(provider: ProviderId, voice: Voice, own: PartialVoices): string | undefined {
  return voice.names[provider] ?? own[voice.language]?.[voice.gender];
}
