import { readFileSync } from 'node:fs';
import { createSessionResponseSchema, endSessionResponseSchema } from '@eloquence/shared/contracts/sessions';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { runConversation } from '@eloquence/testkit/conversation';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { waitFor } from '@eloquence/testkit/wait-for';
import { encodeWav } from '@eloquence/testkit/wav';
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

/** A meeting of one delivered sentence, to its minutes. */
async function holdMeeting(): Promise<void> {
  const post = <S extends z.ZodType>(schema: S, path: string, body: unknown = {}) =>
    requestJson({ url: `${stack.urls.api}${path}`, peer: 'api-backend', schema, method: 'POST', body });
  const opened = await post(createSessionResponseSchema, '/api/sessions', {
    user_id: 'ops',
    scenario_id: 'meeting',
    language: 'fr',
  });
  const path = `/api/sessions/${opened.session_id}`;
  const sound = await fetch(`${stack.urls.api}${path}/audio?speaker=ops&start_ms=0`, {
    method: 'POST',
    headers: { 'content-type': 'audio/wav' },
    body: encodeWav([await synthesize('nous avons décidé de reporter la livraison')]),
  });
  if (!sound.ok) throw new Error(`the sound was refused: ${await sound.text()}`);
  await post(endSessionResponseSchema, `${path}/end`);
  await waitFor(async () => (await fetch(`${stack.urls.api}${path}/report.md`)).ok, {
    timeoutMs: 60_000,
    intervalMs: 500,
    what: 'the minutes',
  });
}

describe.skipIf(stack.urls.prometheus === undefined)('on the real Prometheus, after a spoken call', () => {
  beforeAll(async () => {
    await runConversation({
      apiUrl: stack.urls.api,
      script: ['bonjour à tous on peut commencer', 'donnez-moi un conseil'],
    });
    await holdMeeting();
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
