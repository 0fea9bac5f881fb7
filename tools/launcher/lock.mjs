import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LauncherError, messageOf } from './errors.mjs';
import { identify, isIdentity, isRunning } from './process-identity.mjs';
import { writePrivate } from './secrets.mjs';

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
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw cannotLock(file, error, draft);
      const holder = read(file);
      if (holder !== undefined && isRunning(holder)) {
        rmSync(draft, { force: true });
        return { holder };
      }
      rmSync(file, { recursive: true, force: true });
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
    // Never half: whoever finds it empty would take it for dead.
    update: (text) => writePrivate(file, JSON.stringify({ ...own, note: text })),
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
 * @returns {Holder | undefined} undefined also when the file is damaged
 */
function read(file) {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8'));
    return isIdentity(holder) ? /** @type {Holder} */ (holder) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {unknown} error
 * @param {string} draft
 * @returns {LauncherError}
 */
function cannotLock(file, error, draft) {
  rmSync(draft, { force: true });
  return new LauncherError(`${file} cannot be made: ${messageOf(error)}`, {
    fix: 'Set ELOQUENCE_STATE_DIR to a folder on a disk that knows hard links (not exFAT, not a shared Windows folder).',
    cause: error,
  });
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
