import { ConfigError, httpUrlSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';

/** Variables of the LLM proxy, to be spread into the service's environment schema. */
export const chatEnv = {
  LLM_PROVIDER: z.enum(['auto', 'mistral', 'openai', 'anthropic', 'groq', 'rest', 'ollama', 'demo']).default('auto'),
  MISTRAL_API_KEY: z.string().min(1).optional(),
  MISTRAL_BASE_URL: httpUrlSchema.default('https://api.mistral.ai'),
  MISTRAL_MODEL: z.string().min(1).default('mistral-small-latest'),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: httpUrlSchema.default('https://api.openai.com/v1'),
  OPENAI_MODEL: z.string().min(1).default('gpt-4o-mini'),
  ANTHROPIC_API_KEY: z.string().min(1).optional(),
  ANTHROPIC_BASE_URL: httpUrlSchema.default('https://api.anthropic.com'),
  ANTHROPIC_MODEL: z.string().min(1).default('claude-haiku-5-5'),
  GROQ_API_KEY: z.string().min(1).optional(),
  GROQ_BASE_URL: httpUrlSchema.default('https://api.groq.com/openai/v1'),
  GROQ_MODEL: z.string().min(1).optional(),
  LLM_REST_URL: httpUrlSchema.optional(),
  LLM_REST_API_KEY: z.string().min(1).optional(),
  LLM_REST_MODEL: z.string().min(1).optional(),
  OLLAMA_URL: httpUrlSchema.default('http://127.0.0.1:11434'),
  OLLAMA_MODEL: z.string().min(1).optional(),
};

export type ChatEnv = z.infer<z.ZodObject<typeof chatEnv>>;

interface KeyedUpstream {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
}

export interface ChatSettings {
  readonly provider: ChatEnv['LLM_PROVIDER'];
  /** Absent without a key. */
  readonly mistral?: KeyedUpstream;
  readonly openai?: KeyedUpstream;
  readonly anthropic?: KeyedUpstream;
  /** Without `model` its key is there for speech: it answers only where a purpose names it. */
  readonly groq?: Omit<KeyedUpstream, 'model'> & { readonly model?: string };
  /** Any server with OpenAI's wire; some take no key. */
  readonly rest?: Omit<KeyedUpstream, 'apiKey'> & { readonly apiKey?: string };
  /** Without `model`: the first one Ollama lists. */
  readonly ollama: { readonly url: string; readonly model?: string };
  readonly probeTimeoutMs: number;
  /** How long a probe that found no Ollama is believed before the next request asks again. */
  readonly probeEveryMs: number;
}

const PROBE_TIMEOUT_MS = 1_000;
const PROBE_EVERY_MS = 30_000;

/**
 * The settings of the LLM proxy.
 *
 * @throws ConfigError when a provider is asked for by name and what it needs is missing
 */
export function chatSettings(env: ChatEnv): ChatSettings {
  const faults = missing(env);
  if (faults.length > 0) throw new ConfigError(`The settings are not usable:\n  ${faults.join('\n  ')}`);
  return Object.freeze({
    provider: env.LLM_PROVIDER,
    ...upstreams(env),
    ollama: { url: env.OLLAMA_URL, ...(env.OLLAMA_MODEL && { model: env.OLLAMA_MODEL }) },
    probeTimeoutMs: PROBE_TIMEOUT_MS,
    probeEveryMs: PROBE_EVERY_MS,
  });
}

type Upstreams = Pick<ChatSettings, 'mistral' | 'openai' | 'anthropic' | 'groq' | 'rest'>;

function upstreams(env: ChatEnv): Upstreams {
  const { MISTRAL_API_KEY, OPENAI_API_KEY, ANTHROPIC_API_KEY, GROQ_API_KEY, LLM_REST_URL, LLM_REST_MODEL } = env;
  return {
    ...(MISTRAL_API_KEY && {
      mistral: { apiKey: MISTRAL_API_KEY, baseUrl: env.MISTRAL_BASE_URL, model: env.MISTRAL_MODEL },
    }),
    ...(OPENAI_API_KEY && {
      openai: { apiKey: OPENAI_API_KEY, baseUrl: env.OPENAI_BASE_URL, model: env.OPENAI_MODEL },
    }),
    ...(ANTHROPIC_API_KEY && {
      anthropic: { apiKey: ANTHROPIC_API_KEY, baseUrl: env.ANTHROPIC_BASE_URL, model: env.ANTHROPIC_MODEL },
    }),
    ...(GROQ_API_KEY && {
      groq: { apiKey: GROQ_API_KEY, baseUrl: env.GROQ_BASE_URL, ...(env.GROQ_MODEL && { model: env.GROQ_MODEL }) },
    }),
    ...(LLM_REST_URL &&
      LLM_REST_MODEL && {
        rest: {
          baseUrl: withV1(LLM_REST_URL),
          model: LLM_REST_MODEL,
          ...(env.LLM_REST_API_KEY && { apiKey: env.LLM_REST_API_KEY }),
        },
      }),
  };
}

/** What each provider cannot do without. */
const NEEDS: Readonly<Partial<Record<ChatEnv['LLM_PROVIDER'], readonly (keyof ChatEnv)[]>>> = {
  mistral: ['MISTRAL_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  anthropic: ['ANTHROPIC_API_KEY'],
  groq: ['GROQ_API_KEY', 'GROQ_MODEL'],
  rest: ['LLM_REST_URL', 'LLM_REST_MODEL'],
};

function missing(env: ChatEnv): string[] {
  const asked = env.LLM_PROVIDER;
  const faults = (NEEDS[asked] ?? [])
    .filter((name) => !env[name])
    .map((name) => `${name}: LLM_PROVIDER is ${asked} but this is not set; set it, or set LLM_PROVIDER=auto`);
  if (asked !== 'rest' && env.LLM_REST_URL && !env.LLM_REST_MODEL)
    faults.push('LLM_REST_MODEL: LLM_REST_URL is set, so name a model that this server has');
  return faults;
}

/** People give the address with and without it. */
const withV1 = (url: string): string => (/\/v\d+$/.test(url) ? url : `${url}/v1`);
