import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '@eloquence/shared/runtime/config';
import * as z from 'zod';
import { LIST_PRICES, priceTableSchema, type PriceTable } from './prices.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../../..');

/** 0 = no limit. */
const limitSchema = z.coerce.number().int().nonnegative();

/** Variables of accounting and quotas, to be spread into the service's environment schema. */
export const usageEnv = {
  LLM_PRICES: z.string().min(1).optional(),
  LLM_TENANT_REQUESTS_PER_MINUTE: limitSchema.default(600),
  LLM_TENANT_TOKENS_PER_DAY: limitSchema.default(0),
  LLM_SESSION_TOKENS: limitSchema.default(2_000_000),
  LLM_SESSION_REQUESTS_PER_MINUTE: limitSchema.default(120),
};

export type UsageEnv = z.infer<z.ZodObject<typeof usageEnv>>;

/** Limits of calls to models; 0 = none. */
export interface QuotaSettings {
  readonly tenantRequestsPerMinute: number;
  /** Days in UTC. */
  readonly tenantTokensPerDay: number;
  readonly sessionRequestsPerMinute: number;
  readonly sessionTokens: number;
}

export interface UsageSettings {
  readonly prices: PriceTable;
  readonly quotas: QuotaSettings;
}

/**
 * The settings of accounting.
 *
 * @throws ConfigError naming the member of the price table that is wrong
 */
export function usageSettings(env: UsageEnv): UsageSettings {
  return Object.freeze({
    prices: env.LLM_PRICES === undefined ? LIST_PRICES : readPrices(env.LLM_PRICES),
    quotas: Object.freeze({
      tenantRequestsPerMinute: env.LLM_TENANT_REQUESTS_PER_MINUTE,
      tenantTokensPerDay: env.LLM_TENANT_TOKENS_PER_DAY,
      sessionRequestsPerMinute: env.LLM_SESSION_REQUESTS_PER_MINUTE,
      sessionTokens: env.LLM_SESSION_TOKENS,
    }),
  });
}

/** @param source path of a JSON file (from the repository's root), or the JSON itself (which is what `LLM_PRICES_FILE` makes of it) */
function readPrices(source: string): PriceTable {
  const inline = source.trimStart().startsWith('{');
  const where = inline ? 'LLM_PRICES' : `LLM_PRICES: ${source}`;
  let json: unknown;
  try {
    json = JSON.parse(inline ? source : readFileSync(resolve(REPOSITORY, source), 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw unusable(`${where}: ${code ? `cannot be read (${code})` : 'is not JSON'}`);
  }
  const parsed = priceTableSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${where}: ${issue.path.join(' > ') || 'it'}: ${faultOf(issue)}`);
  throw unusable(faults.join('\n  '));
}

/** zod says of a record's key only that it is invalid; the reason is one level down. */
function faultOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

function unusable(faults: string): ConfigError {
  return new ConfigError(
    `The settings are not usable:\n  ${faults}\n` +
      '  A price table looks like {"currency":"EUR","models":{"mistral/mistral-small-latest":{"input":0.1,"output":0.3}}}, per million tokens',
  );
}
