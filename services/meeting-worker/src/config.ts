import { commonEnv, httpUrlSchema, parseEnv, portSchema } from '@eloquence/shared/runtime/config';
import { resolve } from 'node:path';
import * as z from 'zod';

const envSchema = z.object({
  ...commonEnv,
  PORT: portSchema.default(8082),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379' }),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host:5432/name'),
  API_URL: httpUrlSchema.default('http://127.0.0.1:8000'),
  ELOQUENCE_STATE_DIR: z.string().min(1).default('.eloquence/state'),
  MEETINGS_DIR: z.string().min(1).optional(),
});

/** Settings of meeting-worker: parsed once, frozen, complete. */
export interface WorkerConfig {
  readonly logLevel: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** The LLM proxy: where it is, and the key services use among themselves. */
  readonly api: { readonly url: string; readonly key: string };
  /** Folder of the files of meetings, absolute. */
  readonly meetingsDir: string;
}

/** @throws ConfigError listing every fault */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): WorkerConfig {
  const env = parseEnv(envSchema, environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    listen: { host: env.BIND_ADDRESS, port: env.PORT },
    redisUrl: env.REDIS_URL,
    databaseUrl: env.DATABASE_URL,
    api: { url: env.API_URL, key: env.INTERNAL_API_KEY },
    meetingsDir: resolve(env.MEETINGS_DIR ?? `${env.ELOQUENCE_STATE_DIR}/meetings`),
  });
}
