import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, test } from 'vitest';
import { SessionLock } from './session-lock.ts';

test('one process records a session; a lock of a process that is gone is taken over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-lock-'));
  {
    using locks = new DisposableStack();
    locks.use(SessionLock.take(folder, 'ses_a'));
    expect(() => SessionLock.take(folder, 'ses_a')).toThrow(/déjà enregistrée/);
    locks.use(SessionLock.take(folder, 'ses_b'));
  }
  expect(existsSync(join(folder, 'ses_a.lock'))).toBe(false);
  for (const left of ['{"pid":4194304,"started":"x"}', `{"pid":${process.pid},"started":"another boot/1"}`, 'torn']) {
    writeFileSync(join(folder, 'ses_a.lock'), left);
    SessionLock.take(folder, 'ses_a')[Symbol.dispose]();
  }
});

test('of several who take over from a process that is gone, one records', { timeout: 30_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-lock-'));
  const threads = 3;
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const contender = new URL('testing/lock-contender.ts', import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(contender, { workerData: { folder, shared } }));
  try {
    await Promise.all(workers.map((worker) => once(worker, 'online')));
    for (let round = 1; round <= 100; round += 1) {
      writeFileSync(join(folder, `ses_${round}.lock`), '{"pid":4194304,"started":"x"}');
      Atomics.store(shared, 0, round);
      Atomics.notify(shared, 0);
      await waitFor(() => Atomics.load(shared, 1) === threads * round, { what: 'answers', intervalMs: 1 });
      expect(Atomics.load(shared, 2), `locks of ${round} sessions`).toBe(round);
    }
    expect(readdirSync(folder).filter((name) => !/\.lock(?:\.\d)?$/.test(name))).toEqual([]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});
