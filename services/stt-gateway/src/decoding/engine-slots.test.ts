import { describe, expect, test } from 'vitest';
import { EngineSlots } from './engine-slots.ts';

/** How long the engine takes for each of `inFlight` calls, ms. */
type Engine = (inFlight: number) => number;

const serial =
  (callMs: number): Engine =>
  (inFlight) =>
    inFlight * callMs;
/** As CTranslate2 on a GPU: eight at once take little more than one. */
const batching =
  (callMs: number): Engine =>
  (inFlight) =>
    callMs * (1 + 0.1 * (inFlight - 1));

/** Always as many calls in flight as allowed; times vary by up to 15 %, always in the same way. */
function saturate(slots: EngineSlots, engine: Engine, calls: number): number[] {
  const limits: number[] = [];
  for (let count = 0; count < calls; count += 1) {
    const jitter = 1 + 0.15 * Math.sin(count * 2.4);
    slots.record({ tookMs: engine(slots.limit) * jitter, meanInFlight: slots.limit, saturated: true });
    limits.push(slots.limit);
  }
  return limits;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('EngineSlots', () => {
  test('an engine that batches is given as many calls as it may have', () => {
    const slots = new EngineSlots(8);
    saturate(slots, batching(150), 200);
    expect(slots.limit).toBe(8);
    expect(slots.capacityPerS).toBeGreaterThan(25);
  });

  test('a quick engine that decodes one at a time keeps one more call ready, hardly ever two', () => {
    const slots = new EngineSlots(8);
    const limits = saturate(slots, serial(60), 2_000);
    expect(mean(limits.slice(500))).toBeLessThan(2.2);
    expect(slots.capacityPerS).toBeGreaterThan(14);
    expect(slots.capacityPerS).toBeLessThan(20);
  });

  test('a slow engine that decodes one at a time is not buried', () => {
    const slots = new EngineSlots(8);
    // While nothing waits the time of one call becomes known.
    slots.record({ tookMs: 3_000, meanInFlight: 1, saturated: false });
    const limits = saturate(slots, serial(3_000), 400);
    expect(mean(limits.slice(100))).toBeLessThan(1.3);
  });

  test('nothing is tried while nothing waits', () => {
    const slots = new EngineSlots(8);
    for (let count = 0; count < 100; count += 1) slots.record({ tookMs: 50, meanInFlight: 1, saturated: false });
    expect(slots.limit).toBe(2);
    expect(slots.callMs).toBeCloseTo(50);
  });

  test('an engine that says it is busy gets half, and more again when that goes well', () => {
    const slots = new EngineSlots(8);
    saturate(slots, batching(150), 200);
    slots.refused();
    expect(slots.limit).toBe(4);
    slots.refused();
    slots.refused();
    slots.refused();
    expect(slots.limit).toBe(1);
    saturate(slots, batching(150), 600);
    expect(slots.limit).toBe(8);
  });

  test('an engine that becomes four times slower is known to within a few calls', () => {
    const slots = new EngineSlots(8);
    saturate(slots, batching(150), 200);
    const before = slots.capacityPerS ?? 0;
    saturate(slots, batching(600), 40);
    expect(slots.capacityPerS).toBeLessThan(before / 2.5);
    expect(slots.capacityPerS).toBeGreaterThan(before / 6);
  });
});
