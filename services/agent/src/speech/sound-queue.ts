import { delay } from '@eloquence/shared/runtime/abort';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';

/** 20 ms of s16le mono: what one frame holds. */
const FRAME_SAMPLES = TTS_SAMPLE_RATE_HZ / 50;
const FRAME_BYTES = FRAME_SAMPLES * 2;
/**
 * Sound is given out so far ahead of its hearing. Much less than the library's patience between two frames (10 s), which would
 * cut an answer whose next sentence takes long while the one before is still being heard.
 */
const LEAD_MS = 2_000;
/** Sound that may wait before no more is read, and how little makes reading go on; the far end closes after 30 s unread. */
const FULL_MS = 20_000;
const ROOM_MS = 12_000;
const FRAME_MS = 20;

/** What of the text begins with a frame. */
export interface TextMark {
  readonly text: string;
  /** Seconds of sound before it. */
  readonly startS: number;
}

export interface SoundFrame {
  /** s16 mono 24 kHz; 20 ms, only the last of an answer may be shorter. */
  readonly samples: Int16Array<ArrayBuffer>;
  readonly marks: readonly TextMark[];
}

/** Sound between tts-proxy, which makes it fast, and the library, which plays it. Bounded by pausing the reading of it. */
export class SoundQueue {
  readonly #onRoom: (hasRoom: boolean) => void;
  readonly #frames: SoundFrame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #marks: TextMark[] = [];
  #samples = 0;
  #isFull = false;
  #ended = false;
  #heardUntilMs = 0;
  #wake = Promise.withResolvers<void>();

  /** @param onRoom false: read no more; true: read on */
  constructor(onRoom: (hasRoom: boolean) => void) {
    this.#onRoom = onRoom;
  }

  /** When all that has come will have been heard, ms of `performance.now`; in the past when nothing waits. */
  get heardUntilMs(): number {
    const waitingMs = this.#frames.length * FRAME_MS;
    return waitingMs > 0 ? Math.max(performance.now(), this.#heardUntilMs) + waitingMs : this.#heardUntilMs;
  }

  /** Text whose sound comes next. */
  mark(text: string): void {
    const startS = (this.#samples + this.#rest.length / 2) / TTS_SAMPLE_RATE_HZ;
    this.#marks.push({ text, startS: Math.round(startS * 1000) / 1000 });
  }

  /** Bytes of s16le; a sample may be torn apart between two calls. */
  push(pcm: Buffer): void {
    const bytes = this.#rest.length === 0 ? pcm : Buffer.concat([this.#rest, pcm]);
    let at = 0;
    for (; bytes.length - at >= FRAME_BYTES; at += FRAME_BYTES) this.#add(bytes.subarray(at, at + FRAME_BYTES));
    // A copy: what the socket gave is much larger than the rest of it.
    this.#rest = Buffer.from(bytes.subarray(at));
    this.#checkRoom();
  }

  /** Half a sample is left of a sentence that broke off. */
  alignToSample(): void {
    this.#rest = this.#rest.subarray(0, this.#rest.length - (this.#rest.length % 2));
  }

  /** No more comes. Text that has no sound, such as an emoji at the end, goes with a moment of silence. */
  end(): void {
    this.alignToSample();
    if (this.#rest.length > 0) this.#add(this.#rest);
    else if (this.#marks.length > 0) this.#add(Buffer.alloc(FRAME_BYTES));
    this.#rest = Buffer.alloc(0);
    this.#ended = true;
    this.#wake.resolve();
  }

  /** The frames, at the pace they are heard; ends after `end`, or when the signal aborts. To be read once. */
  async *read(signal: AbortSignal): AsyncGenerator<SoundFrame> {
    const stop = () => this.#wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        const frame = this.#frames.shift();
        if (!frame) {
          if (this.#ended) return;
          await this.#wake.promise;
          this.#wake = Promise.withResolvers();
          continue;
        }
        this.#checkRoom();
        const now = performance.now();
        this.#heardUntilMs = Math.max(now, this.#heardUntilMs) + FRAME_MS;
        const aheadMs = this.#heardUntilMs - now - LEAD_MS;
        if (aheadMs > 0) await delay(aheadMs, signal).catch(() => undefined);
        if (!signal.aborted) yield frame;
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #add(bytes: Buffer): void {
    const samples = new Int16Array(bytes.length / 2);
    // The machine's own byte order is little-endian on all that Node runs on here.
    Buffer.from(samples.buffer).set(bytes);
    this.#samples += samples.length;
    this.#frames.push({ samples, marks: this.#marks });
    this.#marks = [];
    this.#wake.resolve();
  }

  #checkRoom(): void {
    const waitingMs = this.#frames.length * FRAME_MS;
    if (this.#isFull ? waitingMs > ROOM_MS : waitingMs < FULL_MS) return;
    this.#isFull = !this.#isFull;
    this.#onRoom(!this.#isFull);
  }
}
