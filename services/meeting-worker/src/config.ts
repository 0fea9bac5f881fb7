import { commonEnv, parseEnv, portSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';

const envSchema = z.object({
  ...commonEnv,
  PORT: portSchema.default(8082),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379' }),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host:5432/name'),
});

/** Settings of meeting-worker: parsed once, frozen, complete. */
export interface WorkerConfig {
  readonly logLevel: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

/** @throws ConfigError listing every fault */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): WorkerConfig {
  const env = parseEnv(envSchema, environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    listen: { host: env.BIND_ADDRESS, port: env.PORT },
    redisUrl: env.REDIS_URL,
    databaseUrl: env.DATABASE_URL,
  });
}
