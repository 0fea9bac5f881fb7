import { apiKeysSchema, commonEnv, parseEnv, portSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';
import { findProgram } from './providers/find-program.ts';
import { providerEnv, readProviders, type ProviderSettings } from './providers/provider-settings.ts';
import { readVoiceMap, type VoiceMap } from './voices/voice-map.ts';

const MEGABYTE = 1_000_000;
/** TTS_CACHE_DIR when speech is to be kept in memory only. */
const NO_DIR = 'none';

const envSchema = z.object({
  ...commonEnv,
  PORT: portSchema.default(5002),
  API_KEYS: apiKeysSchema,
  ...providerEnv,
  TTS_VOICES: z.string().min(1).optional(),
  TTS_MAX_STREAMS: z.coerce.number().int().min(1).max(10_000).default(100),
  TTS_CACHE_DIR: z.string().min(1).default('.eloquence/cache/speech'),
  TTS_CACHE_MB: z.coerce.number().min(0).max(1_000_000).default(512),
  TTS_CACHE_MEMORY_MB: z.coerce.number().min(0).max(100_000).default(64),
});

interface CacheSettings {
  /** Folder of kept speech; absent: memory only. */
  readonly dir?: string;
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

export interface TtsConfig {
  readonly logLevel: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly internalKey: string;
  /** Keys of other callers, each a tenant of its own. */
  readonly apiKeys: readonly string[];
  /** Who speaks, best first; only what can be used here. Empty when there is nothing at all. */
  readonly providers: readonly ProviderSettings[];
  readonly voices: VoiceMap;
  readonly cache: CacheSettings;
  /** Open speaking sockets; one more is refused. */
  readonly maxStreams: number;
  /** Path of ffmpeg; without it only `pcm` and `wav` are served. */
  readonly ffmpeg?: string;
}

/**
 * The settings of the process, from its environment and from which programs are installed.
 *
 * @throws ConfigError listing what cannot be used, each with its fix
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): TtsConfig {
  const env = parseEnv(envSchema, environment);
  const ffmpeg = findProgram('ffmpeg', env.PATH);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    listen: { host: env.BIND_ADDRESS, port: env.PORT },
    internalKey: env.INTERNAL_API_KEY,
    apiKeys: Object.freeze(env.API_KEYS),
    providers: readProviders(env),
    voices: readVoiceMap(env.TTS_VOICES),
    cache: Object.freeze({
      ...(env.TTS_CACHE_DIR.toLowerCase() !== NO_DIR && env.TTS_CACHE_MB > 0 && { dir: env.TTS_CACHE_DIR }),
      diskBytes: env.TTS_CACHE_MB * MEGABYTE,
      memoryBytes: env.TTS_CACHE_MEMORY_MB * MEGABYTE,
    }),
    maxStreams: env.TTS_MAX_STREAMS,
    ...(ffmpeg && { ffmpeg }),
  });
}
