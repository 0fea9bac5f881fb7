import type { Language } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import { guessLanguage } from '@eloquence/shared/runtime/guess-language';
import * as z from 'zod';

/** OpenAI's thirteen names: real voices there, spoken by the language's local voice elsewhere. */
const OPENAI_VOICES = [
  'alloy',
  'ash',
  'ballad',
  'cedar',
  'coral',
  'echo',
  'fable',
  'marin',
  'nova',
  'onyx',
  'sage',
  'shimmer',
  'verse',
] as const;

/** Voices of the product: each provider has one of its own for them. */
const LOGICAL_VOICES = { 'coach-fr': 'fr', 'coach-en': 'en' } as const satisfies Record<string, Language>;

/** A voice that was asked for and the language it shall speak. `openaiName` only when an OpenAI voice was named. */
export interface Voice {
  readonly language: Language;
  readonly openaiName?: string;
}

/** `GET /v1/audio/voices`. */
export const voiceListSchema = z.object({
  voices: z.array(z.object({ id: z.string(), name: z.string(), languages: z.array(z.string()) })),
});

export const voiceList: z.infer<typeof voiceListSchema> = {
  voices: [
    ...Object.entries(LOGICAL_VOICES).map(([id, language]) => ({ id, name: id, languages: [language] })),
    ...OPENAI_VOICES.map((id) => ({ id, name: id, languages: ['fr', 'en'] })),
  ],
};

/**
 * Reads a request's voice. A logical voice has its language; OpenAI's speak any, so theirs comes from the request or the text.
 *
 * @throws AppError `unknown_voice` naming the voices there are
 */
export function resolveVoice(name: string, text: string, language?: Language): Voice {
  if (Object.hasOwn(LOGICAL_VOICES, name))
    return { language: language ?? LOGICAL_VOICES[name as keyof typeof LOGICAL_VOICES] };
  if ((OPENAI_VOICES as readonly string[]).includes(name))
    return { language: language ?? guessLanguage(text), openaiName: name };
  const known = voiceList.voices.map((voice) => voice.id).join(', ');
  throw new AppError('unknown_voice', `There is no such voice. Use one of: ${known}.`);
}
