import { currencySchema } from '@eloquence/shared/contracts/usage';
import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import * as z from 'zod';
import type { ChatProviderId } from '../providers/provider.ts';

/** A unit of currency per token is thousands of times what the dearest model costs. */
const MOST_AMOUNT = 1_000_000;
const amountSchema = z.number().nonnegative().max(MOST_AMOUNT);

/** A price table as a file holds it: amounts per million tokens, by `provider/model`. */
export const priceTableSchema = z.strictObject({
  currency: currencySchema,
  models: z.record(
    z.string().regex(/^[^/]+\/.+$/, 'provider/model, such as mistral/mistral-small-latest'),
    z.strictObject({
      input: amountSchema,
      /** Of tokens the provider had kept; default: as `input`. */
      cached_input: amountSchema.optional(),
      output: amountSchema,
    }),
  ),
});
export type PriceTable = z.infer<typeof priceTableSchema>;

/**
 * List prices, to be checked against the provider's own page: yours may differ, and LLM_PRICES replaces this table. Seen on
 * 2026-11-21, agreed on by several public price lists. Models whose price the lists disagree about (all of Mistral's) are
 * left out: an unknown cost is told as unknown.
 */
export const LIST_PRICES: PriceTable = {
  currency: 'USD',
  models: { 'openai/gpt-4o-mini': { input: 0.15, cached_input: 0.075, output: 0.6 } },
};

/** Their models run on machines of one's own: no bill comes for a call. A price in the table is charged all the same. */
const OWN_MACHINES: ReadonlySet<ChatProviderId> = new Set(['ollama', 'rest', 'demo']);

/**
 * The cost of a call.
 *
 * @returns whole millionths of the table's currency; undefined when the model has no price
 */
export function costMicros(
  table: PriceTable,
  call: { readonly provider: ChatProviderId; readonly model: string; readonly usage: ChatUsage },
): number | undefined {
  const price = table.models[`${call.provider}/${call.model}`];
  if (!price) return OWN_MACHINES.has(call.provider) ? 0 : undefined;
  const { prompt_tokens: prompt, completion_tokens: output } = call.usage;
  const cached = Math.min(call.usage.prompt_tokens_details?.cached_tokens ?? 0, prompt);
  // An amount per million tokens is as many millionths per token.
  const micros = (prompt - cached) * price.input + cached * (price.cached_input ?? price.input) + output * price.output;
  return Math.min(Math.round(micros), Number.MAX_SAFE_INTEGER);
}
