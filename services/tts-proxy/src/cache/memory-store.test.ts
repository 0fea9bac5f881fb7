import { pick, seededRandom } from '@eloquence/testkit/seeded-random';
import { expect, test } from 'vitest';
import { MemoryStore } from './memory-store.ts';

const ENTRY_BYTES = 256;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

test.each([1, 2, 3, 4])('keeps what a list in the order of last use would keep, seed %i', (seed) => {
  const random = seededRandom(seed);
  const maxBytes = 8_000;
  const store = new MemoryStore(maxBytes);
  let model: { id: string; samples: Int16Array }[] = [];
  let wrong = 0;
  const size = () => model.reduce((sum, { samples }) => sum + samples.byteLength + ENTRY_BYTES, 0);
  for (let step = 0; step < 3_000; step += 1) {
    const id = pick(random, IDS);
    const dice = random();
    if (dice < 0.45) {
      const samples = new Int16Array(Math.floor(random() * (dice < 0.02 ? 6_000 : 1_200))).fill(step % 1000);
      store.set(id, samples);
      model = model.filter((entry) => entry.id !== id);
      if (samples.byteLength + ENTRY_BYTES <= maxBytes) model.push({ id, samples });
      while (size() > maxBytes) model.shift();
    } else if (dice < 0.95) {
      const entry = model.find((known) => known.id === id);
      if (store.get(id) !== entry?.samples) wrong += 1;
      if (entry) model = [...model.filter((known) => known !== entry), entry];
    } else {
      store.delete(id);
      model = model.filter((entry) => entry.id !== id);
    }
    expect(store.bytes).toBe(size());
    expect(store.bytes).toBeLessThanOrEqual(maxBytes);
  }
  expect(wrong).toBe(0);
  expect(model.length).toBeGreaterThan(2);
});
