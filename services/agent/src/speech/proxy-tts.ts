import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { retry, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import { APIError, tts, voice, type APIConnectOptions } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { Limit } from './limit.ts';
import { SentenceSplitter } from './sentence-splitter.ts';
import type { SpeechClient } from './speech-client.ts';

/** Sentences asked for at once: the one that is heard and the next. More would only be thrown away at a barge-in. */
const CONCURRENCY = 2;
/** Only before the first sound of a sentence: after it, another try would say the beginning twice. */
const firstSoundPolicy: RetryPolicy = { attempts: 3, firstDelayMs: 100, factor: 3, maxDelayMs: 500, jitter: 0.3 };

export interface ProxyTtsOptions {
  readonly client: SpeechClient;
  readonly logger: Logger;
}

/** Text to speech by tts-proxy: text is cut into sentences, two are asked for at once, frames come out in order. */
export class ProxyTts extends tts.TTS {
  override label = 'eloquence.ProxyTts';
  readonly client: SpeechClient;
  readonly logger: Logger;
  readonly #limit = new Limit(CONCURRENCY);

  constructor(options: ProxyTtsOptions) {
    super(TTS_SAMPLE_RATE_HZ, 1, { streaming: true, alignedTranscript: true });
    this.client = options.client;
    this.logger = options.logger;
  }

  override get provider(): string {
    return 'eloquence';
  }

  override stream(options?: { connOptions?: APIConnectOptions }): ProxySynthesizeStream {
    return new ProxySynthesizeStream(this, options?.connOptions);
  }

  override synthesize(): tts.ChunkedStream {
    throw new APIError('tts-proxy is used as a stream', { retryable: false });
  }

  /** One sentence as 20 ms pieces, tried again until its first sound. Holds one of the places until it ends. */
  async *speak(text: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const release = await this.#limit.acquire(signal);
    try {
      const [first, rest] = await retry(
        async () => {
          const pieces = this.client.speak(text, signal);
          return [await pieces.next(), pieces] as const;
        },
        {
          policy: firstSoundPolicy,
          signal,
          retryable: (error) => error instanceof AppError && error.retryable,
          onRetry: (error, failures) => this.logger.warn({ err: error, failures }, 'speech failed, trying again'),
        },
      );
      if (first.done) return;
      yield first.value;
      yield* rest;
    } finally {
      release();
    }
  }
}

/** A sentence being fetched ahead of its turn. What waits is bounded by the longest piece the splitter gives. */
class Sentence {
  readonly text: string;
  readonly #frames: Buffer[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  #error: unknown;

  constructor(text: string, pieces: AsyncGenerator<Buffer>) {
    this.text = text;
    void this.#fetch(pieces);
  }

  async *frames(): AsyncGenerator<Buffer> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) yield frame;
      else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }

  async #fetch(pieces: AsyncGenerator<Buffer>): Promise<void> {
    try {
      for await (const piece of pieces) {
        this.#frames.push(piece);
        this.#wake.resolve();
      }
    } catch (error) {
      this.#error = error;
    } finally {
      this.#ended = true;
      this.#wake.resolve();
    }
  }
}

/** One answer, spoken sentence by sentence. */
export class ProxySynthesizeStream extends tts.SynthesizeStream {
  override label = 'eloquence.ProxySynthesizeStream';
  readonly #tts: ProxyTts;
  readonly #requestId = `req_${randomText(10)}`;
  readonly #splitter = new SentenceSplitter();
  readonly #sentences: Sentence[] = [];
  #arrived = Promise.withResolvers<void>();
  #inputEnded = false;
  #spokenSeconds = 0;

  constructor(parent: ProxyTts, connOptions?: APIConnectOptions) {
    super(parent, connOptions);
    this.#tts = parent;
  }

  protected override async run(): Promise<void> {
    const reading = this.#readInput();
    try {
      await this.#speakInOrder();
      await reading;
      if (!this.abortSignal.aborted) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
    } catch (error) {
      if (this.abortSignal.aborted || isAbort(error)) return;
      this.#tts.logger.error({ err: error }, 'an answer could not be spoken to its end');
      // Its text has been read and part of it may have been heard: the library must not begin again.
      throw new APIError('tts-proxy failed', { retryable: false });
    }
  }

  async #readInput(): Promise<void> {
    for await (const item of this.input) {
      if (this.abortSignal.aborted) break;
      this.#add(typeof item === 'symbol' ? this.#splitter.flush() : this.#splitter.push(item));
    }
    this.#add(this.#splitter.flush());
    this.#inputEnded = true;
    this.#arrived.resolve();
  }

  #add(texts: readonly string[]): void {
    for (const text of texts) {
      this.markStarted();
      this.#sentences.push(new Sentence(text, this.#tts.speak(text.trim(), this.abortSignal)));
    }
    this.#arrived.resolve();
  }

  async #speakInOrder(): Promise<void> {
    for (;;) {
      const sentence = this.#sentences.shift();
      if (sentence) await this.#play(sentence);
      else if (this.#inputEnded) return;
      else {
        await this.#arrived.promise;
        this.#arrived = Promise.withResolvers();
      }
    }
  }

  async #play(sentence: Sentence): Promise<void> {
    const segmentId = `seg_${randomText(8)}`;
    let timedTranscripts: [voice.TimedString] | undefined = [
      voice.createTimedString({ text: sentence.text, startTime: this.#spokenSeconds }),
    ];
    for await (const pcm of sentence.frames()) {
      if (this.abortSignal.aborted || this.queue.closed) return;
      const samples = new Int16Array(pcm.length / 2);
      for (let index = 0; index < samples.length; index += 1) samples[index] = pcm.readInt16LE(index * 2);
      this.#spokenSeconds += samples.length / TTS_SAMPLE_RATE_HZ;
      this.queue.put({
        requestId: this.#requestId,
        segmentId,
        frame: new AudioFrame(samples, TTS_SAMPLE_RATE_HZ, 1, samples.length),
        final: false,
        ...(timedTranscripts && { timedTranscripts }),
      });
      timedTranscripts = undefined;
    }
  }
}
