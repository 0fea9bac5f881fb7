import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import type { AppError } from '@eloquence/shared/runtime/errors';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { APIError, tts, voice, type APIConnectOptions } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type { SoundFrame } from './sound-queue.ts';
import type { SpeakLinks } from './speak-links.ts';
import { SpokenAnswer } from './spoken-answer.ts';

export interface ProxyTtsOptions {
  readonly links: SpeakLinks;
  readonly logger: Logger;
  /** Longest silence while there is text to be spoken, before the first sound and after. */
  readonly silenceTimeoutMs: number;
  /** A sentence was not spoken to its end; the answer goes on. */
  readonly onBroken: (error: AppError) => void;
}

/** Text to speech by tts-proxy: text goes out word by word, which tts-proxy cuts, and sound comes back. */
export class ProxyTts extends tts.TTS {
  override label = 'eloquence.ProxyTts';
  readonly options: ProxyTtsOptions;

  constructor(options: ProxyTtsOptions) {
    super(TTS_SAMPLE_RATE_HZ, 1, { streaming: true, alignedTranscript: true });
    this.options = options;
  }

  override get provider(): string {
    return 'eloquence';
  }

  /** Opens a connection for the next answer. */
  prepare(): void {
    this.options.links.prepare();
  }

  override stream(options?: { connOptions?: APIConnectOptions }): ProxySynthesizeStream {
    return new ProxySynthesizeStream(this, options?.connOptions);
  }

  override synthesize(): tts.ChunkedStream {
    throw new APIError('tts-proxy is used as a stream', { retryable: false });
  }

  override async close(): Promise<void> {
    this.options.links.close();
  }
}

/** One answer. */
export class ProxySynthesizeStream extends tts.SynthesizeStream {
  override label = 'eloquence.ProxySynthesizeStream';
  readonly #options: ProxyTtsOptions;
  readonly #requestId = `req_${randomText(10)}`;
  readonly #segmentId = `seg_${randomText(8)}`;

  constructor(parent: ProxyTts, connOptions?: APIConnectOptions) {
    super(parent, connOptions);
    this.#options = parent.options;
  }

  protected override async run(): Promise<void> {
    const { logger } = this.#options;
    const answer = new SpokenAnswer(this.#options, this.abortSignal);
    const failing = answer.run().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    void this.#readInput(answer);
    // What came before a failure is heard before the failure is told.
    await this.#play(answer);
    const failure = await failing;
    if (this.abortSignal.aborted) return;
    if (!failure) return this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
    logger.error({ err: failure.error }, 'an answer could not be spoken to its end');
    // Its text has been read and part of it may have been heard: the library must not begin again.
    throw new APIError('tts-proxy failed', { retryable: false });
  }

  async #readInput(answer: SpokenAnswer): Promise<void> {
    for await (const item of this.input) {
      if (this.abortSignal.aborted) break;
      // The library's mark of a flush comes last, and the end does all that it asks for.
      if (typeof item === 'symbol') continue;
      if (item.trim() !== '') this.markStarted();
      answer.write(item);
    }
    answer.end();
  }

  async #play(answer: SpokenAnswer): Promise<void> {
    for await (const frame of answer.frames()) {
      if (this.abortSignal.aborted || this.queue.closed) return;
      this.queue.put(this.#audioOf(frame));
    }
  }

  #audioOf({ samples, marks }: SoundFrame): tts.SynthesizedAudio {
    return {
      requestId: this.#requestId,
      segmentId: this.#segmentId,
      frame: new AudioFrame(samples, TTS_SAMPLE_RATE_HZ, 1, samples.length),
      final: false,
      ...(marks.length > 0 && {
        timedTranscripts: marks.map(({ text, startS }) => voice.createTimedString({ text, startTime: startS })),
      }),
    };
  }
}
