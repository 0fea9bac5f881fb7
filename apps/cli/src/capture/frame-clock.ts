import { FRAME_MS, FRAME_SAMPLES, type Frame } from './source.ts';

/** A frame is put in for each 20 ms the device is behind by more than this. Devices deliver in bursts of up to 100 ms. */
const FILL_AFTER_MS = 300;
/** Real sound may be early or late by so much before its times are corrected; sound cards drift by seconds a day. */
const DRIFT_MS = 80;
/** Drift is the least delay seen over so many frames (5 s): bursts and busy moments only ever add to it. */
const DRIFT_WINDOW_FRAMES = 250;
/** A difference beyond this is no drift: the machine slept, or its clock was set. */
const JUMP_MS = 2_000;

export interface FrameClockOptions {
  /** ms since the epoch. */
  readonly now: () => number;
  /** The device gives nothing while nothing plays, and silence is put in. Others are only late, and filling would tear words. */
  readonly fills: boolean;
  /** A device that has given nothing for so long hangs. */
  readonly stalledAfterMs: number;
}

/**
 * Cuts what a device gives, in chunks of any size at any time, into frames of 20 ms and says when each sounded. What is missing is
 * filled with silence that is marked; times are corrected where the sound card's second is not the clock's.
 */
export class FrameClock {
  readonly #options: FrameClockOptions;
  #rest = Buffer.alloc(0);
  #nextMs: number | undefined;
  #leastLagMs = Infinity;
  #lagFrames = 0;
  #fresh = false;
  #filledInARowMs = 0;

  constructor(options: FrameClockOptions) {
    this.#options = options;
  }

  /** Frames in these bytes: little-endian samples of 16 bits, 16 kHz, mono. */
  push(bytes: Buffer): Frame[] {
    const now = this.#options.now();
    const data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const count = Math.floor(data.length / (2 * FRAME_SAMPLES));
    this.#rest = Buffer.from(data.subarray(count * 2 * FRAME_SAMPLES));
    if (count === 0) return [];
    this.#fresh = true;
    this.#filledInARowMs = 0;
    this.#align(now - count * FRAME_MS);
    const frames: Frame[] = [];
    for (let n = 0; n < count; n += 1) frames.push(this.#frame(samplesAt(data, n), false));
    this.#measure(now - this.#at, count);
    return frames;
  }

  /** To be called every 100 ms or so: what has to be put in by now, or `stalled` when that has gone on for too long. */
  tick(): Frame[] | 'stalled' {
    const now = this.#options.now();
    const fresh = this.#fresh;
    this.#fresh = false;
    // One look is not enough: when this process was held up, the sound waits behind the timer.
    if (this.#nextMs === undefined || fresh) return [];
    const lagMs = now - this.#nextMs;
    if (lagMs <= FILL_AFTER_MS) return [];
    if (this.#filledInARowMs + lagMs > this.#options.stalledAfterMs) return 'stalled';
    if (!this.#options.fills) return [];
    if (lagMs > JUMP_MS) {
      this.#nextMs = now;
      return [];
    }
    const frames: Frame[] = [];
    while (this.#nextMs + FRAME_MS <= now) {
      frames.push(this.#frame(new Int16Array(FRAME_SAMPLES), true));
      this.#filledInARowMs += FRAME_MS;
    }
    return frames;
  }

  /** Silence from now on counts, even if the device has not given anything yet. */
  start(): void {
    this.#nextMs ??= this.#options.now();
  }

  get #at(): number {
    return this.#nextMs ?? 0;
  }

  #frame(pcm: Int16Array, filled: boolean): Frame {
    const frame = { pcm, atMs: this.#at, filled };
    this.#nextMs = this.#at + FRAME_MS;
    return frame;
  }

  #align(firstMs: number): void {
    if (this.#nextMs === undefined || Math.abs(firstMs - this.#nextMs) > JUMP_MS) {
      this.#nextMs = firstMs;
      this.#leastLagMs = Infinity;
      this.#lagFrames = 0;
    }
  }

  #measure(lagMs: number, frames: number): void {
    this.#leastLagMs = Math.min(this.#leastLagMs, lagMs);
    this.#lagFrames += frames;
    if (this.#lagFrames < DRIFT_WINDOW_FRAMES) return;
    if (Math.abs(this.#leastLagMs) > DRIFT_MS) this.#nextMs = this.#at + this.#leastLagMs;
    this.#leastLagMs = Infinity;
    this.#lagFrames = 0;
  }
}

function samplesAt(data: Buffer, frame: number): Int16Array {
  const pcm = new Int16Array(FRAME_SAMPLES);
  const from = frame * 2 * FRAME_SAMPLES;
  for (let n = 0; n < FRAME_SAMPLES; n += 1) pcm[n] = data.readInt16LE(from + 2 * n);
  return pcm;
}
