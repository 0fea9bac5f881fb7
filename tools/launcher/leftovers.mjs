import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isRunning, statFields } from './process-identity.mjs';

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
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...identity, name, stopSignal }), { mode: 0o600 });
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
 * @returns {PidRecord[]}
 */
function readRecords(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(folder, name), 'utf8'))];
      } catch {
        rmSync(join(folder, name), { force: true });
        return [];
      }
    });
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
