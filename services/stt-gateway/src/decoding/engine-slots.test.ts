import { describe, expect, test } from 'vitest';
import { EngineSlots } from './engine-slots.ts';

/** An engine on a clock of its own: when each call that begins now ends. */
interface Engine {
  /** @returns the time at which the call ends, ms */
  take(nowMs: number, jitter: number): number;
}

/** One call after the other. */
class Serial implements Engine {
  callMs: number;
  #freeMs = 0;

  constructor(callMs: number) {
    this.callMs = callMs;
  }

  take(nowMs: number, jitter: number): number {
    this.#freeMs = Math.max(this.#freeMs, nowMs) + this.callMs * jitter;
    return this.#freeMs;
  }
}

/** Any number at once, each a little slower for those beside it, as CTranslate2 on a GPU. */
class Batching implements Engine {
  callMs: number;
  #ends: number[] = [];

  constructor(callMs: number) {
    this.callMs = callMs;
  }

  take(nowMs: number, jitter: number): number {
    this.#ends = this.#ends.filter((endMs) => endMs > nowMs);
    const endMs = nowMs + this.callMs * jitter * (1 + 0.1 * this.#ends.length);
    this.#ends.push(endMs);
    return endMs;
  }
}

/** A gateway that always has something waiting (or never), and what it does with its slots. */
class Load {
  readonly limits: number[] = [];
  readonly #slots: EngineSlots;
  readonly #engine: Engine;
  #nowMs = 0;
  #count = 0;
  #running: { readonly sinceMs: number; readonly endMs: number }[] = [];

  constructor(slots: EngineSlots, engine: Engine) {
    this.#slots = slots;
    this.#engine = engine;
  }

  /** @param waiting false: one call at a time, with a pause of a second */
  run(calls: number, waiting = true): void {
    for (let count = 0; count < calls; count += 1) {
      while (this.#running.length < (waiting ? this.#slots.limit : 1)) this.#start();
      this.#running.sort((a, b) => a.endMs - b.endMs);
      const [first] = this.#running.splice(0, 1);
      if (!first) return;
      this.#nowMs = first.endMs;
      this.#slots.ended(this.#nowMs, {
        tookMs: first.endMs - first.sinceMs,
        succeeded: true,
        waiting,
        alone: !waiting,
      });
      this.limits.push(this.#slots.limit);
      if (!waiting) this.#nowMs += 1_000;
    }
  }

  #start(): void {
    const jitter = 1 + 0.15 * Math.sin((this.#count += 1) * 2.4);
    this.#slots.started(this.#nowMs);
    this.#running.push({ sinceMs: this.#nowMs, endMs: this.#engine.take(this.#nowMs, jitter) });
  }
}

function loadOf(engine: Engine): { slots: EngineSlots; load: Load } {
  const slots = new EngineSlots(8);
  return { slots, load: new Load(slots, engine) };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('EngineSlots', () => {
  test('an engine that batches is given as many calls as it may have', () => {
    const { slots, load } = loadOf(new Batching(150));
    load.run(300);
    expect(slots.limit).toBe(8);
    expect(slots.capacityPerS).toBeGreaterThan(25);
  });

  test('a quick engine that decodes one at a time keeps one more call ready, hardly ever two', () => {
    const { slots, load } = loadOf(new Serial(60));
    load.run(2_000);
    expect(mean(load.limits.slice(500))).toBeLessThan(2.2);
    expect(slots.capacityPerS).toBeCloseTo(1000 / 60, 0);
  });

  test('a slow engine that decodes one at a time is not buried', () => {
    const { slots, load } = loadOf(new Serial(3_000));
    load.run(3, false);
    load.run(400);
    expect(mean(load.limits.slice(100))).toBeLessThan(1.3);
    expect(slots.capacityPerS).toBeCloseTo(1 / 3, 1);
  });

  test('nothing is tried while nothing waits, and capacity is no more than has been shown', () => {
    const { slots, load } = loadOf(new Batching(50));
    load.run(100, false);
    expect(slots.limit).toBe(2);
    expect(slots.callMs).toBeGreaterThan(40);
    expect(slots.capacityPerS).toBeGreaterThan(15);
    expect(slots.capacityPerS).toBeLessThan(25);
  });

  test('less work is not less capacity', () => {
    const { slots, load } = loadOf(new Batching(150));
    load.run(300);
    const before = slots.capacityPerS ?? 0;
    load.run(30, false);
    expect(slots.capacityPerS).toBeGreaterThan(before * 0.8);
  });

  test('an engine that says it is busy gets half, and more again when that goes well', () => {
    const { slots, load } = loadOf(new Batching(150));
    load.run(300);
    slots.refused();
    expect(slots.limit).toBe(4);
    slots.refused();
    slots.refused();
    slots.refused();
    expect(slots.limit).toBe(1);
    load.run(1_500);
    expect(slots.limit).toBeGreaterThan(4);
  });

  test('an engine that says what it can do is believed before anything was measured', () => {
    const slots = new EngineSlots(16, () => ({ callsAtOnce: 12, callsPerS: 40 }));
    expect(slots.limit).toBe(12);
    expect(slots.capacityPerS).toBe(32);
  });

  test('one that does less than it says while it is busy is not', () => {
    const slots = new EngineSlots(8, () => ({ callsAtOnce: 2, callsPerS: 40 }));
    const load = new Load(slots, new Serial(200));
    load.run(100);
    expect(slots.capacityPerS).toBeLessThan(8);
  });

  test('of a vendor each call takes as long as one alone, and a rate limit halves what it gets until that goes well', () => {
    const slots = new EngineSlots(8, () => ({ callsAtOnce: 8 }));
    expect(slots.capacityPerS).toBeUndefined();
    const load = new Load(slots, new Batching(400));
    load.run(20, false);
    expect(slots.capacityPerS).toBeCloseTo((0.8 * 8) / 0.4, 0);
    slots.refused();
    expect(slots.limit).toBe(4);
    load.run(200, false);
    expect(slots.limit).toBe(8);
  });

  test('a call that was cancelled is no throughput', () => {
    const slots = new EngineSlots(8);
    for (let count = 0; count < 20; count += 1) {
      slots.started(count * 100);
      slots.ended(count * 100 + 100, { tookMs: 100, succeeded: count % 2 === 0, waiting: false, alone: true });
    }
    expect(slots.capacityPerS).toBeLessThan(10);
  });

  test('an engine that becomes four times slower is known to within a few seconds', () => {
    const engine = new Batching(150);
    const { slots, load } = loadOf(engine);
    load.run(300);
    const before = slots.capacityPerS ?? 0;
    engine.callMs = 600;
    load.run(150);
    expect(slots.capacityPerS).toBeLessThan(before / 2.5);
  });
});
