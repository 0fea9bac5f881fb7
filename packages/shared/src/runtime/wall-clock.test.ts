import { expect, test } from 'vitest';
import { wallClockMs } from './wall-clock.ts';

const shown = (iso: string, zone: string): string =>
  new Date(wallClockMs(Date.parse(iso), zone)).toISOString().slice(0, 16);

test.each([
  // Over midnight.
  ['2026-01-21T22:30:00Z', 'Europe/Paris', '2026-01-21T23:30'],
  ['2026-01-21T23:30:00Z', 'Europe/Paris', '2026-01-22T00:30'],
  ['2026-07-21T22:30:00Z', 'Europe/Paris', '2026-07-22T00:30'],
  ['2026-01-22T03:00:00Z', 'America/New_York', '2026-01-21T22:00'],
  ['2026-01-21T20:00:00Z', 'Asia/Tokyo', '2026-01-22T05:00'],
  // Over a change to summer time, and back.
  ['2026-03-29T00:59:00Z', 'Europe/Paris', '2026-03-29T01:59'],
  ['2026-03-29T01:00:00Z', 'Europe/Paris', '2026-03-29T03:00'],
  ['2026-10-25T00:30:00Z', 'Europe/Paris', '2026-10-25T02:30'],
  ['2026-10-25T01:30:00Z', 'Europe/Paris', '2026-10-25T02:30'],
  ['2026-01-01T00:00:00Z', 'UTC', '2026-01-01T00:00'],
])('%s in %s is %s', (iso, zone, wall) => {
  expect(shown(iso, zone)).toBe(wall);
});
