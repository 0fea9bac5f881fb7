import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { APIError, normalizeLanguage, stt, voice, type APIConnectOptions } from '@livekit/agents';
import { GatewayLink, listenUrl, type Transcript } from './gateway-link.ts';

export interface GatewaySttOptions {
  readonly sttUrl: string;
  readonly key: string;
  readonly language: string;
  readonly keyterms: readonly string[];
  /** ms of silence after which the gateway ends an utterance by itself. */
  readonly endpointingMs: number;
  readonly logger: Logger;
  /** Every transcript, interim and final, with wall times, in the order spoken. */
  readonly onTranscript: (transcript: Transcript) => void;
  /** The gateway has been away so long that the person should be told. */
  readonly onOutage: () => void;
  /** The gateway does not understand this language: the person can only write. */
  readonly onUnsupported: () => void;
}

/** Speech to text by stt-gateway, for an agents-js session. */
export class GatewayStt extends stt.STT {
  override label = 'eloquence.GatewayStt';
  readonly options: GatewaySttOptions;
  #current: GatewaySpeechStream | undefined;

  constructor(options: GatewaySttOptions) {
    super({ streaming: true, interimResults: true, alignedTranscript: 'word' });
    this.options = options;
  }

  override get provider(): string {
    return 'eloquence';
  }

  override stream(options?: { connOptions?: APIConnectOptions }): GatewaySpeechStream {
    this.#current = new GatewaySpeechStream(this, options?.connOptions);
    return this.#current;
  }

  /** Asks for the final text now: our voice-activity detector knows of the silence before the gateway does. */
  finalize(): void {
    this.#current?.finalize();
  }

  protected override _recognize(): Promise<stt.SpeechEvent> {
    throw new APIError('stt-gateway is used as a stream', { retryable: false });
  }
}

/** One stream of a session. Connections come and go inside; it ends only with its input. */
export class GatewaySpeechStream extends stt.SpeechStream {
  override label = 'eloquence.GatewaySpeechStream';
  readonly #link: GatewayLink;
  readonly #options: GatewaySttOptions;

  constructor(parent: GatewayStt, connOptions?: APIConnectOptions) {
    super(parent, STT_SAMPLE_RATE_HZ, connOptions);
    this.#options = parent.options;
    const { sttUrl, key, logger, onOutage, onUnsupported } = parent.options;
    this.#link = new GatewayLink({
      url: listenUrl(sttUrl, parent.options),
      key,
      logger,
      onTranscript: (transcript) => this.#emit(transcript),
      onOutage,
      onUnsupported,
    });
  }

  finalize(): void {
    this.#link.finalize();
  }

  protected override async run(): Promise<void> {
    const running = this.#link.run();
    for await (const item of this.input) {
      if (typeof item === 'symbol') {
        this.#link.finalize();
        continue;
      }
      const { data } = item;
      // A copy: the library may reuse the frame's memory while the ring still holds it.
      this.#link.push(Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)));
    }
    await this.#link.close();
    await running;
  }

  #emit(transcript: Transcript): void {
    this.#options.onTranscript(transcript);
    if (this.closed || this.queue.closed) return;
    const { text, isFinal, startS, endS, confidence, words, startMs } = transcript;
    const offsetMs = startMs - startS * 1000;
    this.queue.put({
      type: isFinal ? stt.SpeechEventType.FINAL_TRANSCRIPT : stt.SpeechEventType.INTERIM_TRANSCRIPT,
      alternatives: [
        {
          language: normalizeLanguage(this.#options.language),
          text,
          startTime: startS,
          endTime: endS,
          confidence,
          words: words.map((word) =>
            voice.createTimedString({
              text: word.text,
              startTime: (word.start_ms - offsetMs) / 1000,
              endTime: (word.end_ms - offsetMs) / 1000,
            }),
          ),
        },
      ],
    });
  }
}
