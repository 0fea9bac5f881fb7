import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

test('an outbox delivers in the order of adding and counts what is not out', async () => {
  const outbox = new Outbox();
  const out: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  outbox.add(promise, (text) => out.push(text));
  outbox.add(Promise.resolve('second'), (text) => out.push(text));
  expect(outbox.pending).toBe(2);
  resolve('first');
  await outbox.drained;
  expect(out).toEqual(['first', 'second']);
  expect(outbox.pending).toBe(0);
});
