import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { doubtSound } from '../decoding/guards.ts';
import { Agreement } from '../utterance/agreement.ts';
import { samplesOf, type Span } from '../utterance/segmenter.ts';
import type { SessionEvent } from './session-events.ts';
import type { SessionDecoder } from './session-decoder.ts';
import { transcriptOf } from './transcripts.ts';

/** New speech that makes another interim worth its call: at least so much, more while calls take long. */
const LEAST_STEP_MS = 400;
const STEP_PER_CALL = 2.5;
/** How much of the newest call goes into the average. */
const SMOOTHING = 0.4;

/** What is being said now, as far as it has been heard. */
export interface Speech {
  readonly utterance: number;
  readonly span: Span;
}

export interface InterimsPorts {
  readonly decoder: SessionDecoder;
  /** Undefined when nobody speaks. */
  readonly now: () => Speech | undefined;
  readonly onEvent: (event: SessionEvent) => void;
}

/**
 * The words so far of the utterance being spoken: all of it is decoded anew, one call at a time, the next when enough
 * new speech has come and nobody's final would wait for it. What two decodes in a row agree on is stable.
 */
export class Interims {
  readonly #ports: InterimsPorts;
  #agreement = new Agreement();
  #running: ChildAbort | undefined;
  /** Speech before this is in an interim, or too old for one. */
  #decodedTo = 0;
  #callMs = 0;

  constructor(ports: InterimsPorts) {
    this.#ports = ports;
  }

  /** Another utterance begins at `position`. */
  begin(position: number): void {
    this.cancel();
    this.#agreement = new Agreement();
    this.#decodedTo = position;
  }

  /** Speech has been heard: decodes it when it is time. */
  consider(): void {
    const speech = this.#ports.now();
    if (this.#running || !speech || !this.#ports.decoder.spare) return;
    const { span } = speech;
    const stepMs = Math.max(LEAST_STEP_MS, STEP_PER_CALL * this.#callMs, this.#ports.decoder.interimStepMs);
    if (span.speechEnd - this.#decodedTo < samplesOf(stepMs) || doubtSound(span)) return;
    void this.#decode(speech);
  }

  /** What is on its way is not wanted any more. */
  cancel(): void {
    this.#running?.abort(new DOMException('the utterance moved on', 'AbortError'));
    this.#running = undefined;
  }

  async #decode({ utterance, span }: Speech): Promise<void> {
    const { decoder, now, onEvent } = this.#ports;
    using abort = new ChildAbort(decoder.signal);
    this.#running = abort;
    // Called when the engine is free, so it takes the newest audio.
    const take = () => {
      const newest = now();
      if (!newest) throw new DOMException('nobody speaks', 'AbortError');
      this.#decodedTo = newest.span.to;
      return decoder.cut(newest.span);
    };
    const startedMs = performance.now();
    const decoded = await decoder.once('interim', take, { span, signal: abort.signal }).result.catch(() => undefined);
    if (abort.signal.aborted) return;
    this.#running = undefined;
    this.#callMs += (this.#callMs === 0 ? 1 : SMOOTHING) * (performance.now() - startedMs - this.#callMs);
    if (!decoded?.believed.text) return;
    const { from, to } = decoded.span;
    const stableWords = this.#agreement.take(decoded.believed.text.split(' '));
    const transcript = transcriptOf({ utterance, from, to }, decoded.believed);
    onEvent({ type: 'transcript.interim', transcript, stableWords });
  }
}
