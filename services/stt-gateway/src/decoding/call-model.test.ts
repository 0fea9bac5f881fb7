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
    expect(capacity).toBeGreaterThan(14);
    expect(capacity).toBeLessThanOrEqual(4 * 6);
  });

  test('before it has seen two at once it supposes little', () => {
    expect(modelOf(() => 100, 1).capacityPerS(8)).toBeGreaterThan(10);
    expect(modelOf(() => 100, 1).capacityPerS(8)).toBeLessThan(17);
  });

  test('an engine that becomes slower is known to within a few calls, also when the calls in flight do not change', () => {
    const model = modelOf((inFlight) => 100 * inFlight, 2);
    for (let count = 0; count < 15; count += 1) model.record(500, 1);
    expect(model.capacityPerS(8)).toBeLessThan(4);
  });
});
