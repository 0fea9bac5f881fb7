import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import * as z from 'zod';
import type { UsageEntry } from './ledger.ts';
import { usageEnv, usageSettings } from './settings.ts';
import { UsageLedger } from './usage-ledger.ts';
import type { UsageRow } from './usage-row.ts';

const prices = { currency: 'EUR', models: { 'rest/dear': { input: 1e6, output: 1e6 } } };
const entry: UsageEntry = {
  caller: { tenant: 'marie', purpose: 'talk' },
  provider: 'rest',
  model: 'm',
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  estimated: false,
};

/** What is written of these calls, in one piece. */
async function written(entries: readonly UsageEntry[]): Promise<readonly UsageRow[]> {
  const rows: UsageRow[] = [];
  const write = async (batch: { readonly rows: readonly UsageRow[] }) => void rows.push(...batch.rows);
  const ledger = new UsageLedger({
    settings: usageSettings(z.object(usageEnv).parse({ LLM_PRICES: JSON.stringify(prices) })),
    store: { write },
    redis: new Redis({ lazyConnect: true }),
    telemetry: new Telemetry({ processMetrics: false }),
    logger: createLogger('test', 'silent'),
  });
  for (const one of entries) ledger.record(one);
  await ledger.close();
  return rows;
}

it('models whose names were made up share a row and lose no call, those with a price keep their own', async () => {
  const made = Array.from({ length: 3000 }, (_, index) => ({ ...entry, model: `made-up-${index}` }));
  const rows = await written([...made, { ...entry, model: 'dear' }]);
  expect(rows).toHaveLength(102);
  expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(3001);
  expect(rows.find(({ model }) => model === 'other')).toMatchObject({ requests: 2900, prompt_tokens: 29_000 });
  expect(rows.find(({ model }) => model === 'dear')).toMatchObject({ requests: 1, cost_micros: 15_000_000 });
});

it('sums stay numbers that can be read, whatever a server says it used', async () => {
  const most = Number.MAX_SAFE_INTEGER;
  const usage = { prompt_tokens: most, completion_tokens: most, total_tokens: most };
  const rows = await written(Array.from({ length: 1000 }, () => ({ ...entry, usage })));
  expect(rows).toMatchObject([{ requests: 1000, prompt_tokens: 1e12, completion_tokens: 1e12 }]);
});
