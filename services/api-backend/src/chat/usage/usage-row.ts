import type { LlmPurpose } from '@eloquence/shared/contracts/chat';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { UsageEntry } from './ledger.ts';
import { costMicros, type PriceTable } from './prices.ts';

/** Calls of one kind on one day, added up: a row of `llm_usage`, or what is to be added to it. */
export interface UsageRow {
  readonly tenant: string;
  /** In UTC. */
  readonly day: string;
  readonly session_id: SessionId | null;
  readonly purpose: LlmPurpose;
  readonly provider: string;
  readonly model: string;
  readonly currency: string;
  readonly requests: number;
  readonly estimated_requests: number;
  readonly unpriced_requests: number;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly completion_tokens: number;
  readonly cost_micros: number;
}

/** No model reads or writes as much in a call; a server that says so would make sums that nobody can read. */
const MOST_TOKENS = 1_000_000_000;

/** One call as a row of its own. */
export function rowOf(entry: UsageEntry, prices: PriceTable, now: Date): UsageRow {
  const { caller, usage } = entry;
  const cost = costMicros(prices, entry);
  return {
    tenant: caller.tenant,
    day: now.toISOString().slice(0, 10),
    session_id: caller.sessionId ?? null,
    purpose: caller.purpose,
    provider: entry.provider,
    model: entry.model,
    currency: prices.currency,
    requests: 1,
    estimated_requests: entry.estimated ? 1 : 0,
    unpriced_requests: cost === undefined ? 1 : 0,
    prompt_tokens: Math.min(usage.prompt_tokens, MOST_TOKENS),
    cached_tokens: Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens, MOST_TOKENS),
    completion_tokens: Math.min(usage.completion_tokens, MOST_TOKENS),
    cost_micros: cost ?? 0,
  };
}

/** Rows with the same key are added up. */
export function keyOf(row: UsageRow): string {
  const { tenant, day, session_id: sessionId, purpose, provider, model, currency } = row;
  return JSON.stringify([tenant, day, sessionId, purpose, provider, model, currency]);
}

/** The sum of two rows of one key. */
export function sumOf(one: UsageRow, other: UsageRow): UsageRow {
  return {
    ...one,
    requests: one.requests + other.requests,
    estimated_requests: one.estimated_requests + other.estimated_requests,
    unpriced_requests: one.unpriced_requests + other.unpriced_requests,
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    cached_tokens: one.cached_tokens + other.cached_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
    cost_micros: one.cost_micros + other.cost_micros,
  };
}
