import type { SourceId } from '../recorder/recording.ts';

/** What one source gave since the last look. */
export interface Heard {
  /** Peak of what the device gave, 0..1. */
  readonly peak: number;
  readonly rms: number;
  readonly realFrames: number;
  readonly filledFrames: number;
}

export interface Observation {
  /** Steady ms; the watch never looks at a clock of its own. */
  readonly atMs: number;
  readonly them: Heard | null;
  readonly me: Heard | null;
  /** Whether a program plays into the device that is recorded as `them`; null: unknown. */
  readonly playing: boolean | null;
}

export type SilenceEvent =
  | { readonly kind: 'alarm'; readonly source: SourceId; readonly sinceMs: number }
  | { readonly kind: 'sound_again'; readonly source: SourceId; readonly sinceMs: number; readonly atMs: number };

export interface SilenceWatchOptions {
  /** How long a source must have been silent. */
  readonly afterMs: number;
  /** Peak up to which sound counts as silence; 0 = only zeros do. */
  readonly threshold: number;
}

/** RMS from which somebody speaks: -45 dBFS. */
const SPEAKS_RMS = 0.0056;
/** So much of it makes a reason to expect an answer: a cough does not. */
const REASON_MS = 500;

interface Silence {
  readonly sinceMs: number;
  /** For how long there was reason to expect sound since. */
  readonly reasonMs: number;
  readonly alarmed: boolean;
}

/**
 * Tells a source that is dead from one that has nothing to say. Nothing but zeros for {@link SilenceWatchOptions.afterMs} is an alarm
 * only with a reason to expect sound meanwhile: the other source spoke, or something plays. Sound ends the alarm and arms it again.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #silences = new Map<SourceId, Silence>();
  #lastMs: number | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  observe(observation: Observation): SilenceEvent[] {
    const spentMs = observation.atMs - (this.#lastMs ?? observation.atMs);
    this.#lastMs = observation.atMs;
    const { them, me, playing } = observation;
    return [
      ...this.#look('them', them, { atMs: observation.atMs, spentMs, reason: speaks(me) || playing === true }),
      ...this.#look('me', me, { atMs: observation.atMs, spentMs, reason: speaks(them) }),
    ];
  }

  /** A pause is no silence: counting starts anew. Alarms that stand remain. */
  rest(): void {
    this.#lastMs = undefined;
    for (const [source, { alarmed }] of this.#silences) if (!alarmed) this.#silences.delete(source);
  }

  #look(
    source: SourceId,
    heard: Heard | null,
    now: { readonly atMs: number; readonly spentMs: number; readonly reason: boolean },
  ): SilenceEvent[] {
    if (heard === null) return [];
    const known = this.#silences.get(source);
    if (heard.peak > this.#options.threshold) {
      this.#silences.delete(source);
      return known?.alarmed ? [{ kind: 'sound_again', source, sinceMs: known.sinceMs, atMs: now.atMs }] : [];
    }
    const silence = known ?? { sinceMs: now.atMs - now.spentMs, reasonMs: 0, alarmed: false };
    const reasonMs = silence.reasonMs + (now.reason ? now.spentMs : 0);
    const due = now.atMs - silence.sinceMs >= this.#options.afterMs && reasonMs >= REASON_MS;
    this.#silences.set(source, { sinceMs: silence.sinceMs, reasonMs, alarmed: silence.alarmed || due });
    return due && !silence.alarmed ? [{ kind: 'alarm', source, sinceMs: silence.sinceMs }] : [];
  }
}

function speaks(heard: Heard | null): boolean {
  return heard !== null && heard.rms >= SPEAKS_RMS;
}
