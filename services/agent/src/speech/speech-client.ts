import { TTS_SAMPLE_RATE_HZ, type SpeechRequest } from '@eloquence/shared/contracts/tts';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';

export interface SpeechClientOptions {
  readonly ttsUrl: string;
  readonly key: string;
  readonly language: 'fr' | 'en';
  /** How long the first audio may take. */
  readonly firstByteTimeoutMs: number;
}

/** 20 ms of s16le mono: what one frame holds. */
const FRAME_BYTES = (TTS_SAMPLE_RATE_HZ / 50) * 2;

/** tts-proxy's `/v1/audio/speech`. */
export class SpeechClient {
  readonly #options: SpeechClientOptions;

  constructor(options: SpeechClientOptions) {
    this.#options = options;
  }

  /**
   * Speaks `text`: yields 20 ms pieces of 24 kHz s16le mono as they arrive; the last one may be shorter.
   *
   * @throws AppError `upstream_timeout` or `upstream_failed`, `upstream_rejected` when asking again cannot help
   */
  async *speak(text: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    using abort = new ChildAbort(signal);
    const timer = setTimeout(
      () => abort.abort(new AppError('upstream_timeout', 'tts-proxy gave no sound in time.')),
      this.#options.firstByteTimeoutMs,
    );
    try {
      const body = await this.#request(text, abort.signal);
      let rest: Buffer = Buffer.alloc(0);
      for await (const chunk of body) {
        clearTimeout(timer);
        rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
        let at = 0;
        for (; rest.length - at >= FRAME_BYTES; at += FRAME_BYTES) yield rest.subarray(at, at + FRAME_BYTES);
        rest = rest.subarray(at);
      }
      // Half a sample cannot be played; anything more is the end of the last word.
      if (rest.length >= 2) yield rest.subarray(0, rest.length - (rest.length % 2));
    } catch (error) {
      if (signal.aborted) throw error;
      if (abort.signal.aborted) throw abort.signal.reason;
      throw error instanceof AppError
        ? error
        : new AppError('upstream_failed', 'The connection to tts-proxy failed.', { cause: error });
    } finally {
      clearTimeout(timer);
      // Leaving early closes the socket, so that nobody goes on speaking to nobody.
      abort.abort();
    }
  }

  async #request(text: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { ttsUrl, key, language } = this.#options;
    const request = {
      model: 'tts-1',
      input: text,
      voice: language === 'fr' ? 'coach-fr' : 'coach-en',
      response_format: 'pcm',
      speed: 1,
      language,
    } satisfies SpeechRequest;
    const response = await fetch(`${ttsUrl}/v1/audio/speech`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal,
      redirect: 'error',
    });
    if (response.ok && response.body) return response.body;
    await response.body?.cancel();
    const code = response.status >= 500 || response.status === 429 ? 'upstream_failed' : 'upstream_rejected';
    throw new AppError(code, `tts-proxy answered ${response.status}.`);
  }
}
