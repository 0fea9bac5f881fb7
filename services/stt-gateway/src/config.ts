import { tmpdir } from 'node:os';
import * as z from 'zod';
import { apiKeysSchema, commonEnv, parseEnv, portSchema } from '@eloquence/shared/runtime/config';
import type { SchedulerOptions } from './decoding/scheduler.ts';
import type { EngineLimits } from './engines/create-engines.ts';
import { engineEnv, readEngines, type EngineSettings } from './engines/engine-settings.ts';
import type { FileLimits } from './rest/file-job.ts';
import type { FilePlacesOptions } from './rest/file-places.ts';
import type { SocketLimits } from './wire/speech-socket.ts';

const envSchema = z.object({
  ...commonEnv,
  PORT: portSchema.default(8001),
  API_KEYS: apiKeysSchema,
  ...engineEnv,
  STT_MAX_FILE_MB: z.coerce.number().int().min(1).max(1_000_000).default(4_096),
  TMPDIR: z.string().optional(),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
});

export interface Config {
  readonly logLevel: string;
  readonly http: { readonly address: string; readonly port: number };
  /** Who may call us, and what we show the engine. */
  readonly internalKey: string;
  /** Keys of other callers, each a tenant of its own. */
  readonly apiKeys: readonly string[];
  /** What listens, best first. */
  readonly engines: readonly EngineSettings[];
  readonly engineLimits: EngineLimits;
  readonly whisper: { readonly url: string; readonly decodeTimeoutMs: number; readonly connections: number };
  readonly decoding: SchedulerOptions & {
    /** How long an utterance is kept for an engine that is away. */
    readonly outageMs: number;
  };
  readonly streams: SocketLimits & {
    /** Open sockets; one more is refused. At 0.1 ms of VAD per 32 ms window one worker carries some 300. */
    readonly max: number;
    /** How long open streams may take for their finals when the process stops. */
    readonly drainMs: number;
  };
  readonly rest: FileLimits &
    FilePlacesOptions & {
      /** How long a recording may take to arrive: 4 GB at 10 Mbit/s. */
      readonly receiveMs: number;
    };
}

/** What is not an operator's business. Tests shorten the times. */
export const defaults = {
  engineLimits: {
    decodeTimeoutMs: 20_000,
    connections: 16,
    stream: { connectTimeoutMs: 3_000, keepAliveMs: 4_000, silentMs: 6_000 },
  },
  decoding: { maxSlots: 16, outageMs: 10_000 },
  streams: {
    max: 300,
    drainMs: 5_000,
    idleMs: 10_000,
    quietMs: 900_000,
    pingMs: 15_000,
    maxMissedPings: 2,
    maxBufferedBytes: 1_048_576,
    maxFrameBytes: 1_048_576,
    maxMistakes: 10,
  },
  rest: { max: 8, maxPerTenant: 4, maxS: 4 * 3600, stallMs: 30_000, receiveMs: 3_600_000 },
} as const satisfies Pick<Config, 'engineLimits' | 'decoding' | 'streams'> & { readonly rest: Partial<Config['rest']> };

/** @throws ConfigError listing every fault */
export function readConfig(env?: Readonly<Record<string, string | undefined>>): Config {
  const parsed = parseEnv(envSchema, env);
  return Object.freeze({
    ...defaults,
    logLevel: parsed.LOG_LEVEL,
    http: { address: parsed.BIND_ADDRESS, port: parsed.PORT },
    internalKey: parsed.INTERNAL_API_KEY,
    rest: {
      ...defaults.rest,
      maxBytes: parsed.STT_MAX_FILE_MB * 1_000_000,
      folder: parsed.TMPDIR ?? tmpdir(),
      programPath: parsed.PATH,
    },
    apiKeys: Object.freeze(parsed.API_KEYS),
    engines: readEngines(parsed),
    // A demo model answers in 50 ms, `small` on an old processor in 5 to 10 s.
    whisper: { url: parsed.WHISPER_URL, decodeTimeoutMs: 20_000, connections: 16 },
  });
}
