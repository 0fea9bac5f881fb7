import { FRAME_MS, ListenStream, everyFrame } from './listen-stream.ts';
import { SILENT_FRAME, type Utterance } from './speech-loop.ts';

export interface SpeakerOptions {
  readonly url: string;
  readonly utterances: readonly Utterance[];
  /** Where in the utterances this one begins. */
  readonly first: number;
  readonly pauseMs: number;
  readonly interims: boolean;
}

interface Final {
  /** performance.now() when the last of the speech was sent. */
  readonly spokenMs: number;
  /** From there to the final. */
  readonly tookMs: number;
}

/** Somebody who says one utterance after the other in realtime, with pauses, and notes when each final comes. */
export class Speaker {
  readonly finals: Final[] = [];
  readonly errors: string[] = [];
  interims = 0;
  readonly #options: SpeakerOptions;
  /** Ends of utterances whose final has not come. */
  readonly #open: number[] = [];
  #stream: ListenStream | undefined;
  #speaking = true;

  private constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  /** @throws RefusedError */
  static async start(options: SpeakerOptions): Promise<Speaker> {
    const speaker = new Speaker(options);
    speaker.#stream = await ListenStream.open({
      url: options.url,
      query: { interim_results: String(options.interims) },
      onResults: ({ is_final: final, channel }) => {
        const text = channel.alternatives[0]?.transcript;
        if (!final) speaker.interims += 1;
        else if (text) speaker.#answered();
      },
      onError: (code) => speaker.errors.push(code),
    });
    speaker.#speak();
    return speaker;
  }

  /** Utterances said whose final has not come. */
  get unanswered(): number {
    return this.#open.length;
  }

  /** How long the oldest utterance without a final has been waiting, ms. */
  get lagMs(): number {
    return this.#open[0] === undefined ? 0 : performance.now() - this.#open[0];
  }

  get isOpen(): boolean {
    return this.#stream?.isOpen === true;
  }

  /** Says nothing more, but stays. */
  hush(): void {
    this.#speaking = false;
  }

  close(): void {
    this.#stream?.close();
  }

  #answered(): void {
    // A final of the first half of a sentence in which there was a pause: its second half is not yet said.
    const spokenMs = this.#open.shift();
    if (spokenMs !== undefined) this.finals.push({ spokenMs, tookMs: performance.now() - spokenMs });
  }

  #speak(): void {
    const { utterances, first, pauseMs } = this.#options;
    let index = first;
    let at = 0;
    everyFrame(() => {
      const stream = this.#stream;
      if (!stream?.isOpen) return false;
      const utterance = utterances[index % utterances.length] ?? [];
      const frame = this.#speaking || (at > 0 && at < utterance.length) ? utterance[at] : undefined;
      stream.send(frame ?? SILENT_FRAME);
      if (frame && at === utterance.length - 1) this.#open.push(performance.now());
      if (!this.#speaking && !frame) return true;
      at += 1;
      if (at * FRAME_MS >= utterance.length * FRAME_MS + pauseMs) {
        at = 0;
        index += 1;
      }
      return true;
    });
  }
}
