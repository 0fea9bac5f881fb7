import { describe, expect, it } from 'vitest';
import { costMicros, LIST_PRICES, priceTableSchema, type PriceTable } from './prices.ts';

const table: PriceTable = {
  currency: 'EUR',
  models: {
    'mistral/mistral-small-latest': { input: 0.1, output: 0.3 },
    'openai/gpt-4o-mini': { input: 0.15, cached_input: 0.075, output: 0.6 },
    'ollama/mistral:7b': { input: 1, output: 1 },
  },
};
const usage = { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 };
const cached = { ...usage, prompt_tokens_details: { cached_tokens: 800 } };

describe('the cost of a call', () => {
  it('is a whole number of millionths that can be added up, whatever a model says it used', () => {
    const mini = { provider: 'openai', model: 'gpt-4o-mini' } as const;
    const few = { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 };
    expect(costMicros(table, { ...mini, usage: few })).toBe(2);
    const dear: PriceTable = { currency: 'EUR', models: { 'openai/gpt-4o-mini': { input: 1e6, output: 1e6 } } };
    const most = { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1e15, total_tokens: 0 };
    expect(costMicros(dear, { ...mini, usage: most })).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('is tokens times price', () => {
    expect(costMicros(table, { provider: 'mistral', model: 'mistral-small-latest', usage })).toBeCloseTo(160, 9);
  });

  it('counts kept tokens at their own price, or at the full one where there is none', () => {
    const openai = costMicros(table, { provider: 'openai', model: 'gpt-4o-mini', usage: cached });
    expect(openai).toBeCloseTo(200 * 0.15 + 800 * 0.075 + 200 * 0.6, 9);
    const mistral = costMicros(table, { provider: 'mistral', model: 'mistral-small-latest', usage: cached });
    expect(mistral).toBeCloseTo(160, 9);
  });

  it('is unknown for a model without a price, and nothing on a machine of our own', () => {
    expect(costMicros(table, { provider: 'mistral', model: 'mistral-large-latest', usage })).toBeUndefined();
    expect(costMicros(table, { provider: 'ollama', model: 'qwen3:4b', usage })).toBe(0);
    expect(costMicros(table, { provider: 'demo', model: 'demo-coach', usage })).toBe(0);
    expect(costMicros(table, { provider: 'ollama', model: 'mistral:7b', usage })).toBe(1200);
  });

  it('never counts more kept tokens than there were', () => {
    const odd = { ...usage, prompt_tokens_details: { cached_tokens: 5000 } };
    expect(costMicros(table, { provider: 'openai', model: 'gpt-4o-mini', usage: odd })).toBeCloseTo(75 + 120, 9);
  });
});

it('the built-in table is a valid one', () => {
  expect(priceTableSchema.parse(LIST_PRICES)).toEqual(LIST_PRICES);
});

const isTable = (input: number): boolean =>
  priceTableSchema.safeParse({ currency: 'EUR', models: { 'openai/m': { input, output: 1 } } }).success;

it('a table with amounts that no model costs is refused', () => {
  expect(isTable(1e6)).toBe(true);
  for (const amount of [1e7, 1e308, Infinity, NaN, -1]) expect([amount, isTable(amount)]).toEqual([amount, false]);
});
