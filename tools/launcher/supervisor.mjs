import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nextRestart } from './backoff.mjs';
import { LauncherError } from './errors.mjs';
import { forgetPid, recordPid } from './leftovers.mjs';
import { lastLines, openLog, readFrom, rotateIfLarge, sizeOf } from './log-files.mjs';
import { probe } from './readiness.mjs';
import { seconds } from './progress.mjs';

/**
 * @typedef {import("./services.mjs").Spec} Spec
 * @typedef {{code: number | null, signal: NodeJS.Signals | null, reason?: string}} Exit
 * @typedef {object} SupervisorOptions
 * @property {string} logs     Folder; the process writes its log itself, so it outlives the launcher.
 * @property {string} pids     Folder.
 * @property {(line: string) => void} say  Tells the person at the terminal.
 * @property {(text: string) => string} redact
 * @property {((line: string) => string | undefined) | undefined} [watchLine] Reads the log while starting; text returned
 *   is shown, and counts as a sign of life.
 * @property {() => number} [random]
 */

const POLL_MS = 100;
const SLOW_POLL_MS = 300;
const ROTATE_CHECK_MS = 60_000;

/** Starts one process, restarts it when it ends by itself, and stops it with all its children. */
export class Supervisor {
  /**
   * @param {Spec} spec
   * @param {SupervisorOptions} options
   */
  constructor(spec, options) {
    this.spec = spec;
    this.options = options;
    this.logFile = join(options.logs, `${spec.name}.log`);
    /** @type {import("node:child_process").ChildProcess | undefined} */
    this.child = undefined;
    /** @type {Promise<Exit>} */
    this.exited = Promise.resolve({ code: 0, signal: null });
    this.startedAt = 0;
    this.logOffset = 0;
    this.quickFailures = 0;
    this.stopping = false;
    /** Set once it has been ready: from then on it is restarted. */
    this.kept = false;
    this.cancel = new AbortController();
    /** @type {NodeJS.Timeout | undefined} */
    this.rotation = undefined;
  }

  /**
   * Starts the process and waits until it is ready.
   * @param {(note: string) => void} note
   * @throws {LauncherError} when it ends or does not get ready in time
   */
  async start(note) {
    this.launch();
    const exit = await this.waitUntilReady(note);
    if (this.stopping) return;
    if (exit !== undefined) throw this.startError(exit);
    this.kept = true;
    this.rotation = setInterval(() => rotateIfLarge(this.logFile), ROTATE_CHECK_MS);
    this.rotation.unref();
    void this.keepRunning();
  }

  launch() {
    const { spec } = this;
    this.logOffset = sizeOf(this.logFile);
    this.startedAt = Date.now();
    const log = openLog(this.logFile);
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C reaches only the launcher, which then stops things in order.
      detached: true,
      ...(spec.owner === undefined ? {} : spec.owner),
    });
    closeSync(log);
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: null, signal: null, reason: error.message }));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then(() => this.clearUp(child));
    if (child.pid !== undefined) {
      recordPid(this.options.pids, { name: spec.name, pid: child.pid, stopSignal: spec.stopSignal });
    }
  }

  /**
   * Children a process leaves behind must not outlive it, least of all hold its port.
   * @param {import("node:child_process").ChildProcess} child
   */
  clearUp(child) {
    this.signalGroup(child, 'SIGKILL');
    if (this.child === child) this.child = undefined;
    forgetPid(this.options.pids, this.spec.name);
  }

  /**
   * @param {(note: string) => void} note
   * @returns {Promise<Exit | undefined>} how it ended, if it did before it was ready
   */
  async waitUntilReady(note) {
    /** @type {Exit | undefined} */
    let exit;
    void this.exited.then((value) => (exit = value));
    let lastSign = Date.now();
    let offset = this.logOffset;
    for (;;) {
      if (exit !== undefined || this.stopping) return exit;
      const answer = await probe(this.spec.ready);
      // Another program on the same port may answer in place of one that could not bind it.
      if (answer.ready && exit === undefined) return undefined;
      const read = this.readSigns(offset);
      offset = read.offset;
      if (read.sign !== undefined) lastSign = Date.now();
      if (read.sign !== undefined || answer.detail !== '') note(read.sign ?? answer.detail);
      if (Date.now() - lastSign > this.spec.startTimeoutMs) throw this.timeoutError(answer.detail);
      const pause = Date.now() - this.startedAt < 5000 ? POLL_MS : SLOW_POLL_MS;
      await Promise.race([delay(pause), this.exited]);
    }
  }

  /**
   * @param {number} offset
   * @returns {{sign: string | undefined, offset: number}}
   */
  readSigns(offset) {
    const { watchLine } = this.options;
    if (watchLine === undefined) return { sign: undefined, offset };
    const { text, end } = readFrom(this.logFile, offset);
    const whole = text.lastIndexOf('\n') + 1;
    const signs = text
      .slice(0, whole)
      .split('\n')
      .map(watchLine)
      .filter((sign) => sign !== undefined);
    return { sign: signs.at(-1), offset: end - Buffer.byteLength(text.slice(whole)) };
  }

  /** Waits for the end of the process and starts it again, until it is stopped. */
  async keepRunning() {
    const { say, random = Math.random } = this.options;
    while (!this.stopping) {
      const exit = await this.exited;
      if (this.stopping) return;
      const next = nextRestart({
        quickFailures: this.quickFailures,
        aliveMs: Date.now() - this.startedAt,
        random: random(),
      });
      this.quickFailures = next.quickFailures;
      say(
        `! ${this.spec.name} ended (${describeExit(exit)})${this.lastWords()}; starting it again in ${seconds(next.delayMs)}`,
      );
      if (next.advise) say(`! ${this.spec.name} keeps failing. Look at ${this.logFile}; it is tried again every 30 s.`);
      await delay(next.delayMs, undefined, { signal: this.cancel.signal }).catch(() => undefined);
      if (this.stopping) return;
      this.launch();
      await this.reportReady();
    }
  }

  /** After a restart: says when it is back, or that it does not come back; the process is left to itself. */
  async reportReady() {
    try {
      const exit = await this.waitUntilReady(() => undefined);
      if (exit === undefined && !this.stopping) this.options.say(`✓ ${this.spec.name} is back`);
    } catch {
      this.options.say(`! ${this.spec.name} runs again but is not ready. Look at ${this.logFile}.`);
    }
  }

  /** Stops the process and its children; SIGKILL after the grace. */
  async stop() {
    this.stopping = true;
    clearInterval(this.rotation);
    this.cancel.abort();
    const child = this.child;
    if (child === undefined) return;
    child.kill(this.spec.stopSignal);
    const timer = setTimeout(() => this.signalGroup(child, 'SIGKILL'), this.spec.stopGraceMs);
    await this.exited;
    clearTimeout(timer);
    this.clearUp(child);
  }

  /** Ends it at once, without grace. */
  kill() {
    this.stopping = true;
    this.cancel.abort();
    if (this.child !== undefined) this.signalGroup(this.child, 'SIGKILL');
  }

  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {NodeJS.Signals} signal
   */
  signalGroup(child, signal) {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is empty.
    }
  }

  /** @returns {string} */
  lastWords() {
    const [line] = lastLines(this.logFile, 1, this.logOffset);
    return line === undefined ? '' : `, its last line: ${this.options.redact(messageIn(line)).slice(0, 200)}`;
  }

  /** @param {Exit} exit */
  startError(exit) {
    return new LauncherError(`${this.spec.name} ended while starting (${describeExit(exit)}).`, {
      logFile: this.logFile,
      logOffset: this.logOffset,
      exitCode: exit.code,
      fix: 'Mend what its log names, then npm start again.',
    });
  }

  /** @param {string} detail */
  timeoutError(detail) {
    const waiting = detail === '' ? '' : ` It is waiting for: ${detail}.`;
    return new LauncherError(`${this.spec.name} was not ready after ${seconds(this.spec.startTimeoutMs)}.${waiting}`, {
      logFile: this.logFile,
      logOffset: this.logOffset,
      fix: 'Mend what its log names, then npm start again.',
    });
  }
}

/**
 * @param {Exit} exit
 * @returns {string}
 */
function describeExit({ code, signal, reason }) {
  if (reason !== undefined) return reason;
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/**
 * @param {string} line Of a log; most are JSON.
 * @returns {string} what it says to a person
 */
function messageIn(line) {
  try {
    const { msg, err } = JSON.parse(line);
    const cause = typeof err?.message === 'string' ? `: ${err.message}` : '';
    return typeof msg === 'string' ? `${msg}${cause}` : line;
  } catch {
    return line;
  }
}
