import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Lifecycle } from './lifecycle.ts';

const silent = pino({ level: 'silent' });

test('what was opened last is closed first, one after the other', async () => {
  const lifecycle = new Lifecycle(silent);
  const closed: string[] = [];
  for (const name of ['http', 'postgres', 'redis', 'worker']) {
    lifecycle.onClose(name, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      closed.push(name);
    });
  }
  expect(await lifecycle.close()).toBe(true);
  expect(closed).toEqual(['worker', 'redis', 'postgres', 'http']);
});

test('a step that fails or hangs does not keep the rest from closing', async () => {
  const lifecycle = new Lifecycle(silent, { stepTimeoutMs: 20 });
  const closed: string[] = [];
  lifecycle.onClose('last', () => void closed.push('last'));
  lifecycle.onClose('hangs', () => new Promise(() => undefined));
  lifecycle.onClose('fails', () => Promise.reject(new Error('no')));
  lifecycle.onClose('throws', () => {
    throw new Error('no');
  });
  lifecycle.onClose('first', () => void closed.push('first'));
  expect(await lifecycle.close()).toBe(false);
  expect(closed).toEqual(['first', 'last']);
});

test('closing twice closes once and gives the same answer', async () => {
  const lifecycle = new Lifecycle(silent);
  let closes = 0;
  lifecycle.onClose('once', () => void (closes += 1));
  expect(await Promise.all([lifecycle.close(), lifecycle.close()])).toEqual([true, true]);
  expect(closes).toBe(1);
});
