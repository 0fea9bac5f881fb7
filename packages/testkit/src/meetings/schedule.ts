import type { Random } from '../seeded-random.ts';
import type { DraftFact } from './plant-facts.ts';

/** Something that is said at a time of the meeting. */
export interface Scene {
  readonly of: 'fact' | 'undone' | 'trap';
  /** Of the fact or the trap. */
  readonly index: number;
  readonly mention: number;
  readonly atMs: number;
  /** Talk stops before it, so that it lies where it must. */
  readonly exact: boolean;
  /** End of the chunk it lies across. */
  readonly lineMs?: number;
}

interface Quiet {
  readonly startMs: number;
  readonly endMs: number;
}

export interface ScheduleOptions {
  readonly random: Random;
  readonly durationMs: number;
  readonly intervalMs: number;
  /** 0: nobody is silent for long. */
  readonly silenceMs: number;
  /** For a minute or two transcription was away. */
  readonly hasGap: boolean;
}

/** Facts that do not lie across a chunk's end keep this far from it, ms. */
const CLEAR_MS = 35_000;
/** Room to ask and answer before a line. */
const BEFORE_LINE_MS = 22_000;

/** When what is said: facts away from silences, gaps and ends of chunks, or right across those ends. */
export class Schedule {
  readonly silence: Quiet | undefined;
  readonly gap: Quiet | undefined;
  /** Ends of chunks that somebody can talk across, ms. */
  readonly lines: readonly number[];
  readonly #options: ScheduleOptions;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    const { random, durationMs, intervalMs, silenceMs, hasGap } = options;
    if (silenceMs > 0) {
      const startMs = Math.round((0.3 + 0.2 * random()) * (durationMs - silenceMs));
      this.silence = { startMs, endMs: startMs + silenceMs };
    }
    if (hasGap) {
      const startMs = Math.round(durationMs * (0.86 + 0.04 * random()));
      this.gap = { startMs, endMs: startMs + 60_000 + Math.round(60_000 * random()) };
    }
    const lines = Array.from(
      { length: Math.ceil(durationMs / intervalMs) - 1 },
      (_, index) => (index + 1) * intervalMs,
    );
    this.lines = lines.filter((line) => !this.#isQuietAround(line) && line < durationMs - 30_000);
  }

  /** The quiet time that this moment lies in. */
  quietAt(ms: number): Quiet | undefined {
    return this.#quiets().find(({ startMs, endMs }) => ms >= startMs - 1_000 && ms < endMs);
  }

  /** When the next quiet time begins. */
  nextQuietMs(ms: number): number {
    return Math.min(...this.#quiets().map(({ startMs }) => (startMs > ms ? startMs - 600 : Infinity)), Infinity);
  }

  /** All scenes in order of their times. */
  scenes(drafts: readonly DraftFact[], traps: number): Scene[] {
    const lines = [...this.lines];
    const scenes: Scene[] = [];
    drafts.forEach((draft, index) => {
      const lineMs = draft.flavour.endsWith('across_the_line')
        ? lines.splice(this.#below(lines.length), 1)[0]
        : undefined;
      if (lineMs !== undefined)
        scenes.push({ of: 'fact', index, mention: 0, atMs: lineMs - BEFORE_LINE_MS, exact: true, lineMs });
      else scenes.push(...this.#spread(draft, index));
    });
    for (let index = 0; index < traps; index += 1)
      scenes.push({ of: 'trap', index, mention: 0, atMs: this.#free(0.05, 0.95), exact: false });
    return scenes.toSorted((one, other) => one.atMs - other.atMs);
  }

  /** Mentions one after the other over the meeting, the taking back last; `retracted_at_once`: in the same breath. */
  #spread(draft: DraftFact, index: number): Scene[] {
    const parts = draft.mentions.length + (draft.undone ? 1 : 0);
    const times = Array.from({ length: parts }, (_, part) =>
      this.#free(0.04 + (0.92 * part) / parts, 0.04 + (0.92 * (part + 1)) / parts - 0.02),
    );
    return times.map((atMs, part): Scene => {
      if (part < draft.mentions.length) return { of: 'fact', index, mention: part, atMs, exact: false };
      const soon = (times[part - 1] ?? 0) + 1;
      return {
        of: 'undone',
        index,
        mention: 0,
        atMs: draft.flavour === 'retracted_at_once' ? soon : atMs,
        exact: false,
      };
    });
  }

  #below(count: number): number {
    return Math.floor(this.#options.random() * count);
  }

  /** A time in that part of the meeting (0 to 1), clear of everything it must not touch. */
  #free(from: number, to: number): number {
    const { random, durationMs, intervalMs } = this.#options;
    let ms = 0;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      ms = Math.round(durationMs * (from + (to - from) * random()));
      const toLine = Math.min(ms % intervalMs, intervalMs - (ms % intervalMs));
      if (toLine > CLEAR_MS && !this.#isQuietAround(ms)) return ms;
    }
    return ms;
  }

  #isQuietAround(ms: number): boolean {
    return this.#quiets().some(({ startMs, endMs }) => ms > startMs - 40_000 && ms < endMs + 10_000);
  }

  #quiets(): Quiet[] {
    return [this.silence, this.gap].filter((quiet) => quiet !== undefined);
  }
}
