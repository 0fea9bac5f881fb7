import { closeCodes } from '@eloquence/shared/contracts/errors';
import type { SpeakClientMessage, SpeakQuery, SpeakServerMessage } from '@eloquence/shared/contracts/speak';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Speech, SpeechOpener, SpeechOptions, SpeechPiece } from '../speech/speech.ts';
import type { SocketCare } from './socket-care.ts';
import { SoundFrames, type SoundFormat } from './sound-frames.ts';

export interface SpeakSessionOptions {
  readonly opener: SpeechOpener;
  readonly care: SocketCare;
  readonly format: SoundFormat;
  readonly query: Pick<SpeakQuery, 'sentences'>;
  /** What a speech is opened with; its first text says which language it is in when nothing else does. */
  readonly speechOf: (text: string) => SpeechOptions;
  readonly maxCharsPerMinute: number;
  /** A fault of ours: its cause goes to the log. */
  readonly onFault: (error: AppError) => void;
}

type Step = { readonly type: 'text'; readonly text: string } | { readonly type: 'flush' };

/** From the first text after silence to the `Flushed` after which nothing is left to say. */
interface Answer {
  readonly abort: ChildAbort;
  speech: Speech | undefined;
  /** What came before the speech was open; bounded by the text a client may send in a minute. */
  readonly waiting: Step[];
  /** The flushes that have not been answered, by the number of their answer; our own have none. */
  readonly flushes: (number | undefined)[];
  /** Text has come that no flush covers. */
  unflushed: boolean;
}

/** Flushes that wait for their answer; no client has a use for so many. */
const MAX_UNANSWERED_FLUSHES = 1_000;

/** Where a socket stands: what ends it, once it has been decided. */
type Ending = { readonly code: number; readonly reason: string } | undefined;

/**
 * Deepgram's protocol of speaking, for one socket: text in, sound out, in order. A flush ends nothing: text after it is
 * spoken by the same speech without a gap, and only when all has been said is the speech let go.
 */
export class SpeakSession {
  readonly #options: SpeakSessionOptions;
  readonly #budget: CharBudget;
  #answer: Answer | undefined;
  #ending: Ending;
  /** Of answers to Flush and Clear. */
  #sequence = 0;

  constructor(options: SpeakSessionOptions) {
    this.#options = options;
    this.#budget = new CharBudget(options.maxCharsPerMinute);
  }

  /** @throws AppError when the message cannot be followed: it is told to the client, and the stream goes on */
  receive(message: SpeakClientMessage): void {
    // After its Close a client has no more to say.
    if (this.#ending?.code === closeCodes.normal) return;
    switch (message.type) {
      case 'Speak':
        this.#speak(message.text);
        return;
      case 'Flush':
        this.#flush();
        return;
      case 'Clear':
        this.#drop();
        this.#tell({ type: 'Cleared', sequence_id: this.#next() });
        return;
      case 'Close':
        this.#end(closeCodes.normal, '', 'text so far');
    }
  }

  /** For shutdown: what is being said is said to its end, flush and all, then 1001. */
  goAway(): void {
    this.#end(closeCodes.goingAway, 'The service is restarting. Connect again.', 'until flushed');
  }

  /** The socket is gone, or has to go: all voices stop. */
  close(): void {
    this.#drop();
  }

  #speak(text: string): void {
    if (text === '') return;
    if (!this.#budget.take(text.length)) {
      const { maxCharsPerMinute } = this.#options;
      const error = new AppError('rate_limited', `More than ${maxCharsPerMinute} characters in a minute.`);
      return this.#fail(error);
    }
    const answer = (this.#answer ??= this.#begin(text));
    answer.unflushed = true;
    this.#step(answer, { type: 'text', text });
  }

  #flush(): void {
    const id = this.#next();
    if (this.#answer) this.#flushAnswer(this.#answer, id);
    else this.#tell({ type: 'Flushed', sequence_id: id });
  }

  #flushAnswer(answer: Answer, id: number | undefined): void {
    if (answer.flushes.length >= MAX_UNANSWERED_FLUSHES)
      return this.#fail(new AppError('rate_limited', `More than ${MAX_UNANSWERED_FLUSHES} flushes wait.`));
    answer.flushes.push(id);
    answer.unflushed = false;
    this.#step(answer, { type: 'flush' });
  }

  #begin(text: string): Answer {
    const answer: Answer = {
      abort: new ChildAbort(),
      speech: undefined,
      waiting: [],
      flushes: [],
      unflushed: true,
    };
    void this.#run(answer, this.#options.speechOf(text));
    return answer;
  }

  #step(answer: Answer, step: Step): void {
    if (!answer.speech) {
      answer.waiting.push(step);
      return;
    }
    try {
      if (step.type === 'text') answer.speech.write(step.text);
      else answer.speech.flush();
    } catch (error) {
      // A speech with a hole in it must not look whole.
      this.#fail(AppError.from(error));
    }
  }

  async #run(answer: Answer, options: SpeechOptions): Promise<void> {
    const { signal } = answer.abort;
    try {
      const speech = await this.#options.opener.open(options, signal);
      answer.speech = speech;
      for (const step of answer.waiting.splice(0)) this.#step(answer, step);
      await this.#play(answer, speech);
    } catch (error) {
      if (!signal.aborted) this.#fail(AppError.from(error));
    } finally {
      answer.speech?.close();
      if (this.#answer === answer) this.#answer = undefined;
    }
  }

  async #play(answer: Answer, speech: Speech): Promise<void> {
    let frames = new SoundFrames(this.#options.format);
    for await (const piece of speech.pieces) {
      if (answer.abort.signal.aborted) return;
      await this.#send(answer, this.#encoded(piece, frames));
      if (piece.type !== 'flushed') continue;
      frames = new SoundFrames(this.#options.format);
      if (this.#flushed(answer)) return;
    }
  }

  #encoded(piece: SpeechPiece, frames: SoundFrames): Buffer[] {
    switch (piece.type) {
      case 'sentence':
        if (this.#options.query.sentences === 'true')
          this.#tell({ type: 'Sentence', text: piece.text, engine: piece.engine.id });
        return [];
      case 'audio':
        return frames.push(piece.samples);
      case 'broken':
        this.#tell({ type: 'Warning', code: piece.error.code, description: piece.error.message });
        return [];
      case 'flushed':
        return frames.flush();
    }
  }

  async #send(answer: Answer, sound: readonly Buffer[]): Promise<void> {
    for (const frame of sound) {
      if (answer.abort.signal.aborted) return;
      await this.#options.care.play(frame);
    }
  }

  /** Tells the client; @returns whether nothing is left to say */
  #flushed(answer: Answer): boolean {
    if (answer.abort.signal.aborted) return true;
    const id = answer.flushes.shift();
    const isLast = answer.flushes.length === 0 && !answer.unflushed;
    // Before the message goes out: what comes after it begins anew.
    if (isLast) this.#answer = undefined;
    if (id !== undefined) this.#tell({ type: 'Flushed', sequence_id: id });
    if (isLast) this.#closeIfEnding();
    return isLast;
  }

  #drop(): void {
    this.#answer?.abort.abort(new DOMException('not wanted any more', 'AbortError'));
    this.#answer?.speech?.close();
    this.#answer = undefined;
    this.#closeIfEnding();
  }

  #end(code: number, reason: string, what: 'text so far' | 'until flushed'): void {
    this.#ending ??= { code, reason };
    if (!this.#answer) return this.#closeIfEnding();
    if (what === 'text so far') this.#flushAnswer(this.#answer, undefined);
  }

  #closeIfEnding(): void {
    if (this.#ending && !this.#answer) this.#options.care.close(this.#ending.code, this.#ending.reason);
  }

  /** The speech cannot go on: the socket ends, so that no client takes what it got for the whole. */
  #fail(error: AppError): void {
    if (error.fault === 'us' && error.code !== 'overloaded') this.#options.onFault(error);
    this.#options.care.close(closeCodeOf(error), `${error.code}: ${error.message}`);
    this.#drop();
  }

  #tell(message: SpeakServerMessage): void {
    this.#options.care.tell(message);
  }

  #next(): number {
    const id = this.#sequence;
    this.#sequence += 1;
    return id;
  }
}

function closeCodeOf({ code, fault }: AppError): number {
  if (code === 'payload_too_large') return closeCodes.tooBig;
  if (code === 'rate_limited') return closeCodes.rateLimited;
  if (code === 'overloaded' || code === 'unavailable') return closeCodes.overloaded;
  return fault === 'caller' ? closeCodes.invalidRequest : closeCodes.internal;
}

const MINUTE_MS = 60_000;

/** Characters that may be taken: a minute's worth at once, refilled evenly. */
class CharBudget {
  readonly #perMinute: number;
  #left: number;
  #atMs = performance.now();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
  }

  /** False when there are not so many left. */
  take(count: number): boolean {
    const now = performance.now();
    this.#left = Math.min(this.#perMinute, this.#left + ((now - this.#atMs) / MINUTE_MS) * this.#perMinute);
    this.#atMs = now;
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}
