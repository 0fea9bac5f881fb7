import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@eloquence/shared/runtime/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { LIST_PRICES } from './prices.ts';
import { usageEnv, usageSettings, type UsageSettings } from './settings.ts';

const settingsOf = (env: Record<string, string> = {}): UsageSettings => usageSettings(z.object(usageEnv).parse(env));
const table = { currency: 'EUR', models: { 'mistral/mistral-small-latest': { input: 0.1, output: 0.3 } } };

describe('the settings of accounting', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'prices-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('have limits that no conversation reaches, and a price table of their own', () => {
    expect(settingsOf()).toEqual({
      prices: LIST_PRICES,
      quotas: {
        tenantRequestsPerMinute: 600,
        tenantTokensPerDay: 0,
        sessionRequestsPerMinute: 120,
        sessionTokens: 2_000_000,
      },
    });
  });

  it('take another table from a file, or as it is', () => {
    const path = join(folder, 'prices.json');
    writeFileSync(path, JSON.stringify(table));
    expect(settingsOf({ LLM_PRICES: path }).prices).toEqual(table);
    expect(settingsOf({ LLM_PRICES: JSON.stringify(table) }).prices).toEqual(table);
  });

  it('name the file and the member that is wrong', () => {
    const path = join(folder, 'wrong.json');
    writeFileSync(
      path,
      JSON.stringify({ currency: 'euro', models: { 'mistral/m': { input: '0.1', output: 1 }, m: table.models } }),
    );
    const load = () => settingsOf({ LLM_PRICES: path });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/wrong\.json: currency: three capital letters/);
    expect(load).toThrow(/wrong\.json: models > mistral\/m > input: .*number/);
    expect(load).toThrow(/wrong\.json: models > m: provider\/model/);
  });

  it('say when there is no such file, or no JSON in it', () => {
    expect(() => settingsOf({ LLM_PRICES: '/nowhere/prices.json' })).toThrow(
      /LLM_PRICES: \/nowhere\/prices\.json: cannot be read \(ENOENT\)/,
    );
    const path = join(folder, 'text.json');
    writeFileSync(path, 'EUR');
    expect(() => settingsOf({ LLM_PRICES: path })).toThrow(/text\.json: is not JSON/);
  });
});
