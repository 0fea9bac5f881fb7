import type { ChatUsage } from '@eloquence/shared/contracts/chat';

/** What a vendor says that an answer has used, in tokens, as it came off its wire. */
export interface GivenCounts {
  /** All that was read, cached or not. */
  readonly prompt: unknown;
  readonly completion: unknown;
  readonly cached?: unknown;
}

/**
 * The usage, if it can be believed: it is billed, and added up for years.
 *
 * @returns undefined for counts that are missing, negative, broken or beyond counting; what was used is estimated then
 */
export function countedUsage({ prompt, completion, cached }: GivenCounts): ChatUsage | undefined {
  // Nothing is no question: who says 0 (as Mistral's library does for none) has not counted.
  if (!isCount(prompt) || prompt === 0 || !isCount(completion)) return undefined;
  const total = prompt + completion;
  if (!isCount(total)) return undefined;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total,
    ...(isCount(cached) && cached <= prompt && { prompt_tokens_details: { cached_tokens: cached } }),
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
