import { LauncherError, messageOf } from './errors.mjs';
import { Supervisor } from './supervisor.mjs';

/**
 * @typedef {import("./services.mjs").Spec} Spec
 * @typedef {object} StackOptions
 * @property {import("./paths.mjs").Paths} paths
 * @property {import("./progress.mjs").Progress} progress
 * @property {(text: string) => string} redact
 * @property {(name: string) => ((line: string) => string | undefined) | undefined} watchLine
 * @property {(spec: Spec, error: LauncherError) => Spec | undefined} fallback What to start instead of
 *   something that failed to start.
 */

/** All processes of one stack. */
export class Stack {
  /** @param {StackOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {Map<string, Supervisor>} */
    this.supervisors = new Map();
    /** @type {readonly Spec[]} */
    this.specs = [];
    this.stopping = false;
  }

  /**
   * Starts everything, each as soon as what it depends on is ready.
   * @param {readonly Spec[]} specs
   * @throws {unknown} the first failure; what has been started is left running, for `stop`
   */
  async start(specs) {
    this.specs = specs;
    /** @type {Map<string, Promise<void>>} */
    const ready = new Map();
    for (const spec of specs) {
      const before = Promise.all(spec.after.map((name) => ready.get(name) ?? Promise.resolve()));
      ready.set(
        spec.name,
        before.then(() => this.startOne(spec)),
      );
    }
    await Promise.all(ready.values());
  }

  /** @param {Spec} spec */
  async startOne(spec) {
    if (this.stopping) return;
    try {
      await this.options.progress.step(spec.name, async (step) => {
        await this.launch(spec, step.note);
        return this.stopping ? 'stopped' : `port ${spec.port}`;
      });
    } catch (error) {
      const replacement = error instanceof LauncherError ? this.options.fallback(spec, error) : undefined;
      if (replacement !== undefined) {
        await this.startOne(replacement);
      } else if (spec.optional === true) {
        this.options.progress.line(`! going on without ${spec.name}: ${messageOf(error)}`);
      } else {
        throw error;
      }
    }
  }

  /**
   * @param {Spec} spec
   * @param {(note: string) => void} note
   */
  async launch(spec, note) {
    const { paths, progress, redact, watchLine } = this.options;
    const supervisor = new Supervisor(spec, {
      logs: paths.logs,
      pids: paths.pids,
      say: (line) => progress.line(line),
      redact,
      watchLine: watchLine(spec.name),
    });
    this.supervisors.set(spec.name, supervisor);
    try {
      await supervisor.start(note);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  /** Stops everything in reverse: nothing loses what it depends on before it has ended itself. */
  async stop() {
    this.stopping = true;
    for (const wave of stopWaves(this.specs)) {
      await Promise.all(wave.map(async (name) => this.supervisors.get(name)?.stop()));
    }
  }

  /** Ends everything at once. */
  kill() {
    this.stopping = true;
    for (const supervisor of this.supervisors.values()) supervisor.kill();
  }
}

/**
 * @param {readonly {name: string, after: readonly string[]}[]} specs
 * @returns {string[][]} names by when they are stopped: a process comes after all that depend on it
 */
export function stopWaves(specs) {
  /** @type {string[][]} */
  const waves = [];
  let left = [...specs];
  while (left.length > 0) {
    const needed = new Set(left.flatMap(({ after }) => after));
    const wave = left.filter(({ name }) => !needed.has(name));
    if (wave.length === 0) throw new Error(`these depend on each other: ${left.map(({ name }) => name).join(', ')}`);
    waves.push(wave.map(({ name }) => name));
    left = left.filter((spec) => !wave.includes(spec));
  }
  return waves;
}
