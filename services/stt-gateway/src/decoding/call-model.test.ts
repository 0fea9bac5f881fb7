import { describe, expect, test } from 'vitest';
import { CallModel } from './call-model.ts';

/** Calls with one to `most` in flight; times vary by up to 15 %. */
function modelOf(engine: (inFlight: number) => number, most: number, calls = 60): CallModel {
  const model = new CallModel();
  for (let count = 0; count < calls; count += 1) {
    const inFlight = 1 + ((count * 7) % 10) * ((most - 1) / 9);
    model.record(engine(inFlight) * (1 + 0.15 * Math.sin(count * 2.4)), inFlight);
  }
  return model;
}

describe('CallModel', () => {
  test('knows nothing before the first call', () => {
    expect(new CallModel().capacityPerS(8)).toBeUndefined();
  });

  test('an engine that does one after the other has the capacity of one call', () => {
    const capacity = modelOf((inFlight) => 200 * inFlight, 3).capacityPerS(8) ?? 0;
    expect(capacity).toBeGreaterThan(4);
    expect(capacity).toBeLessThan(6.5);
  });

  test('what a batching engine can do is seen from few calls at once, not further than twice as many', () => {
    const capacity = modelOf((inFlight) => 200 * (1 + 0.05 * (inFlight - 1)), 2).capacityPerS(8) ?? 0;
    expect(capacity).toBeGreaterThan(9);
    expect(capacity).toBeLessThanOrEqual(4 * 6);
  });

  test('what an engine that batches can do is known when it has had as much', () => {
    const capacity = modelOf((inFlight) => 200 * (1 + 0.05 * (inFlight - 1)), 6).capacityPerS(8) ?? 0;
    expect(capacity).toBeGreaterThan(25);
    expect(capacity).toBeLessThanOrEqual(36);
  });

  test('before it has seen two at once, and after it has seen it once or twice, it supposes one after the other', () => {
    const model = modelOf(() => 100, 1);
    model.record(100, 2);
    model.record(100, 2);
    expect(model.capacityPerS(8)).toBeGreaterThan(9);
    expect(model.capacityPerS(8)).toBeLessThan(13);
  });

  test('an engine that becomes slower is known to within a few calls, also when the calls in flight do not change', () => {
    const model = modelOf((inFlight) => 100 * inFlight, 2);
    for (let count = 0; count < 15; count += 1) model.record(500, 1);
    expect(model.capacityPerS(8)).toBeLessThan(4);
  });
});
