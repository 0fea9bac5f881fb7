import { LauncherError, messageOf } from './errors.mjs';
import { excerpt } from './log-files.mjs';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;
/** Without a terminal a long step says now and then that it is alive. */
const REMINDER_MS = 15_000;

/**
 * @typedef {{note: (text: string) => void}} Step
 * @typedef {{label: string, note: string, startedAt: number, remindedAt: number}} Active
 */

/**
 * @param {number} ms
 * @returns {string}
 */
export function seconds(ms) {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/**
 * Shows what the launcher does: one line per finished step, and below them one live line per step
 * under way. On anything that is no terminal only whole lines are written.
 */
export class Progress {
  /** @param {NodeJS.WriteStream} [stream] */
  constructor(stream = process.stdout) {
    this.stream = stream;
    this.live = stream.isTTY;
    /** @type {Set<Active>} */
    this.active = new Set();
    this.drawn = 0;
    this.frame = 0;
    /** @type {NodeJS.Timeout | undefined} */
    this.timer = undefined;
    /** @type {(text: string) => string} */
    this.redact = (text) => text;
  }

  /**
   * @template T
   * @param {string} label
   * @param {(step: Step) => Promise<T>} work May return a string: it is shown behind the label.
   * @returns {Promise<T>}
   */
  async step(label, work) {
    const now = Date.now();
    /** @type {Active} */
    const active = { label, note: '', startedAt: now, remindedAt: now };
    this.active.add(active);
    this.tick();
    try {
      const result = await work({ note: (text) => this.note(active, text) });
      this.finish(active, '✓', typeof result === 'string' ? result : active.note);
      return result;
    } catch (error) {
      this.finish(active, '✗', '');
      throw error;
    }
  }

  /** @param {string} text */
  line(text) {
    this.erase();
    this.stream.write(`${this.redact(text)}\n`);
    this.draw();
  }

  /**
   * @param {unknown} error
   */
  failure(error) {
    if (!(error instanceof LauncherError)) {
      this.line(`\n${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
      return;
    }
    this.line(`\n✗ ${error.message}`);
    if (error.logFile !== undefined) {
      this.line(`  ${error.logFile} says:`);
      for (const line of excerpt(error.logFile, error.logOffset)) this.line(`    ${line.slice(0, 400)}`);
    }
    if (error.fix !== undefined) this.line(`  What to do: ${error.fix}`);
  }

  /**
   * @param {Active} active
   * @param {string} text
   */
  note(active, text) {
    active.note = text;
    this.tick();
  }

  /**
   * @param {Active} active
   * @param {string} mark
   * @param {string} detail
   */
  finish(active, mark, detail) {
    this.active.delete(active);
    const spent = seconds(Date.now() - active.startedAt);
    this.line(`${mark} ${active.label.padEnd(22)} ${spent.padStart(7)}  ${detail}`.trimEnd());
    if (this.active.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  tick() {
    if (this.timer === undefined) {
      this.timer = setInterval(() => this.tick(), this.live ? FRAME_MS : 1000);
      this.timer.unref();
    }
    this.frame += 1;
    if (this.live) {
      this.erase();
      this.draw();
    } else {
      this.remind();
    }
  }

  remind() {
    const now = Date.now();
    for (const active of this.active) {
      if (now - active.remindedAt < REMINDER_MS) continue;
      active.remindedAt = now;
      const spent = seconds(now - active.startedAt);
      this.stream.write(`… ${active.label.padEnd(22)} ${spent.padStart(7)}  ${active.note}`.trimEnd() + '\n');
    }
  }

  erase() {
    if (!this.live || this.drawn === 0) return;
    this.stream.write(`\x1b[${this.drawn}A\x1b[0J`);
    this.drawn = 0;
  }

  draw() {
    if (!this.live) return;
    const width = Math.max(20, (this.stream.columns || 80) - 1);
    const frame = FRAMES[this.frame % FRAMES.length];
    for (const active of this.active) {
      const spent = seconds(Date.now() - active.startedAt);
      const text = `${frame} ${active.label.padEnd(22)} ${spent.padStart(7)}  ${active.note}`;
      this.stream.write(`${text.slice(0, width)}\n`);
      this.drawn += 1;
    }
  }
}

/**
 * @param {number} percent
 * @param {number} [width]
 * @returns {string} `[#####-----]  50 %`
 */
export function bar(percent, width = 24) {
  const bounded = Math.max(0, Math.min(100, percent));
  const filled = Math.round((bounded / 100) * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${String(Math.round(bounded)).padStart(3)} %`;
}
