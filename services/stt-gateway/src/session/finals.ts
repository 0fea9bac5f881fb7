import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Cut, Decoded } from '../decoding/decoder.ts';
import { doubtSound, nothingBelieved, type Believed } from '../decoding/guards.ts';
import type { Ticket } from '../decoding/scheduler.ts';
import type { Span } from '../utterance/segmenter.ts';
import { Outbox } from './outbox.ts';
import type { SessionDecoder } from './session-decoder.ts';
import type { SessionEvent } from './session-events.ts';
import { secondsOf, transcriptOf, type Place } from './transcripts.ts';

export interface FinalsPorts {
  readonly decoder: SessionDecoder;
  readonly telemetry: Telemetry;
  readonly onEvent: (event: SessionEvent) => void;
}

/** An utterance whose final is wanted. */
export interface Committed {
  readonly utterance: number;
  readonly span: Span;
  /** The speaker has paused, as against cut. */
  readonly pause: boolean;
  /** Somebody waits for it (`final`), or the speaker goes on (`commit`). */
  readonly kind: 'final' | 'commit';
  /** performance.now() when its last speech had come: the start of what the final takes; undefined = not measured. */
  readonly speechHeardMs: number | undefined;
  /** Its final, or its loss, has been told. */
  readonly onTold: () => void;
}

/** A final decode begun while the speaker may go on. */
interface Guess {
  readonly span: Span;
  readonly ticket: Ticket<Decoded>;
  readonly abort: ChildAbort;
}

interface Pending {
  fromFinalize: boolean;
}

type Outcome = { readonly believed: Believed } | { readonly error: AppError };

/** The finals of one session: decoded in any order, told in the order of speech. */
export class Finals {
  readonly #ports: FinalsPorts;
  readonly #outbox = new Outbox();
  #samples = 0;
  #guess: Guess | undefined;
  #newest: Pending | undefined;
  #lastWordEndS: number | undefined;

  constructor(ports: FinalsPorts) {
    this.#ports = ports;
  }

  /** Finals and ends not yet told. */
  get pending(): number {
    return this.#outbox.pending;
  }

  /** Samples of audio of finals not yet told. */
  get samples(): number {
    return this.#samples;
  }

  /** Resolves when all that is pending has been told. */
  get drained(): Promise<void> {
    return this.#outbox.drained;
  }

  get guessing(): boolean {
    return this.#guess !== undefined;
  }

  /** Begins the final decode of an utterance that may have ended. */
  speculate(span: Span): void {
    const { decoder } = this.#ports;
    if (doubtSound(span) || !decoder.spare) return;
    const abort = new ChildAbort(decoder.signal);
    const cut = decoder.cut(span);
    const ticket = decoder.once('speculative', () => cut, { span, signal: abort.signal });
    // Its failure is the final decode's business.
    ticket.result.catch(() => undefined);
    this.#guess = { span, ticket, abort };
  }

  /** The utterance goes on: what was begun is of no use. */
  dropGuess(): void {
    this.#guess?.abort.abort(new DOMException('speech went on', 'AbortError'));
    this.#guess?.abort[Symbol.dispose]();
    this.#guess = undefined;
  }

  add(committed: Committed): void {
    const { span } = committed;
    const cut = this.#ports.decoder.cut(span);
    const guess = this.#guess?.span.from === span.from && this.#guess.span.to === span.to ? this.#guess : undefined;
    if (guess) this.#guess = undefined;
    else this.dropGuess();
    const pending: Pending = { fromFinalize: false };
    const samples = span.to - span.from;
    this.#newest = pending;
    this.#samples += samples;
    this.#outbox.add(this.#decode(cut, committed.kind, guess), (outcome) => {
      guess?.abort[Symbol.dispose]();
      this.#samples -= samples;
      if (this.#newest === pending) this.#newest = undefined;
      if (this.#ports.decoder.signal.aborted) return;
      this.#tell({ ...committed, span: cut.span }, outcome, pending.fromFinalize);
      committed.onTold();
    });
  }

  /** Marks the newest final as the answer to a finalize; false when all have been told, or it answers another already. */
  markFinalized(): boolean {
    if (!this.#newest || this.#newest.fromFinalize) return false;
    this.#newest.fromFinalize = true;
    return true;
  }

  /** The empty final that answers a finalize when nothing was being said. */
  addEmpty(place: Place): void {
    this.#outbox.add(Promise.resolve(), () => {
      const transcript = transcriptOf(place, nothingBelieved());
      this.#ports.onEvent({ type: 'transcript.final', transcript, pause: false, fromFinalize: true });
    });
  }

  /** `utterance.ended`, after the finals before it. */
  addEnd(speechEnd: number): void {
    this.#outbox.add(Promise.resolve(), () => {
      const lastWordEndS = this.#lastWordEndS ?? secondsOf(speechEnd);
      this.#ports.onEvent({ type: 'utterance.ended', lastWordEndS });
    });
  }

  /** Never rejects: an error is a result too. */
  async #decode(cut: Cut, kind: Committed['kind'], guess: Guess | undefined): Promise<Outcome> {
    const { decoder, telemetry } = this.#ports;
    const doubt = doubtSound(cut.span);
    if (doubt) {
      telemetry.count('eloquence_stt_decodes_total', { kind, outcome: doubt });
      return { believed: nothingBelieved(doubt) };
    }
    try {
      const job = { signal: decoder.signal, guess: guess?.ticket };
      const believed = await decoder.final(kind, cut, job);
      decoder.learn(believed);
      return { believed };
    } catch (error) {
      return { error: AppError.from(error) };
    }
  }

  #tell({ utterance, span, pause, speechHeardMs }: Committed, outcome: Outcome, fromFinalize: boolean): void {
    const { onEvent, telemetry, decoder } = this.#ports;
    const believed = 'believed' in outcome ? outcome.believed : nothingBelieved();
    const transcript = transcriptOf({ utterance, from: span.from, to: span.to }, believed);
    const { startS, endS } = transcript;
    if ('error' in outcome) onEvent({ type: 'utterance.lost', utterance, startS, endS, error: outcome.error });
    for (const doubt of believed.doubts)
      telemetry.count('eloquence_stt_decodes_total', { kind: 'guard', outcome: doubt });
    this.#lastWordEndS = transcript.words.at(-1)?.endS ?? secondsOf(span.speechEnd);
    // What was announced is closed, also when it came to nothing.
    onEvent({ type: 'transcript.final', transcript, pause, fromFinalize });
    if (transcript.text === '' || speechHeardMs === undefined) return;
    const seconds = (performance.now() - speechHeardMs) / 1000;
    telemetry.observe('eloquence_stt_final_seconds', { engine: decoder.engineName }, seconds);
  }
}
