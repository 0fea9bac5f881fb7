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
  #flushed = false;
  #ended = false;
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
    if (this.#ended || text === '') return;
    const waited = this.#isWaiting;
    this.#unspoken += text;
    this.#send();
    if (!waited) this.#wait();
    this.#given.resolve();
  }

  /** No more text comes. */
  end(): void {
    if (this.#ended) return;
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
      for (let failures = 0; await this.#hasText();) {
        const sounds = this.#sounds;
        const error = await this.#speak();
        if (!error) break;
        failures = this.#sounds > sounds ? 1 : failures + 1;
        if (!error.retryable) throw error;
        this.#options.logger.warn({ err: error, failures }, 'speaking goes on over another connection');
        await delay(retryDelayMs(reconnecting, failures), signal);
      }
      signal.throwIfAborted();
      if (this.#unspoken.trim() !== '') this.#sound.mark(this.#unspoken);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
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
      this.#announced = [];
      // What was being heard may not be whole.
      if (this.#sounds > soundsBefore) this.#options.onBroken(lost);
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
          this.#read(message);
          if (message.type === 'Flushed') resolve();
        },
        closed: reject,
      };
      this.#sentChars = 0;
      this.#flushed = false;
      this.#isLive = true;
      this.#send();
    });
  }

  /** Sends what may be sent, and the flush behind the last of it. */
  #send(): void {
    if (!this.#isLive || !this.#link) return;
    const part = this.#unspoken.slice(this.#sentChars, MAX_SENT_CHARS);
    this.#link.speak(part);
    this.#sentChars += part.length;
    if (!this.#ended || this.#flushed || this.#sentChars < this.#unspoken.length) return;
    this.#flushed = true;
    this.#link.flush();
  }

  #read(message: SpeakServerMessage): void {
    if (message.type === 'Sentence') this.#announced.push(message.text);
    if (message.type === 'Flushed') this.#cover();
    if (message.type !== 'Warning') return;
    const error = new AppError('upstream_failed', `tts-proxy: ${message.code}: ${message.description}`);
    this.#options.logger.warn({ err: error }, 'tts-proxy could not speak all of an answer');
    this.#options.onBroken(error);
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
      const coveredChars = at < 0 ? 0 : at + text.length;
      this.#unspoken = this.#unspoken.slice(coveredChars);
      this.#sentChars -= coveredChars;
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
