import * as z from 'zod';
import { llmPurposeSchema } from './chat.ts';
import { sessionIdSchema } from './ids.ts';

const countSchema = z.number().int().nonnegative();

/** ISO 4217. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'three capital letters, such as EUR');

const counts = {
  requests: countSchema,
  /** Of `requests`: the provider did not say its tokens (an answer cut short), so they are counted from the text. */
  estimated_requests: countSchema,
  /** Of `requests`: the price table has no price for the model, so they are in no cost. */
  unpriced_requests: countSchema,
  prompt_tokens: countSchema,
  /** Part of `prompt_tokens` that the provider had kept from an earlier request. */
  cached_tokens: countSchema,
  completion_tokens: countSchema,
};

/** What one model was used for, added up. */
export const usageLineSchema = z.object({
  purpose: llmPurposeSchema,
  provider: z.string(),
  model: z.string(),
  ...counts,
  /** Of the priced requests; null = none has a price: unknown, which is not free. */
  cost: z.number().nonnegative().nullable(),
  currency: currencySchema,
});
export type UsageLine = z.infer<typeof usageLineSchema>;

export const usageTotalSchema = z.object({
  ...counts,
  /** One per currency the price table has had; empty = no cost is known. */
  costs: z.array(z.object({ currency: currencySchema, amount: z.number().nonnegative() })),
});
export type UsageTotal = z.infer<typeof usageTotalSchema>;

/** `GET /api/sessions/{id}/usage`. */
export const sessionUsageSchema = z.object({
  session_id: sessionIdSchema,
  lines: z.array(usageLineSchema),
  total: usageTotalSchema,
});
export type SessionUsage = z.infer<typeof sessionUsageSchema>;

const RANGE_DAYS = 30;
const LONGEST_RANGE_DAYS = 366;
const DAY_MS = 86_400_000;
const FIRST_DAY = '2000-01-01';

/** There was nothing to bill before, and Postgres knows no year 0. */
const daySchema = z.iso.date().refine((day) => day >= FIRST_DAY, `not before ${FIRST_DAY}`);
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Days in UTC, both included; without `to` up to today, without `from` 30 days. */
export const usageQuerySchema = z
  .strictObject({ from: daySchema.optional(), to: daySchema.optional() })
  .transform(({ from, to }) => {
    const last = to ?? dayOf(Math.max(Date.now(), Date.parse(from ?? FIRST_DAY)));
    return { from: from ?? dayOf(Date.parse(last) - (RANGE_DAYS - 1) * DAY_MS), to: last };
  })
  .refine(({ from, to }) => from <= to && Date.parse(to) - Date.parse(from) < LONGEST_RANGE_DAYS * DAY_MS, {
    error: `from must not be after to (by default today), and at most ${LONGEST_RANGE_DAYS} days before it`,
    path: ['from'],
  });

/** `GET /api/usage`: what the caller's tenant used, sessions that were deleted included. */
export const tenantUsageSchema = z.object({
  from: z.iso.date(),
  to: z.iso.date(),
  days: z.array(z.object({ day: z.iso.date(), ...usageTotalSchema.shape })),
  lines: z.array(usageLineSchema),
  total: usageTotalSchema,
});
export type TenantUsage = z.infer<typeof tenantUsageSchema>;
