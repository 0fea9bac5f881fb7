import { resolve } from 'node:path';
import {
  apiKeysSchema,
  commonEnv,
  ConfigError,
  httpUrlSchema,
  parseEnv,
  portSchema,
  wsUrlSchema,
} from '@eloquence/shared/runtime/config';
import { timeZoneSchema } from '@eloquence/shared/contracts/meeting';
import * as z from 'zod';
import { routingEnv, routingSettings, type RoutingSettings } from './chat/routing/routing-settings.ts';
import { chatEnv, chatSettings, type ChatSettings } from './chat/settings.ts';
import { usageEnv, usageSettings, type UsageSettings } from './chat/usage/settings.ts';
import { isLoopback } from './http/hosts.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');

const envSchema = z.object({
  ...commonEnv,
  ...chatEnv,
  ...routingEnv,
  ...usageEnv,
  PORT: portSchema.default(8000),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379' }),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host:5432/name'),
  LIVEKIT_URL: wsUrlSchema.default('ws://127.0.0.1:7880'),
  LIVEKIT_PUBLIC_URL: wsUrlSchema.optional(),
  LIVEKIT_API_KEY: z.string().min(1),
  LIVEKIT_API_SECRET: z.string().min(32, 'must have at least 32 characters; `npm start` generates one'),
  API_KEYS: apiKeysSchema,
  PUBLIC_ADDRESS: z.string().min(1).default('127.0.0.1'),
  AGENT_NAME: z.string().min(1).default('eloquence'),
  STT_URL: httpUrlSchema.default('http://127.0.0.1:8001'),
  TTS_URL: httpUrlSchema.default('http://127.0.0.1:5002'),
  STT_MAX_FILE_MB: z.coerce.number().int().min(1).max(1_000_000).default(4_096),
  MEETING_TIME_ZONE: timeZoneSchema.default('Europe/Paris'),
  WEB_ROOT: z.string().min(1).default('apps/web/dist'),
});

/** Settings of api-backend: parsed once, frozen, complete. */
export interface Config {
  readonly logLevel: string;
  readonly http: {
    readonly bindAddress: string;
    readonly port: number;
    /** The host name or address people use; loopback unless configured. */
    readonly publicAddress: string;
    /** Empty = no key needed, which is allowed on loopback only. */
    readonly apiKeys: readonly string[];
    readonly internalKey: string;
    /** Absolute path of the built web client. */
    readonly webRoot: string;
  };
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly livekit: {
    readonly url: string;
    readonly publicUrl: string;
    readonly apiKey: string;
    readonly apiSecret: string;
    readonly agentName: string;
  };
  readonly peers: { readonly sttUrl: string; readonly ttsUrl: string };
  /** IANA name, of meetings whose opener names none. */
  readonly meetingTimeZone: string;
  /** What stt-gateway takes, too. */
  readonly maxRecordingBytes: number;
  readonly chat: ChatSettings;
  readonly routing: RoutingSettings;
  readonly usage: UsageSettings;
}

/**
 * Reads the environment.
 *
 * @throws ConfigError naming every fault and its fix; also when the service would be open to a network without keys
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const values = parseEnv(envSchema, env);
  if (values.API_KEYS.length === 0 && !isLoopback(values.PUBLIC_ADDRESS)) {
    throw new ConfigError(
      'The settings are not usable:\n  API_KEYS: PUBLIC_ADDRESS is not loopback, so anybody on the network could open calls. ' +
        'Set API_KEYS to one or more secrets, separated by commas (for example the output of `openssl rand -hex 32`), ' +
        'or set PUBLIC_ADDRESS=127.0.0.1 to serve this machine only',
    );
  }
  return Object.freeze({
    logLevel: values.LOG_LEVEL,
    http: Object.freeze({
      bindAddress: values.BIND_ADDRESS,
      port: values.PORT,
      publicAddress: values.PUBLIC_ADDRESS,
      apiKeys: Object.freeze(values.API_KEYS),
      internalKey: values.INTERNAL_API_KEY,
      webRoot: resolve(REPOSITORY, values.WEB_ROOT),
    }),
    redisUrl: values.REDIS_URL,
    databaseUrl: values.DATABASE_URL,
    livekit: Object.freeze({
      url: values.LIVEKIT_URL,
      publicUrl: values.LIVEKIT_PUBLIC_URL ?? values.LIVEKIT_URL,
      apiKey: values.LIVEKIT_API_KEY,
      apiSecret: values.LIVEKIT_API_SECRET,
      agentName: values.AGENT_NAME,
    }),
    peers: Object.freeze({ sttUrl: values.STT_URL, ttsUrl: values.TTS_URL }),
    meetingTimeZone: values.MEETING_TIME_ZONE,
    maxRecordingBytes: values.STT_MAX_FILE_MB * 1_000_000,
    chat: chatSettings(values),
    routing: routingSettings(values),
    usage: usageSettings(values),
  });
}
