import type { Language } from '@eloquence/shared/contracts/ids';

export type ProviderId = 'openai' | 'elevenlabs' | 'mistral' | 'rest' | 'piper' | 'espeak';

/** A voice that was asked for: one person, whoever of the providers lends the sound. */
export interface Voice {
  /** A logical name (`coach-fr`) or one of OpenAI's. */
  readonly id: string;
  readonly language: Language;
  readonly gender: 'female' | 'male';
  /** The name of the voice at each provider; one that is not named has its own for this language and gender. */
  readonly names: Readonly<Partial<Record<ProviderId, string>>>;
}
