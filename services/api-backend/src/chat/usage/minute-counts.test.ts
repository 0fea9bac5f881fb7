import { describe, expect, it } from 'vitest';
import { MinuteCounts } from './minute-counts.ts';

describe('requests counted by one process', () => {
  it('are counted for a minute from the first', () => {
    const counts = new MinuteCounts();
    expect(counts.of('marie', 0)).toEqual({ count: 0, freeInMs: 0 });
    counts.add('marie', 0);
    counts.add('marie', 50_000);
    counts.add('paul', 50_000);
    expect(counts.of('marie', 59_000)).toEqual({ count: 2, freeInMs: 1000 });
    expect(counts.of('marie', 60_000)).toEqual({ count: 0, freeInMs: 0 });
    counts.add('marie', 61_000);
    expect(counts.of('marie', 61_000)).toEqual({ count: 1, freeInMs: 60_000 });
    expect(counts.of('paul', 61_000)).toEqual({ count: 1, freeInMs: 49_000 });
  });

  it('are forgotten when there are very many names, those asked longest ago first', () => {
    const counts = new MinuteCounts();
    counts.add('marie', 0);
    counts.add('paul', 0);
    for (let index = 0; index < 19_998; index += 1) counts.add(`name-${index}`, 0);
    counts.add('marie', 0);
    counts.add('one more', 0);
    expect(counts.of('marie', 0).count).toBe(2);
    expect(counts.of('paul', 0).count).toBe(0);
  });
});
