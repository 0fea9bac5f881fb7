import {
  sessionUsageSchema,
  tenantUsageSchema,
  usageLineSchema,
  usageQuerySchema,
  type UsageLine,
  type UsageTotal,
} from '@eloquence/shared/contracts/usage';
import type { Service } from '@eloquence/shared/runtime/service';
import { tenantOf } from '../../http/auth.ts';
import { problems } from '../../http/docs.ts';
import { requireSession, sessionParamsSchema } from '../../sessions/find-session.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import type { StoredLine, UsageStore, UsageSums } from './usage-store.ts';

export interface UsageRouteDeps {
  readonly store: SessionStore;
  readonly usage: UsageStore;
}

/** What models were used and what it cost. */
export function registerUsageRoutes(app: Service, { store, usage }: UsageRouteDeps): void {
  app.get(
    '/api/sessions/:session_id/usage',
    {
      schema: {
        tags: ['usage'],
        summary: 'Tokens and cost of a session, by purpose and model',
        description: 'Some two seconds behind. A session of another key is not found.',
        params: sessionParamsSchema,
        response: { 200: sessionUsageSchema, ...problems(401, 404, 503) },
      },
    },
    async (request) => {
      const { session_id: id } = await requireSession(store, request.params.session_id);
      const lines = await usage.ofSession(id);
      return { session_id: id, lines: lines.map(lineOf), total: totalOf(lines) };
    },
  );
  app.get(
    '/api/usage',
    {
      schema: {
        tags: ['usage'],
        summary: "Tokens and cost of the key's tenant, by day (UTC) and by model",
        description: 'Both days included; by default the 30 days up to today. Deleted sessions stay in the sums.',
        querystring: usageQuerySchema,
        response: { 200: tenantUsageSchema, ...problems(400, 401, 503) },
      },
    },
    async (request) => {
      const range = request.query;
      const owned = { tenant: tenantOf(request), ...range };
      const [lines, days] = await Promise.all([usage.ofTenant(owned), usage.days(owned)]);
      const byDay = Map.groupBy(days, ({ day }) => day);
      return {
        ...range,
        days: [...byDay].map(([day, sums]) => ({ day, ...totalOf(sums) })),
        lines: lines.map(lineOf),
        total: totalOf(lines),
      };
    },
  );
}

function lineOf({ cost_micros: micros, ...line }: StoredLine): UsageLine {
  return usageLineSchema.parse({ ...line, cost: isPriced(line) ? micros / 1e6 : null });
}

function totalOf(sums: readonly UsageSums[]): UsageTotal {
  const add = (of: (one: UsageSums) => number) => sums.reduce((sum, one) => sum + of(one), 0);
  const priced = Map.groupBy(sums.filter(isPriced), ({ currency }) => currency);
  return {
    requests: add((one) => one.requests),
    estimated_requests: add((one) => one.estimated_requests),
    unpriced_requests: add((one) => one.unpriced_requests),
    prompt_tokens: add((one) => one.prompt_tokens),
    cached_tokens: add((one) => one.cached_tokens),
    completion_tokens: add((one) => one.completion_tokens),
    costs: [...priced].map(([currency, of]) => ({
      currency,
      amount: of.reduce((sum, one) => sum + one.cost_micros, 0) / 1e6,
    })),
  };
}

const isPriced = (sums: Pick<UsageSums, 'requests' | 'unpriced_requests'>) => sums.requests > sums.unpriced_requests;
