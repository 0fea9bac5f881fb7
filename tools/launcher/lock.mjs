import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isRunning } from './process-identity.mjs';

/**
 * @typedef {import("./process-identity.mjs").Identity & {note: string}} Holder
 * @typedef {{holder: Holder} | {release: () => void, update: (note: string) => void}} LockResult
 */

const SETTLE_MS = 40;

/**
 * Takes a lock file, or says who has it. The lock of a process that is gone does not count.
 * @param {string} file
 * @param {string} note Told to whoever comes second.
 * @returns {Promise<LockResult>}
 */
export async function takeLock(file, note) {
  const own = identify(process.pid);
  const draft = `${file}.${process.pid}`;
  const content = JSON.stringify({ ...own, note });
  for (;;) {
    writeFileSync(draft, content, { mode: 0o600 });
    try {
      // A link appears with its content at once, and only where there is none.
      linkSync(draft, file);
    } catch {
      const holder = read(file);
      if (holder !== undefined && isRunning(holder)) {
        rmSync(draft, { force: true });
        return { holder };
      }
      rmSync(file, { force: true });
      continue;
    }
    rmSync(draft, { force: true });
    // Another one may have removed the same dead lock just after us, and with it ours.
    await delay(SETTLE_MS);
    if (read(file)?.pid === process.pid) break;
  }
  return {
    release: () => {
      if (read(file)?.pid === process.pid) rmSync(file, { force: true });
    },
    update: (text) => writeFileSync(file, JSON.stringify({ ...own, note: text }), { mode: 0o600 }),
  };
}

/**
 * Waits for its turn.
 * @param {string} file
 * @param {(holder: Holder) => void} onWait Called once when somebody else has it.
 * @returns {Promise<() => void>} gives it back
 */
export async function waitForLock(file, onWait) {
  let told = false;
  for (;;) {
    const result = await takeLock(file, 'setting up');
    if ('release' in result) return result.release;
    if (!told) onWait(result.holder);
    told = true;
    await delay(500);
  }
}

/**
 * @param {string} file
 * @returns {Holder | undefined}
 */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
