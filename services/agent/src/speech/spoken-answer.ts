import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import type { SpeakServerMessage } from '@eloquence/shared/contracts/speak';
import { ChildAbort, delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retryDelayMs, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import { SoundQueue, type SoundFrame } from './sound-queue.ts';
import type { SpeakLink } from './speak-link.ts';
import type { SpeakLinks } from './speak-links.ts';

/**
 * Until the silence has lasted too long: tts-proxy may be starting again. What was heard is never asked for again, so this is
 * safe at any time.
 */
const reconnecting: RetryPolicy = { ...reconnectPolicy, maxDelayMs: 1_000 };
/** Text of which a piece is certain to be spoken, without an end in sight: more than the longest piece. */
const CERTAIN_CHARS = 400;

/** Text sent that nothing has been heard of. tts-proxy refuses who has it hold 20,000 characters or sends so many in a minute. */
const MAX_SENT_CHARS = 6_000;
/** From here on a flush goes out where a sentence ends: only its answer tells of text that makes no sound. */
const FLUSH_CHARS = MAX_SENT_CHARS / 2;
/** How often a sentence is asked for that nothing is heard of. */
const MAX_ASKED = 2;
/** What says nothing about the sentence: tts-proxy is full, or going. */
const BUSY: ReadonlySet<ErrorCode> = new Set(['overloaded', 'unavailable', 'rate_limited']);

export interface SpokenAnswerOptions {
  readonly links: SpeakLinks;
  readonly logger: Logger;
  /** Longest silence while there is text to be spoken, before the first sound and after. */
  readonly silenceTimeoutMs: number;
  /** A sentence was not spoken to its end; the answer goes on behind it. */
  readonly onBroken: (error: AppError) => void;
}

/**
 * One answer on its way through tts-proxy: text in as it is written, sound out. When a connection is lost, the next one gets
 * the text that no sound has been heard of yet: nothing is left out but the rest of one sentence, and nothing is said twice.
 * A sentence on which two connections were lost is left out too: nobody can speak it, and the rest of the answer can be spoken.
 */
export class SpokenAnswer {
  readonly #options: SpokenAnswerOptions;
  /** Of whoever listens. */
  readonly #signal: AbortSignal;
  /** Its child also aborts when time is up. */
  readonly #abort: ChildAbort;
  readonly #sound = new SoundQueue((hasRoom) => (hasRoom ? this.#link?.resume() : this.#link?.pause()));
  /** Text no sound has come of. */
  #unspoken = '';
  /** Sentences announced of which no sound has come. */
  #announced: string[] = [];
  /** So much of `#unspoken` has been sent over the link. */
  #sentChars = 0;
  /** Flushes without an answer: what of `#unspoken` lay before them. */
  #flushes: { chars: number; readonly isLast: boolean }[] = [];
  #ended = false;
  /** `run` is over. */
  #finished = false;
  /** Where in the whole answer `#unspoken` begins. */
  #passedChars = 0;
  /** The last place at which a connection was lost, and how often. */
  #lost = { atChars: -1, times: 0 };
  #link: SpeakLink | undefined;
  /** The link has all text so far and gets what comes. */
  #isLive = false;
  #given = Promise.withResolvers<void>();
  #sounds = 0;
  #waitingSinceMs = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: SpokenAnswerOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#abort = new ChildAbort(signal);
    this.#abort.signal.addEventListener('abort', () => this.#given.resolve(), { once: true });
  }

  /** More text. */
  write(text: string): void {
    if (this.#finished || this.#ended || text === '') return;
    const waited = this.#isWaiting;
    this.#unspoken += text;
    this.#send();
    if (!waited) this.#wait();
    this.#given.resolve();
  }

  /** No more text comes. */
  end(): void {
    if (this.#finished || this.#ended) return;
    const waited = this.#isWaiting;
    this.#ended = true;
    this.#send();
    if (!waited) this.#wait();
    this.#given.resolve();
  }

  /** What is heard, until the end of the answer or an abort. To be read once. */
  frames(): AsyncGenerator<SoundFrame> {
    return this.#sound.read(this.#signal);
  }

  /**
   * Speaks until all has come.
   *
   * @throws AppError when it could not be spoken to its end; the signal's reason after an abort
   */
  async run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      let error: AppError | undefined;
      for (let failures = 0; await this.#hasText();) {
        const passed = this.#passedChars;
        error = await this.#speak();
        if (!error) break;
        failures = this.#passedChars > passed ? 1 : failures + 1;
        if (!error.retryable) throw error;
        this.#options.logger.warn({ err: error, failures }, 'speaking goes on over another connection');
        await delay(retryDelayMs(reconnecting, failures), signal);
      }
      signal.throwIfAborted();
      // All of it was left out.
      if (error && this.#sounds === 0) throw error;
      if (this.#unspoken.trim() !== '') this.#sound.mark(this.#unspoken);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#finished = true;
      clearTimeout(this.#watch);
      this.#watch = undefined;
      this.#sound.end();
      this.#abort[Symbol.dispose]();
    }
  }

  /** Waits for something to speak. @returns false when nothing comes any more */
  async #hasText(): Promise<boolean> {
    while (this.#unspoken.trim() === '') {
      if (this.#ended || this.#abort.signal.aborted) return false;
      await this.#given.promise;
      this.#given = Promise.withResolvers();
    }
    return !this.#abort.signal.aborted;
  }

  /** Speaks what is left, over one link. @returns why it did not come to its end */
  async #speak(): Promise<AppError | undefined> {
    const { links } = this.#options;
    const { signal } = this.#abort;
    const link = links.take();
    const cut = () => link.cut();
    signal.addEventListener('abort', cut, { once: true });
    this.#link = link;
    const soundsBefore = this.#sounds;
    try {
      await link.opened;
      signal.throwIfAborted();
      await this.#follow(link);
      link.resume();
      links.giveBack(link);
      return undefined;
    } catch (error) {
      link.cut();
      if (signal.aborted) throw signal.reason;
      const lost = AppError.from(error);
      this.#sound.alignToSample();
      // What was being heard may not be whole.
      if (this.#sounds > soundsBefore) this.#options.onBroken(lost);
      if (this.#isLive) this.#judge(lost);
      this.#announced = [];
      return lost;
    } finally {
      link.listener = undefined;
      this.#link = undefined;
      this.#isLive = false;
      signal.removeEventListener('abort', cut);
      links.prepare();
    }
  }

  /** Sends what is to be spoken; resolves when all of it has been. */
  #follow(link: SpeakLink): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#abort.signal.addEventListener('abort', () => reject(this.#abort.signal.reason as Error), { once: true });
      link.listener = {
        sound: (pcm) => this.#hear(pcm),
        message: (message) => {
          if (this.#read(message) === 'end') resolve();
        },
        closed: reject,
      };
      this.#sentChars = 0;
      this.#flushes = [];
      this.#isLive = true;
      this.#send();
    });
  }

  /** The connection was lost when the text had gone out over it: once may be chance. */
  #judge(error: AppError): void {
    const wasAsked = this.#isWaiting || lastSentenceEnd(this.#unspoken) !== undefined;
    if (!wasAsked || BUSY.has(error.code)) return;
    const isSame = this.#lost.atChars === this.#passedChars;
    this.#lost = { atChars: this.#passedChars, times: isSame ? this.#lost.times + 1 : 1 };
    if (this.#lost.times < MAX_ASKED) return;
    const announced = this.#announced.at(-1);
    const at = announced === undefined ? -1 : this.#unspoken.indexOf(announced);
    this.#pass(announced !== undefined && at >= 0 ? at + announced.length : firstSentenceChars(this.#unspoken));
    this.#options.onBroken(error);
  }

  /** So much of the text is over. */
  #pass(chars: number): void {
    this.#unspoken = this.#unspoken.slice(chars);
    this.#passedChars += chars;
    this.#sentChars = Math.max(0, this.#sentChars - chars);
    for (const flush of this.#flushes) flush.chars = Math.max(0, flush.chars - chars);
  }

  /** Sends what may be sent, and the flush behind the last of it; in a long answer one before. */
  #send(): void {
    if (!this.#isLive || !this.#link) return;
    const part = this.#unspoken.slice(this.#sentChars, MAX_SENT_CHARS);
    const sentChars = this.#sentChars + part.length;
    const isLast = this.#ended && sentChars === this.#unspoken.length;
    const wantsFlush = !isLast && sentChars >= FLUSH_CHARS && this.#flushes.length === 0;
    const isFull = sentChars >= MAX_SENT_CHARS;
    const end = wantsFlush ? (lastSentenceEnd(part) ?? (isFull ? part.length : undefined)) : undefined;
    this.#speakPart(part.slice(0, end ?? 0));
    if (end !== undefined) this.#flush(false);
    this.#speakPart(part.slice(end ?? 0));
    if (isLast && this.#flushes.at(-1)?.isLast !== true) this.#flush(true);
  }

  #speakPart(text: string): void {
    this.#link?.speak(text);
    this.#sentChars += text.length;
  }

  #flush(isLast: boolean): void {
    this.#flushes.push({ chars: this.#sentChars, isLast });
    this.#link?.flush();
  }

  /** @returns `end` when all has been spoken */
  #read(message: SpeakServerMessage): 'end' | undefined {
    if (message.type === 'Sentence') this.#announced.push(message.text);
    if (message.type === 'Flushed') return this.#readFlushed();
    if (message.type !== 'Warning') return undefined;
    const error = new AppError('upstream_failed', `tts-proxy: ${message.code}: ${message.description}`);
    this.#options.logger.warn({ err: error }, 'tts-proxy could not speak all of an answer');
    this.#options.onBroken(error);
    return undefined;
  }

  #readFlushed(): 'end' | undefined {
    this.#cover();
    const flush = this.#flushes.shift();
    if (!flush || flush.isLast) return 'end';
    // What is left of the text before it makes no sound.
    this.#pass(flush.chars);
    this.#wait();
    this.#send();
    return undefined;
  }

  #hear(pcm: Buffer): void {
    this.#cover();
    this.#sounds += 1;
    this.#sound.push(pcm);
    this.#wait();
  }

  /** What was announced is being heard: it is not asked for again. */
  #cover(): void {
    for (const text of this.#announced) {
      // What lies before it is silent and was left out.
      const at = this.#unspoken.indexOf(text);
      if (at < 0) this.#options.logger.warn('tts-proxy announced a text that it was not given');
      this.#pass(at < 0 ? 0 : at + text.length);
      this.#sound.mark(text);
    }
    this.#announced = [];
    this.#send();
  }

  /** Sound has to come: either all text is known, or more of it than one piece can hold. */
  get #isWaiting(): boolean {
    return this.#ended || this.#unspoken.length >= CERTAIN_CHARS;
  }

  #wait(): void {
    if (this.#finished) return;
    this.#waitingSinceMs = performance.now();
    if (this.#isWaiting && !this.#watch) this.#check();
  }

  #check(): void {
    this.#watch = undefined;
    if (!this.#isWaiting) return;
    const sinceMs =
      this.#sounds === 0 ? this.#waitingSinceMs : Math.max(this.#waitingSinceMs, this.#sound.heardUntilMs);
    const leftMs = sinceMs + this.#options.silenceTimeoutMs - performance.now();
    if (leftMs > 0) this.#watch = setTimeout(() => this.#check(), leftMs + 1);
    else this.#abort.abort(new AppError('upstream_timeout', 'tts-proxy gave no sound in time.'));
  }
}

/** Ends of sentences as far as a cut there is heard by nobody. */
const SENTENCE_END = /[.!?…]["”»’)\]]*\s+|\n\s*/gu;

/** How long the first sentence is, at most {@link CERTAIN_CHARS}, in whole words where there are words. */
function firstSentenceChars(text: string): number {
  const start = text.length - text.trimStart().length;
  const rest = text.slice(start, start + CERTAIN_CHARS);
  const [end] = rest.matchAll(SENTENCE_END);
  if (end) return start + end.index + end[0].length;
  if (rest.length < CERTAIN_CHARS) return text.length;
  const words = /^[^]*\s/u.exec(rest)?.[0] ?? rest;
  // Not between the two halves of a character.
  return start + words.replace(/[\uD800-\uDBFF]$/, '').length;
}

function lastSentenceEnd(text: string): number | undefined {
  const end = [...text.matchAll(SENTENCE_END)].at(-1);
  return end && end.index + end[0].length;
}
