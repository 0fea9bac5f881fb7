import { workerData } from 'node:worker_threads';
import { AppError } from '@eloquence/shared/runtime/errors';
import { SessionLock } from '../session-lock.ts';

// A thread that takes the lock of every round at the same moment as its siblings. Shared: the round, answers so far, locks taken so far.
const { folder, shared } = workerData as { readonly folder: string; readonly shared: Int32Array };
for (let round = 1; ; round += 1) {
  Atomics.wait(shared, 0, round - 1);
  if (isTaken(`ses_${round}`)) Atomics.add(shared, 2, 1);
  Atomics.add(shared, 1, 1);
}

function isTaken(session: string): boolean {
  try {
    SessionLock.take(folder, session);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
