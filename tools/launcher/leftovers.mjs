import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isIdentity, isRunning, statFields } from './process-identity.mjs';
import { writePrivate } from './secrets.mjs';

const GRACE_MS = 8000;

/**
 * @typedef {import("./process-identity.mjs").Identity & {name: string, stopSignal: NodeJS.Signals}} PidRecord
 */

/**
 * Writes down what has been started, for the case that the launcher is killed before it can end it.
 * @param {string} folder
 * @param {{name: string, pid: number, stopSignal: NodeJS.Signals}} started
 */
export function recordPid(folder, { name, pid, stopSignal }) {
  const identity = identify(pid);
  if (identity === undefined) return;
  writePrivate(join(folder, `${name}.json`), JSON.stringify({ ...identity, name, stopSignal }));
}

/**
 * @param {string} folder
 * @param {string} name
 */
export function forgetPid(folder, name) {
  rmSync(join(folder, `${name}.json`), { force: true });
}

/**
 * Ends what a launcher that was killed has left running. A process is only touched when it is the
 * very one that was recorded (number, start and boot agree); helpers of one that is gone, when they
 * are in its group and carry this stack's folder in their environment.
 * @param {import("./paths.mjs").Paths} paths
 * @returns {Promise<string[]>} names of what was ended
 */
export async function endLeftovers(paths) {
  const records = readRecords(paths.pids);
  const ended = await Promise.all(
    records.map(async (record) => {
      const ran = isRunning(record);
      if (ran) await end(record);
      const orphans = groupMembers(record.pid, paths.state);
      for (const pid of orphans) signal(pid, 'SIGKILL');
      forgetPid(paths.pids, record.name);
      return ran || orphans.length > 0 ? [record.name] : [];
    }),
  );
  return ended.flat();
}

/**
 * @param {string} folder
 * @returns {PidRecord[]} of the files that are whole; the others are removed
 */
export function readRecords(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const record = parseRecord(join(folder, name));
      if (record !== undefined && record.name === name.slice(0, -'.json'.length)) return [record];
      rmSync(join(folder, name), { recursive: true, force: true });
      return [];
    });
}

/**
 * Strict, because signals are sent to what it names: number 1 is the machine's own, and below it are groups of processes.
 * @param {string} file
 * @returns {PidRecord | undefined}
 */
function parseRecord(file) {
  try {
    const record = /** @type {PidRecord} */ (JSON.parse(readFileSync(file, 'utf8')));
    const usable = isIdentity(record) && record.pid > 1 && Object.hasOwn(constants.signals, record.stopSignal);
    return usable ? record : undefined;
  } catch {
    return undefined;
  }
}

/** @param {PidRecord} record */
async function end(record) {
  signal(record.pid, record.stopSignal);
  const deadline = Date.now() + GRACE_MS;
  while (isRunning(record) && Date.now() < deadline) await delay(50);
  if (isRunning(record)) signal(-record.pid, 'SIGKILL');
}

/**
 * @param {number} group
 * @param {string} stateDir
 * @returns {number[]}
 */
function groupMembers(group, stateDir) {
  if (!existsSync('/proc/self/stat')) return [];
  const marker = `ELOQUENCE_STATE_DIR=${stateDir}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        if (statFields(readFileSync(`/proc/${pid}/stat`, 'utf8'))[2] !== String(group)) return false;
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(marker);
      } catch {
        return false;
      }
    });
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // Already gone.
  }
}
