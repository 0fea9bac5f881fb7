import type { Language } from '@eloquence/shared/contracts/ids';
import { ConfigError, httpUrlSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';
import { builtinOwnVoices } from '../voices/builtin-voices.ts';
import { providerIds, type Gender, type OwnVoices, type ProviderId } from '../voices/voice.ts';
import type { ElevenLabsSettings } from './elevenlabs.ts';
import type { EspeakSettings } from './espeak.ts';
import { findProgram } from './find-program.ts';
import type { MistralSpeechSettings } from './mistral.ts';
import type { OpenAiSpeechSettings } from './openai.ts';
import { piperVoices } from './piper-voices.ts';
import type { PiperServerSettings } from './piper-server.ts';
import type { PiperSettings } from './piper.ts';
import type { RestSpeechSettings } from './rest.ts';

const key = z.string().min(1).optional();
const name = z.string().min(1);

/** The variables that say who speaks. */
export const providerEnv = {
  TTS_PROVIDERS: z.string().default('auto'),
  TTS_HEDGE_MS: z.coerce.number().int().min(50).max(10_000).default(400),
  OPENAI_API_KEY: key,
  OPENAI_BASE_URL: httpUrlSchema.default('https://api.openai.com/v1'),
  OPENAI_TTS_MODEL: name.default('gpt-4o-mini-tts'),
  OPENAI_TTS_VOICE: name.default(builtinOwnVoices.openai.fr.female),
  ELEVENLABS_API_KEY: key,
  ELEVENLABS_BASE_URL: httpUrlSchema.default('https://api.elevenlabs.io'),
  ELEVENLABS_MODEL: name.default('eleven_flash_v2_5'),
  ELEVENLABS_VOICE_FR: name.default(builtinOwnVoices.elevenlabs.fr.female),
  ELEVENLABS_VOICE_EN: name.default(builtinOwnVoices.elevenlabs.en.female),
  MISTRAL_API_KEY: key,
  MISTRAL_BASE_URL: httpUrlSchema.default('https://api.mistral.ai'),
  MISTRAL_TTS_MODEL: name.optional(),
  MISTRAL_TTS_VOICE_FR: name.optional(),
  MISTRAL_TTS_VOICE_EN: name.optional(),
  TTS_REST_URL: httpUrlSchema.optional(),
  TTS_REST_API_KEY: key,
  TTS_REST_MODEL: name.optional(),
  TTS_REST_VOICE_FR: name.optional(),
  TTS_REST_VOICE_EN: name.optional(),
  PIPER_URL: httpUrlSchema.optional(),
  PIPER_VOICE_FR: name.optional(),
  PIPER_VOICE_EN: name.optional(),
  PATH: z.string().default(''),
};
type ProviderEnv = z.infer<z.ZodObject<typeof providerEnv>>;

/** One provider with all it needs. */
export type ProviderSettings =
  | ({ readonly id: 'openai' } & OpenAiSpeechSettings)
  | ({ readonly id: 'elevenlabs' } & ElevenLabsSettings)
  | ({ readonly id: 'mistral' } & MistralSpeechSettings)
  | ({ readonly id: 'rest' } & RestSpeechSettings)
  | ({ readonly id: 'piper' } & (PiperSettings | PiperServerSettings))
  | ({ readonly id: 'espeak' } & EspeakSettings);

/** Mistral's text-to-speech; used only when MISTRAL_TTS_MODEL or TTS_PROVIDERS says so. */
const MISTRAL_MODEL = 'voxtral-mini-tts-2603';
/** Ends TTS_PROVIDERS: nobody else, not even the demo voice. */
const NONE = 'none';
/** A local program thinks before it speaks; asking the next one too would only take its processor away. */
const PIPER_HEDGE_MS = 1_500;

/**
 * Who speaks, in order of preference, from TTS_PROVIDERS. `auto` is what is there: OpenAI's key, ElevenLabs', Mistral's with
 * MISTRAL_TTS_MODEL (the key alone is for the language model), TTS_REST_URL, Piper, espeak-ng. Named ones are exactly those;
 * behind them stands espeak-ng where it is installed, because a demo voice is better than silence, unless the list ends with
 * `none`.
 *
 * @throws ConfigError naming every fault with its fix
 */
export function readProviders(env: ProviderEnv): readonly ProviderSettings[] {
  const names = env.TTS_PROVIDERS.split(',').flatMap((part) => part.trim().toLowerCase() || []);
  const isAlone = names.at(-1) === NONE;
  const wanted = isAlone ? names.slice(0, -1) : names;
  const faults: string[] = [];
  const found = new Map<ProviderId, ProviderSettings>();
  for (const id of wanted) {
    if (id === 'auto') for (const settings of readAuto(env, faults)) found.set(settings.id, settings);
    else if (isProviderId(id)) {
      const read = readProvider(id, env);
      if (typeof read === 'string') faults.push(`TTS_PROVIDERS: ${id} needs ${read}`);
      else if (!found.has(id)) found.set(id, read);
    } else faults.push(`TTS_PROVIDERS: there is no ${id}; use auto, or any of ${providerIds.join(', ')}, then none`);
  }
  if (wanted.length === 0) faults.push('TTS_PROVIDERS: names no provider; leave it out for auto');
  if (faults.length > 0) throw new ConfigError(`The settings are not usable:\n  ${faults.join('\n  ')}`);
  const last = readProvider('espeak', env);
  if (!isAlone && typeof last !== 'string' && !found.has('espeak')) found.set('espeak', last);
  return Object.freeze([...found.values()]);
}

const isProviderId = (id: string): id is ProviderId => (providerIds as readonly string[]).includes(id);

/** What is there. Only what somebody set up by half is a fault. */
function readAuto(env: ProviderEnv, faults: string[]): ProviderSettings[] {
  const order = ['openai', 'elevenlabs', 'mistral', 'rest', 'piper', 'espeak'] as const;
  return order.flatMap((id) => {
    if (id === 'mistral' && env.MISTRAL_TTS_MODEL === undefined) return [];
    const read = readProvider(id, env);
    if (typeof read !== 'string') return [read];
    if (id === 'rest' && env.TTS_REST_URL) faults.push(`TTS_REST_URL: is set; it needs ${read}`);
    return [];
  });
}

/** The provider's settings, or what it lacks. */
function readProvider(id: ProviderId, env: ProviderEnv): ProviderSettings | string {
  const hedgeAfterMs = env.TTS_HEDGE_MS;
  switch (id) {
    case 'openai': {
      if (!env.OPENAI_API_KEY) return 'OPENAI_API_KEY';
      const voices = withFemale(builtinOwnVoices.openai, env.OPENAI_TTS_VOICE, env.OPENAI_TTS_VOICE);
      const model = env.OPENAI_TTS_MODEL;
      return { id, apiKey: env.OPENAI_API_KEY, baseUrl: env.OPENAI_BASE_URL, model, voices, hedgeAfterMs };
    }
    case 'elevenlabs': {
      if (!env.ELEVENLABS_API_KEY) return 'ELEVENLABS_API_KEY';
      const voices = withFemale(builtinOwnVoices.elevenlabs, env.ELEVENLABS_VOICE_FR, env.ELEVENLABS_VOICE_EN);
      const model = env.ELEVENLABS_MODEL;
      return { id, apiKey: env.ELEVENLABS_API_KEY, baseUrl: env.ELEVENLABS_BASE_URL, model, voices, hedgeAfterMs };
    }
    case 'mistral': {
      if (!env.MISTRAL_API_KEY) return 'MISTRAL_API_KEY';
      const voices = forBoth(env.MISTRAL_TTS_VOICE_FR, env.MISTRAL_TTS_VOICE_EN);
      const model = env.MISTRAL_TTS_MODEL ?? MISTRAL_MODEL;
      return { id, apiKey: env.MISTRAL_API_KEY, baseUrl: env.MISTRAL_BASE_URL, model, voices, hedgeAfterMs };
    }
    case 'rest':
      return readRest(env);
    case 'piper':
      return readPiper(env);
    case 'espeak': {
      const program = findProgram('espeak-ng', env.PATH);
      return program ? { id, program, voices: builtinOwnVoices.espeak } : 'espeak-ng: apt-get install espeak-ng';
    }
  }
}

function readRest(env: ProviderEnv): ProviderSettings | string {
  if (!env.TTS_REST_URL) return 'TTS_REST_URL, the address of an OpenAI-shaped server';
  if (!env.TTS_REST_MODEL) return 'TTS_REST_MODEL, a model that server has';
  const { TTS_REST_VOICE_FR: fr, TTS_REST_VOICE_EN: en, TTS_REST_API_KEY: apiKey } = env;
  const own = /kokoro/i.test(env.TTS_REST_MODEL) ? kokoroVoices : builtinOwnVoices.openai;
  return {
    id: 'rest',
    // People give the address with and without it.
    baseUrl: /\/v\d+$/.test(env.TTS_REST_URL) ? env.TTS_REST_URL : `${env.TTS_REST_URL}/v1`,
    ...(apiKey && { apiKey }),
    model: env.TTS_REST_MODEL,
    voices: { ...own, ...forBoth(fr, en) },
    hedgeAfterMs: env.TTS_HEDGE_MS,
  };
}

/** Kokoro has one French voice, a woman's; who asks for a man in French is better served by her than by a foreign accent. */
const kokoroVoices: OwnVoices = {
  fr: { female: 'ff_siwis', male: 'ff_siwis' },
  en: { female: 'bf_emma', male: 'bm_george' },
};

function readPiper(env: ProviderEnv): ProviderSettings | string {
  const { PIPER_URL: url, PIPER_VOICE_FR: fr, PIPER_VOICE_EN: en } = env;
  if (url) return { id: 'piper', url, voices: forBoth(fr, en), hedgeAfterMs: PIPER_HEDGE_MS };
  const program = findProgram('piper', env.PATH);
  const voices = piperVoices({ ...(fr && { fr }), ...(en && { en }) });
  if (!program || !(voices.fr ?? voices.en))
    return 'PIPER_URL, or the program piper on the PATH with PIPER_VOICE_FR or PIPER_VOICE_EN';
  return { id: 'piper', program, voices, hedgeAfterMs: PIPER_HEDGE_MS };
}

/** The named voices are the coaches', who are women; men keep the built-in ones (TTS_VOICES changes them). */
function withFemale(own: OwnVoices, fr: string, en: string): OwnVoices {
  return { fr: { ...own.fr, female: fr }, en: { ...own.en, female: en } };
}

/** The one voice of a language, whatever gender was asked for. */
function forBoth(fr: string | undefined, en: string | undefined): Partial<Record<Language, Record<Gender, string>>> {
  return { ...(fr && { fr: { female: fr, male: fr } }), ...(en && { en: { female: en, male: en } }) };
}
