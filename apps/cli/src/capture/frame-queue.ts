import type { Frame } from './source.ts';

/** 10 s: more than any pause of this process; beyond it the newest frames are refused. */
const MAX_FRAMES = 500;

/** Frames between a device's callbacks and whoever reads them. Bounded; drop policy: refuse newest, counted. */
export class FrameQueue {
  #frames: Frame[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;
  dropped = 0;

  push(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (this.#frames.length < MAX_FRAMES) this.#frames.push(frame);
      else this.dropped += 1;
    }
    this.#wake?.();
  }

  /** What is queued is still read; then reading ends, or throws the error. */
  end(error?: unknown): void {
    this.#ended = true;
    this.#error ??= error;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<Frame> {
    for (;;) {
      const frames = this.#frames;
      this.#frames = [];
      yield* frames;
      if (this.#frames.length > 0) continue;
      if (this.#ended) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
