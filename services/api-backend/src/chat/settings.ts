import { ConfigError, httpUrlSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';

/** Variables of the LLM proxy, to be spread into the service's environment schema. */
export const chatEnv = {
  LLM_PROVIDER: z.enum(['auto', 'mistral', 'openai', 'ollama', 'demo']).default('auto'),
  MISTRAL_API_KEY: z.string().min(1).optional(),
  MISTRAL_BASE_URL: httpUrlSchema.default('https://api.mistral.ai'),
  MISTRAL_MODEL: z.string().min(1).default('mistral-small-latest'),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: httpUrlSchema.default('https://api.openai.com/v1'),
  OPENAI_MODEL: z.string().min(1).default('gpt-4o-mini'),
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
  /** Without `model`: the first one Ollama lists. */
  readonly ollama: { readonly url: string; readonly model?: string };
  readonly firstTokenTimeoutMs: number;
  /** Longest silence between two parts of an answer. */
  readonly idleTimeoutMs: number;
  readonly probeTimeoutMs: number;
  /** How long a probe that found no Ollama is believed before the next request asks again. */
  readonly probeEveryMs: number;
}

/**
 * A caller on the phone hears silence until the first token: past this the agent apologises. Cloud models answer in
 * under a second; a local one on CPU may need several for the first prompt.
 */
const FIRST_TOKEN_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 15_000;
const PROBE_TIMEOUT_MS = 1_000;
const PROBE_EVERY_MS = 30_000;

/**
 * The settings of the LLM proxy.
 *
 * @throws ConfigError when a provider is asked for by name and its key is missing
 */
export function chatSettings(env: ChatEnv): ChatSettings {
  const { LLM_PROVIDER: provider, MISTRAL_API_KEY, OPENAI_API_KEY } = env;
  if (provider === 'mistral' && !MISTRAL_API_KEY) throw missingKey('mistral', 'MISTRAL_API_KEY');
  if (provider === 'openai' && !OPENAI_API_KEY) throw missingKey('openai', 'OPENAI_API_KEY');
  return Object.freeze({
    provider,
    ...(MISTRAL_API_KEY && {
      mistral: { apiKey: MISTRAL_API_KEY, baseUrl: env.MISTRAL_BASE_URL, model: env.MISTRAL_MODEL },
    }),
    ...(OPENAI_API_KEY && {
      openai: { apiKey: OPENAI_API_KEY, baseUrl: env.OPENAI_BASE_URL, model: env.OPENAI_MODEL },
    }),
    ollama: { url: env.OLLAMA_URL, ...(env.OLLAMA_MODEL && { model: env.OLLAMA_MODEL }) },
    firstTokenTimeoutMs: FIRST_TOKEN_TIMEOUT_MS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    probeTimeoutMs: PROBE_TIMEOUT_MS,
    probeEveryMs: PROBE_EVERY_MS,
  });
}

function missingKey(provider: string, name: string): ConfigError {
  return new ConfigError(
    `The settings are not usable:\n  ${name}: LLM_PROVIDER is ${provider} but there is no key; set it, or set LLM_PROVIDER=auto`,
  );
}
