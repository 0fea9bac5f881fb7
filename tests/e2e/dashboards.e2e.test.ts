import { readFileSync } from 'node:fs';
import { runConversation } from '@eloquence/testkit/conversation';
import { waitFor } from '@eloquence/testkit/wait-for';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const stack = inject('stack');
const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const dashboardSchema = z.object({
  panels: z.array(
    z.looseObject({ title: z.string(), targets: z.array(z.looseObject({ expr: z.string() })).optional() }),
  ),
});
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.looseObject({ alert: z.string(), expr: z.string() })) })),
});
const answerSchema = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z.object({ result: z.array(z.unknown()) }).optional(),
});

const panels = dashboardSchema.parse(JSON.parse(read('infra/grafana/dashboards/voice.json'))).panels;
const alerts = rulesSchema.parse(parse(read('infra/prometheus/rules.yml'))).groups.flatMap((group) => group.rules);
const queries = panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ title, expr })));

async function ask(expr: string): Promise<z.infer<typeof answerSchema>> {
  const query = expr.replaceAll('$__rate_interval', '1m');
  const response = await fetch(`${stack.urls.prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  return answerSchema.parse(await response.json());
}

const callSeen = async () =>
  (await ask('sum(rate(eloquence_turn_seconds_count{stage="total"}[1m])) > 0')).data?.result.length;

describe.skipIf(stack.urls.prometheus === undefined)('on the real Prometheus, after a spoken call', () => {
  beforeAll(async () => {
    await runConversation({
      apiUrl: stack.urls.api,
      script: ['bonjour à tous on peut commencer', 'donnez-moi un conseil'],
    });
    // rate() needs two scrapes, and the second must have seen the call.
    await waitFor(callSeen, { timeoutMs: 60_000, intervalMs: 1000, what: 'a scrape of the call' });
  });

  test.each(queries)('panel "$title" has data: $expr', async ({ expr }) => {
    const answer = await waitFor(
      async () => {
        const last = await ask(expr);
        return last.status === 'success' && last.data?.result.length ? last : undefined;
      },
      { timeoutMs: 20_000, intervalMs: 1000, what: `an answer to ${expr}` },
    );
    expect(answer.error).toBeUndefined();
  });

  test.each(alerts)('alert $alert is a query Prometheus accepts', async ({ expr }) => {
    expect(await ask(expr)).toMatchObject({ status: 'success' });
  });
});
