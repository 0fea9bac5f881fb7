import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonEnv, httpUrlSchema, parseEnv, portSchema, wsUrlSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';

const envSchema = z.object({
  ...commonEnv,
  PORT: portSchema.default(8080),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  LIVEKIT_URL: wsUrlSchema.default('ws://127.0.0.1:7880'),
  LIVEKIT_API_KEY: z.string().min(1),
  LIVEKIT_API_SECRET: z.string().min(1),
  AGENT_NAME: z.string().min(1).default('eloquence'),
  STT_URL: httpUrlSchema.default('http://127.0.0.1:8001'),
  TTS_URL: httpUrlSchema.default('http://127.0.0.1:5002'),
  API_URL: httpUrlSchema.default('http://127.0.0.1:8000'),
  ELOQUENCE_STATE_DIR: z.string().min(1).optional(),
});

export interface AgentConfig {
  readonly logLevel: string;
  readonly bindAddress: string;
  readonly port: number;
  readonly internalApiKey: string;
  readonly redisUrl: string;
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly agentName: string;
  readonly sttUrl: string;
  readonly ttsUrl: string;
  readonly apiUrl: string;
  /** Where events wait on disk while Redis is away. */
  readonly spoolDir: string;
  /** Where compiled code is kept from one job child to the next. */
  readonly compileCacheDir: string;
  /** Where job children report to the worker: its own port, on loopback. */
  readonly workerUrl: string;
}

/** The settings of the worker and of every job child; both read the same environment. */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): AgentConfig {
  const parsed = parseEnv(envSchema, env);
  const stateDir = parsed.ELOQUENCE_STATE_DIR ?? join(tmpdir(), 'eloquence');
  return Object.freeze({
    logLevel: parsed.LOG_LEVEL,
    bindAddress: parsed.BIND_ADDRESS,
    port: parsed.PORT,
    internalApiKey: parsed.INTERNAL_API_KEY,
    redisUrl: parsed.REDIS_URL,
    livekit: Object.freeze({
      url: parsed.LIVEKIT_URL,
      apiKey: parsed.LIVEKIT_API_KEY,
      apiSecret: parsed.LIVEKIT_API_SECRET,
    }),
    agentName: parsed.AGENT_NAME,
    sttUrl: parsed.STT_URL,
    ttsUrl: parsed.TTS_URL,
    apiUrl: parsed.API_URL,
    spoolDir: join(stateDir, 'agent-spool'),
    compileCacheDir: join(stateDir, 'compile-cache'),
    workerUrl: `http://127.0.0.1:${parsed.PORT}`,
  });
}
