import { expect, test } from 'vitest';
import { RecentTimes } from './recent-times.ts';

test('nothing known is 0', () => {
  expect(new RecentTimes().p95).toBe(0);
});

test('the slow end of the last fifty counts', () => {
  const times = new RecentTimes();
  for (let ms = 1; ms <= 100; ms += 1) times.add(ms);
  expect(times.p95).toBe(98);
});

test('one slow time among few is believed, among many it is an exception', () => {
  const times = new RecentTimes();
  times.add(4_000);
  expect(times.p95).toBe(4_000);
  for (let at = 0; at < 49; at += 1) times.add(300);
  expect(times.p95).toBe(300);
});
