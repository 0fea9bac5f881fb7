import * as z from 'zod';
import { ConfigError, httpUrlSchema } from '@eloquence/shared/runtime/config';

const ENGINE_NAMES = ['deepgram', 'whisper', 'openai', 'groq', 'mistral', 'rest'] as const;
type EngineName = (typeof ENGINE_NAMES)[number];

/** Socket addresses are given as ws or http; both mean the same server. */
const anyUrlSchema = z.url({ protocol: /^(?:wss?|https?)$/ }).transform((url) => url.replace(/\/+$/, ''));

/** The variables that say what listens. */
export const engineEnv = {
  STT_ENGINES: z.string().default('auto'),
  WHISPER_URL: httpUrlSchema.default('http://127.0.0.1:8003'),
  DEEPGRAM_API_KEY: z.string().optional(),
  DEEPGRAM_BASE_URL: anyUrlSchema.default('wss://api.deepgram.com'),
  DEEPGRAM_MODEL: z.string().default('nova-3'),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: httpUrlSchema.default('https://api.openai.com/v1'),
  OPENAI_STT_MODEL: z.string().default('gpt-4o-mini-transcribe'),
  GROQ_API_KEY: z.string().optional(),
  GROQ_BASE_URL: httpUrlSchema.default('https://api.groq.com/openai/v1'),
  GROQ_STT_MODEL: z.string().default('whisper-large-v3-turbo'),
  MISTRAL_API_KEY: z.string().optional(),
  MISTRAL_BASE_URL: httpUrlSchema.default('https://api.mistral.ai'),
  MISTRAL_STT_MODEL: z.string().default('voxtral-mini-latest'),
  STT_REST_URL: httpUrlSchema.optional(),
  STT_REST_API_KEY: z.string().optional(),
  STT_REST_MODEL: z.string().optional(),
};
type EngineEnv = z.infer<z.ZodObject<typeof engineEnv>>;

interface RestSettings {
  readonly url: string;
  readonly key: string | undefined;
  readonly model: string;
}

/** One engine with all it needs. */
export type EngineSettings =
  | { readonly name: 'whisper' }
  | { readonly name: 'deepgram'; readonly url: string; readonly key: string; readonly model: string }
  | ({ readonly name: 'openai' | 'groq' | 'mistral' | 'rest' } & RestSettings);

/**
 * The engines of STT_ENGINES in order of preference. `auto` is Deepgram where its key is set, then our own model. Keys
 * of OpenAI, Groq and Mistral alone choose nothing: they are often there for the language model, and what is said to a
 * self-hosted product must not leave it because of that.
 *
 * @throws ConfigError naming every fault with its fix
 */
export function readEngines(env: EngineEnv): readonly EngineSettings[] {
  const faults: string[] = [];
  const settings: EngineSettings[] = [];
  for (const name of namesOf(env, faults)) {
    const read = readEngine(name, env);
    if (typeof read === 'string') faults.push(`STT_ENGINES: ${name} needs ${read}`);
    else settings.push(read);
  }
  if (faults.length === 0 && settings.length === 0) faults.push('STT_ENGINES: names no engine; leave it out for auto');
  if (faults.length > 0) throw new ConfigError(`The settings are not usable:\n  ${faults.join('\n  ')}`);
  return Object.freeze(settings);
}

function namesOf(env: EngineEnv, faults: string[]): readonly EngineName[] {
  const names = env.STT_ENGINES.split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
    .flatMap((name) => (name === 'auto' ? [...(env.DEEPGRAM_API_KEY ? ['deepgram'] : []), 'whisper'] : [name]));
  for (const name of names)
    if (!isEngineName(name))
      faults.push(`STT_ENGINES: there is no ${name}; use auto or any of ${ENGINE_NAMES.join(', ')}`);
  return [...new Set(names.filter(isEngineName))];
}

const isEngineName = (name: string): name is EngineName => (ENGINE_NAMES as readonly string[]).includes(name);

/** The engine's settings, or what it lacks. */
function readEngine(name: EngineName, env: EngineEnv): EngineSettings | string {
  switch (name) {
    case 'whisper':
      return { name };
    case 'deepgram':
      if (!env.DEEPGRAM_API_KEY) return 'DEEPGRAM_API_KEY';
      return { name, url: env.DEEPGRAM_BASE_URL, key: env.DEEPGRAM_API_KEY, model: env.DEEPGRAM_MODEL };
    case 'openai':
      if (!env.OPENAI_API_KEY) return 'OPENAI_API_KEY';
      return { name, url: env.OPENAI_BASE_URL, key: env.OPENAI_API_KEY, model: env.OPENAI_STT_MODEL };
    case 'groq':
      if (!env.GROQ_API_KEY) return 'GROQ_API_KEY';
      return { name, url: env.GROQ_BASE_URL, key: env.GROQ_API_KEY, model: env.GROQ_STT_MODEL };
    case 'mistral':
      if (!env.MISTRAL_API_KEY) return 'MISTRAL_API_KEY';
      return { name, url: withV1(env.MISTRAL_BASE_URL), key: env.MISTRAL_API_KEY, model: env.MISTRAL_STT_MODEL };
    case 'rest': {
      if (!env.STT_REST_URL) return 'STT_REST_URL, the address of an OpenAI-shaped server';
      if (!env.STT_REST_MODEL) return 'STT_REST_MODEL, a model that server has';
      return { name, url: withV1(env.STT_REST_URL), key: env.STT_REST_API_KEY, model: env.STT_REST_MODEL };
    }
  }
}

/** People give the address with and without it. */
const withV1 = (url: string): string => (/\/v\d+$/.test(url) ? url : `${url}/v1`);
