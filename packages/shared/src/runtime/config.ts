import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { faultOfApiKey, parseApiKey } from './api-key.ts';

/** Settings are wrong; `message` lists every fault with its fix, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses the environment once, against an object schema whose keys are variable names.
 * An empty string counts as unset (compose passes `X=` for unset). For every key `X`, `X_FILE` may name a file holding the
 * value (Docker secrets); X wins.
 *
 * @returns the parsed values, frozen
 * @throws ConfigError listing all faults at once; the values themselves are never printed, they may be secrets
 */
export function parseEnv<S extends z.ZodObject>(schema: S, env: Environment = process.env): Readonly<z.infer<S>> {
  const raw: Record<string, string> = {};
  const faults: string[] = [];
  for (const name of Object.keys(schema.shape)) {
    const file = env[`${name}_FILE`];
    if (env[name]) raw[name] = env[name];
    else if (file) {
      try {
        raw[name] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        faults.push(`${name}_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
      }
    }
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0] ?? '');
      faults.push(
        raw[name] === undefined
          ? `${name}: is not set: give it in the environment; .env.example explains it`
          : `${name}: ${issue.message}`,
      );
    }
  }
  if (parsed.success && holdsInternalKey(parsed.data)) {
    faults.push(
      'API_KEYS: holds INTERNAL_API_KEY, so that a caller would pass for one of our services: give callers another, `openssl rand -hex 24` makes one',
    );
  }
  if (faults.length > 0) throw new ConfigError(`The settings are not usable:\n  ${faults.join('\n  ')}`);
  return Object.freeze(parsed.data as z.infer<S>);
}

function holdsInternalKey({ API_KEYS: keys, INTERNAL_API_KEY: internal }: Record<string, unknown>): boolean {
  return Array.isArray(keys) && keys.some((entry) => typeof entry === 'string' && parseApiKey(entry).key === internal);
}

/**
 * Keys of callers, `key` or `name:key` (see api-key.ts), separated by commas: secrets that cannot be guessed, printable as they go
 * into a header.
 */
export const apiKeysSchema = z
  .string()
  .default('')
  .transform((list) => list.split(',').flatMap((key) => key.trim() || []))
  .superRefine((entries, context) => {
    for (const entry of entries) {
      const message = faultOfApiKey(entry);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }
  });

/** Variables every service has. Spread into a service's schema. */
export const commonEnv = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  BIND_ADDRESS: z.string().default('127.0.0.1'),
  INTERNAL_API_KEY: z
    .string()
    .min(16, 'must have at least 16 characters: `npm start` generates one, `openssl rand -hex 24` makes one'),
};

/** A TCP port; 0 lets the system choose, as tests do. */
export const portSchema = z.coerce.number().int().min(0).max(65_535);

/** An http(s) base URL without a trailing slash. */
export const httpUrlSchema = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

/** A ws(s) URL without a trailing slash. */
export const wsUrlSchema = z.url({ protocol: /^wss?$/ }).transform((url) => url.replace(/\/+$/, ''));
