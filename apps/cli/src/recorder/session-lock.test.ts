import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
