import type { SourceId } from '../recorder/recording.ts';

export const SAMPLE_RATE_HZ = 16_000;
export const FRAME_MS = 20;
export const FRAME_SAMPLES = (SAMPLE_RATE_HZ * FRAME_MS) / 1000;

/** 20 ms of one source. */
export interface Frame {
  /** {@link FRAME_SAMPLES} samples, 16 kHz mono; the receiver's to keep. */
  readonly pcm: Int16Array;
  /** When its first sample sounded, ms since the epoch on this machine's clock. */
  readonly atMs: number;
  /** True: the device gave nothing, this is silence that was put in. */
  readonly filled: boolean;
}

/** What a source has gone through since it was opened. */
export interface SourceHealth {
  readonly state: 'opening' | 'capturing' | 'away' | 'closed';
  readonly realFrames: number;
  readonly filledFrames: number;
  /** How often the device had to be opened again. */
  readonly reopened: number;
  /** Frames nobody took in time. */
  readonly droppedFrames: number;
  /** Why it is away, and what mends it. */
  readonly problem: string | null;
}

/**
 * A microphone, or the sound the machine plays. Frames come in order of time; while the device is away none come, and the times
 * before and after tell how long it was.
 */
export interface AudioSource {
  readonly id: SourceId;
  /**
   * Opens the device and gives frames until the signal aborts; a device that goes away is opened again for as long as it takes.
   * Once per source.
   * @throws AppError when it cannot be opened the first time; the message names the fix
   */
  open(signal: AbortSignal): AsyncIterable<Frame>;
  /** The device in words, once it is open. */
  describe(): string;
  readonly health: SourceHealth;
  /** Whether something plays into this source's device right now; null: cannot be told. */
  playing(signal: AbortSignal): Promise<boolean | null>;
}
