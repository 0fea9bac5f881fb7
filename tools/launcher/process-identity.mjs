import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * A process, told apart from a later one that got the same number.
 * @typedef {{pid: number, startedAt: string}} Identity
 */

/**
 * @param {number} pid
 * @returns {Identity | undefined} undefined when there is no such process
 */
export function identify(pid) {
  const startedAt = existsSync('/proc/self/stat') ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/**
 * Checks what was read from a file, which may be damaged: a number below 1 names no process but groups of them, up to all.
 * @param {unknown} value
 * @returns {value is Identity}
 */
export function isIdentity(value) {
  const { pid, startedAt } = /** @type {{pid?: unknown, startedAt?: unknown}} */ (value ?? {});
  return Number.isInteger(pid) && Number(pid) >= 1 && typeof startedAt === 'string' && startedAt !== '';
}

/**
 * @param {Identity} identity
 * @returns {boolean} whether that very process still runs
 */
export function isRunning(identity) {
  return isIdentity(identity) && identify(identity.pid)?.startedAt === identity.startedAt;
}

/**
 * @param {number} pid
 * @returns {string | undefined} this boot's id and the clock ticks since boot
 */
function startFromProc(pid) {
  try {
    const fields = statFields(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    // A zombie has ended; its parent only has not looked yet.
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} stat Content of /proc/<pid>/stat; the name in it may hold spaces and brackets.
 * @returns {string[]} the fields after the name: state, parent, process group, …
 */
export function statFields(stat) {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * @param {number} pid
 * @returns {string | undefined}
 */
function startFromPs(pid) {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
