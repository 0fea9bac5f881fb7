import { findSegments, levelDb, toMs, toSamples, type DetectionOptions, type Segment } from './waveform.ts';
import { waitFor } from './wait-for.ts';

const FRAME_MS = 10;
const SOUND_DB = -50;
/** Three loud frames in a row are sound, as in `findSegments`. */
const LOUD_FRAMES = 3;
/** Frames come every 10 ms while a track lives; a longer pause is a hole in the sound, not a late delivery. */
const HOLE_MS = 500;

interface Run {
  readonly frames: Int16Array[];
  samples: number;
  /** Place of the first sample: by the least delayed frame, so that a stalled event loop shifts nothing. */
  offsetMs: number;
}

/** One voice being recorded: frames with their time of arrival. */
export interface Voice {
  add(frame: Int16Array, atMs: number): void;
}

export interface ListenOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What is heard from all voices on one continuous time line, silence included; time 0 is the clock's. */
export class Recording {
  readonly #runs: Run[] = [];
  #soundMs = -Infinity;
  #startedMs = -Infinity;

  /** Adds a voice; several are mixed. */
  voice(): Voice {
    let run: Run | undefined;
    let lastMs = -Infinity;
    let loud = 0;
    return {
      add: (frame, atMs) => {
        if (!run || atMs - lastMs > HOLE_MS) {
          run = { frames: [], samples: 0, offsetMs: Infinity };
          this.#runs.push(run);
        }
        lastMs = atMs;
        run.offsetMs = Math.min(run.offsetMs, atMs - toMs(run.samples));
        run.samples += frame.length;
        run.frames.push(Int16Array.from(frame));
        loud = levelDb(frame) > SOUND_DB ? loud + 1 : 0;
        if (loud >= LOUD_FRAMES) this.#sound(atMs);
      },
    };
  }

  #sound(atMs: number): void {
    if (atMs - this.#soundMs > LOUD_FRAMES * FRAME_MS) this.#startedMs = atMs - LOUD_FRAMES * FRAME_MS;
    this.#soundMs = atMs;
  }

  /** Last moment at which there was sound; -Infinity before the first. */
  get lastSoundMs(): number {
    return this.#soundMs;
  }

  /** Waits for sound after `afterMs`; resolves to about when the sound was there (live, coarser than {@link segments}). */
  waitForSound(afterMs: number, options: ListenOptions): Promise<number> {
    const what = 'something audible from the other side';
    return waitFor(() => (this.#soundMs > afterMs ? Math.max(this.#startedMs, afterMs) : undefined), {
      what,
      ...options,
    });
  }

  /** Waits until there was no sound for `silenceMs`. @param nowMs the clock of the recording */
  async waitForSilence(silenceMs: number, nowMs: () => number, options: ListenOptions): Promise<void> {
    await waitFor(() => nowMs() - this.#soundMs >= silenceMs, { what: `silence of ${silenceMs} ms`, ...options });
  }

  /** The whole time line as samples, from time 0 to the last frame. */
  toPcm(): Int16Array {
    const length = Math.max(0, ...this.#runs.map((run) => toSamples(run.offsetMs) + run.samples));
    const pcm = new Int16Array(length);
    for (const run of this.#runs) {
      let position = Math.max(0, toSamples(run.offsetMs));
      for (const frame of run.frames) {
        for (const sample of frame) {
          pcm[position] = Math.max(-32_768, Math.min(32_767, (pcm[position] ?? 0) + sample));
          position += 1;
        }
      }
    }
    return pcm;
  }

  segments(options?: DetectionOptions): Segment[] {
    return findSegments(this.toPcm(), options);
  }
}
