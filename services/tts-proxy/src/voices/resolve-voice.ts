import { basename } from 'node:path';
import { languageSchema, type Language } from '@eloquence/shared/contracts/ids';
import type { VoiceList } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { guessLanguage } from '@eloquence/shared/runtime/guess-language';
import type { VoiceEntry } from './builtin-voices.ts';
import { nameAt, type Gender, type PartialVoices, type ProviderId, type Voice } from './voice.ts';
import type { VoiceMap } from './voice-map.ts';

/** Whose voices speak any language; the others' are asked for another language by another name. */
const MULTILINGUAL = ['openai', 'elevenlabs'] as const satisfies readonly ProviderId[];

/** Men among Deepgram's voices; its other names are women's. */
const DEEPGRAM_MEN = new Set(
  (
    'angus apollo arcas aries atlas draco helios hermes hyperion janus jupiter mars neptune odysseus orion orpheus perseus ' +
    'pluto saturn zeus hector'
  ).split(' '),
);

/** What of a request says which voice is meant. */
export interface VoiceRequest {
  /** The text to speak, when it is known already. */
  readonly text?: string;
  readonly language?: Language;
}

/**
 * Reads a request's voice. A request's language wins; a logical voice has its own; OpenAI's speak any, so theirs comes from
 * the text, and is French where there is none yet.
 *
 * @throws AppError `unknown_voice` naming the voices there are
 */
export function resolveVoice(map: VoiceMap, name: string, request: VoiceRequest = {}): Voice {
  const entry = map.get(name);
  if (entry) return voiceOf(name, entry, request);
  throw new AppError('unknown_voice', `There is no such voice. Use one of: ${[...map.keys()].join(', ')}.`);
}

/**
 * The voice for a model of Deepgram's, such as `aura-2-thalia-en`: a voice of ours when one is named so, else the coach of
 * the model's language and gender.
 */
export function voiceForModel(map: VoiceMap, model: string | undefined, request: VoiceRequest = {}): Voice {
  const entry = model === undefined ? undefined : map.get(model);
  if (model !== undefined && entry) return voiceOf(model, entry, request);
  const [, name = '', suffix] = /^aura(?:-2)?-([a-z]+)-([a-z]{2})/.exec(model ?? '') ?? [];
  const gender: Gender = DEEPGRAM_MEN.has(name) ? 'male' : 'female';
  const named = suffix === 'fr' || suffix === 'en' ? suffix : undefined;
  const language = request.language ?? named ?? guessLanguage(request.text ?? '');
  return resolveVoice(map, coaches[language][gender], { language });
}

const coaches = {
  fr: { female: 'coach-fr', male: 'coach-homme-fr' },
  en: { female: 'coach-en', male: 'coach-man-en' },
} as const;

/** A provider as far as its voices go; `ProviderSettings` has this shape. */
export interface VoiceLender {
  readonly id: ProviderId;
  readonly voices: PartialVoices;
}

/** `GET /v1/audio/voices`: every voice of the map and what the providers here speak it with, as far as that is set. */
export function voiceList(map: VoiceMap, lenders: readonly VoiceLender[]): VoiceList {
  return {
    voices: [...map].map(([id, entry]) => {
      const voice = voiceOf(id, entry, {});
      const names = lenders.map((lender) => [lender.id, nameAt(lender.id, voice, lender.voices)] as const);
      return {
        id,
        name: id,
        languages: entry.language ? [entry.language] : [...languageSchema.options],
        gender: entry.gender,
        providers: Object.fromEntries(
          names.flatMap(([lender, name]) => (name === undefined ? [] : [[lender, shown(lender, name)]])),
        ),
      };
    }),
  };
}

/** Piper's voices are files; where they lie is nobody's business. */
const shown = (lender: ProviderId, name: string): string => (lender === 'piper' ? basename(name, '.onnx') : name);

function voiceOf(id: string, entry: VoiceEntry, request: VoiceRequest): Voice {
  const language = request.language ?? entry.language ?? guessLanguage(request.text ?? '');
  const isForeign = entry.language !== undefined && entry.language !== language;
  const names = isForeign ? pick(entry.names, MULTILINGUAL) : entry.names;
  return { id, language, gender: entry.gender, names };
}

function pick(names: Voice['names'], ids: readonly ProviderId[]): Voice['names'] {
  return Object.fromEntries(Object.entries(names).filter(([id]) => (ids as readonly string[]).includes(id)));
}
