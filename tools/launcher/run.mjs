import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { LauncherError } from './errors.mjs';
import { openLog, sizeOf } from './log-files.mjs';

/** Children of set-up steps under way, so that Ctrl-C ends them too. @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
/** Set by Ctrl-C: whatever step is under way, it starts nothing more. */
let ended = false;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} logFile
 * @property {string} [fix] What to do when it fails.
 * @property {string} [input]
 * @property {number} [uid]
 * @property {number} [gid]
 */

/**
 * Runs a set-up command with all its output in a log.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<void>}
 * @throws {LauncherError} when it cannot be started or exits with anything but 0
 */
export async function run(command, args, options) {
  if (ended) throw new LauncherError('interrupted');
  const log = openLog(options.logFile);
  const logOffset = sizeOf(options.logFile);
  try {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', log, log],
      detached: true,
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid }),
    });
    running.add(child);
    if (options.input !== undefined) child.stdin?.end(options.input);
    const code = await exitOf(child).finally(() => running.delete(child));
    if (code === 0) return;
    throw new LauncherError(`${[basename(command), ...args.slice(0, 2)].join(' ')} failed (${code})`, {
      fix: options.fix,
      logFile: options.logFile,
      logOffset,
      exitCode: typeof code === 'number' ? code : null,
    });
  } finally {
    closeSync(log);
  }
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number | string>} exit code, signal or the reason it could not start
 */
function exitOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 1));
  });
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{env?: NodeJS.ProcessEnv, timeoutMs?: number}} [options]
 * @returns {Promise<{ok: boolean, output: string}>} standard output; never throws
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      env: options.env,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: options.timeoutMs ?? 10_000,
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.once('error', () => resolve({ ok: false, output: '' }));
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** Ends set-up commands under way, with their children, and lets no other begin. */
export function killRunning() {
  ended = true;
  for (const child of running) {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // Already gone.
    }
  }
}

/**
 * @param {string} program
 * @param {string} [path] Value of PATH.
 * @returns {string | undefined} absolute path of the program
 */
export function which(program, path = process.env['PATH'] ?? '') {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, program);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/**
 * @param {string} file
 * @returns {boolean}
 */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Names npm gives its scripts, which would steer an npm or a node started from here elsewhere. */
const NPM_SCRIPT_NAMES =
  /^(npm_(lifecycle|package)_|npm_(command|execpath|node_execpath|config_local_prefix|config_prefix)$|INIT_CWD$)/;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>} without what npm adds for its scripts
 */
export function withoutNpmScriptNames(env) {
  /** @type {Record<string, string>} */
  const clean = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !NPM_SCRIPT_NAMES.test(name)) clean[name] = value;
  }
  return clean;
}
