import { errorCodes, errorCodeSchema } from '@eloquence/shared/contracts/errors';
import * as z from 'zod';

/** An error of the library's, with OpenAI's error member as the LLM proxy sent it. */
const refusalSchema = z.object({ body: z.object({ code: errorCodeSchema }) });

/**
 * Whether a failed request to the LLM proxy would fail again: a refused key, a bill, a quota. False also for what says nothing
 * about itself.
 */
export function needsMending(error: unknown): boolean {
  const refusal = refusalSchema.safeParse(error);
  return refusal.success && !errorCodes[refusal.data.body.code].retryable;
}
