import { rms } from '../audio/pcm.ts';
import type { Timeline } from '../audio/timeline.ts';
import type { Hearing, HearingStream } from '../hearing/hearing.ts';
import { WINDOW_SAMPLES } from '../hearing/silero.ts';

/** A window of WINDOW_SAMPLES (the last before a pause of the stream may be shorter), heard. */
export interface HeardWindow {
  readonly start: number;
  readonly end: number;
  readonly rms: number;
  /** Probability of speech, 0..1. */
  readonly probability: number;
  /** performance.now() when its audio came. */
  readonly receivedMs: number;
}

export interface EarListener {
  readonly onWindow: (window: HeardWindow) => void;
  readonly onFailure: () => void;
}

const NO_WINDOWS = new Int16Array(0);

/** Cuts a stream's audio into windows, has them heard elsewhere and puts the answers back on the sample clock. */
export class Ear {
  readonly #timeline: Timeline;
  readonly #listener: EarListener;
  readonly #stream: HearingStream;
  readonly #out: Omit<HeardWindow, 'probability'>[] = [];
  readonly #whenHeard: { readonly position: number; readonly action: () => void }[] = [];
  /** Samples given to hearing; the rest is less than a window. */
  #heardTo = 0;
  #receivedMs = 0;
  #closed = false;

  constructor(hearing: Hearing, timeline: Timeline, listener: EarListener) {
    this.#timeline = timeline;
    this.#listener = listener;
    this.#stream = hearing.open({
      onProbability: (probability) => this.#heard(probability),
      onFailure: listener.onFailure,
    });
  }

  /** Windows given away and not yet answered. */
  get windowsOut(): number {
    return this.#out.length;
  }

  /** Somebody waits for `whenAllHeard`. */
  get hasWaiting(): boolean {
    return this.#whenHeard.length > 0;
  }

  /** Takes the whole windows that have come on the timeline. */
  take(): void {
    this.#receivedMs = performance.now();
    const { end } = this.#timeline;
    this.#hear(end - ((end - this.#heardTo) % WINDOW_SAMPLES));
  }

  /** Takes all that has come, also what does not fill a window. */
  takeAll(): void {
    this.#hear(this.#timeline.end);
  }

  /** Acts when all audio received by now has been heard, also what does not fill a window. At once when closed. */
  whenAllHeard(action: () => void): void {
    const position = this.#timeline.end;
    this.takeAll();
    if (this.#out.length > 0 && !this.#closed) this.#stream.push(NO_WINDOWS, true);
    if (this.#out.length > 0 && !this.#closed) this.#whenHeard.push({ position, action });
    else action();
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
    for (const { action } of this.#whenHeard.splice(0)) action();
  }

  /** Sends windows up to `to` for hearing; a last one that is too short is filled with silence. */
  #hear(to: number): void {
    const from = this.#heardTo;
    if (to <= from || this.#closed) return;
    const count = Math.ceil((to - from) / WINDOW_SAMPLES);
    const audio = this.#timeline.slice(from, to);
    const windows = audio.length === count * WINDOW_SAMPLES ? audio : padded(audio, count * WINDOW_SAMPLES);
    for (let index = 0; index < count; index += 1) {
      const start = from + index * WINDOW_SAMPLES;
      const end = Math.min(to, start + WINDOW_SAMPLES);
      const level = rms(windows, start - from, end - from);
      this.#out.push({ start, end, rms: level, receivedMs: this.#receivedMs });
    }
    this.#heardTo = to;
    this.#stream.push(windows);
  }

  #heard(probability: number): void {
    const window = this.#out.shift();
    if (!window || this.#closed) return;
    this.#listener.onWindow({ ...window, probability });
    while (this.#whenHeard[0] && this.#whenHeard[0].position <= window.end) this.#whenHeard.shift()?.action();
  }
}

function padded(audio: Int16Array, length: number): Int16Array {
  const windows = new Int16Array(length);
  windows.set(audio);
  return windows;
}
