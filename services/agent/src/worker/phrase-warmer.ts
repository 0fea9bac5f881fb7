import { languageSchema } from '@eloquence/shared/contracts/ids';
import type { SpeechRequest } from '@eloquence/shared/contracts/tts';
import { ChildAbort, delay } from '@eloquence/shared/runtime/abort';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Scenario } from '../scenarios/scenario.ts';
import { voiceOf } from '../speech/speak-link.ts';

/** tts-proxy may start after us, and its voices later still. */
const TRY_AGAIN_MS = 30_000;
/** Nobody waits for a phrase, but a connection must not hang for ever. */
const PHRASE_TIMEOUT_MS = 60_000;

export interface PhraseWarmerOptions {
  readonly ttsUrl: string;
  readonly key: string;
  readonly scenarios: Iterable<Scenario>;
  readonly logger: Logger;
  readonly tryAgainMs?: number;
}

/**
 * Has tts-proxy speak what agents say by themselves, once and one after another, before anybody calls: these are the product's
 * words, so copies may be kept, and a call's greeting comes from there.
 */
export class PhraseWarmer {
  readonly #options: PhraseWarmerOptions;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: PhraseWarmerOptions) {
    this.#options = options;
  }

  /** What fails is tried once more, later. Resolves when all is asked for; never rejects. */
  start(): Promise<void> {
    this.#running = this.#run();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { logger, tryAgainMs = TRY_AGAIN_MS } = this.#options;
    const { signal } = this.#closing;
    const missed = await this.#ask(this.#requests());
    if (missed.length === 0 || signal.aborted) return;
    await delay(tryAgainMs, signal).catch(() => undefined);
    const left = await this.#ask(missed);
    if (left.length > 0 && !signal.aborted)
      logger.warn({ phrases: left.length }, 'phrases are not kept by tts-proxy; they are made when they are said');
  }

  /** @returns those that failed */
  async #ask(requests: readonly SpeechRequest[]): Promise<readonly SpeechRequest[]> {
    const failed: SpeechRequest[] = [];
    for (const request of requests) {
      if (this.#closing.signal.aborted) break;
      if (!(await this.#speak(request))) failed.push(request);
    }
    return failed;
  }

  async #speak(request: SpeechRequest): Promise<boolean> {
    const { ttsUrl, key, logger } = this.#options;
    using abort = new ChildAbort(this.#closing.signal, { timeoutMs: PHRASE_TIMEOUT_MS });
    try {
      const response = await fetch(`${ttsUrl}/v1/audio/speech`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: abort.signal,
        redirect: 'error',
      });
      // Read to its end, or it is not kept.
      for await (const _ of response.body ?? []) continue;
      if (!response.ok) logger.debug({ status: response.status }, 'tts-proxy does not speak a phrase');
      return response.ok;
    } catch (error) {
      logger.debug({ err: error }, 'tts-proxy does not speak a phrase');
      return false;
    }
  }

  #requests(): SpeechRequest[] {
    const talking = [...this.#options.scenarios].filter((scenario) => scenario.kind === 'conversation');
    return talking.flatMap(({ phrases }) =>
      languageSchema.options.flatMap((language) =>
        Object.values(phrases[language]).map((input: string) => ({
          model: 'tts-1',
          input,
          voice: voiceOf(language),
          language,
          response_format: 'pcm' as const,
          stream_format: 'audio' as const,
          speed: 1,
          cache: 'public' as const,
        })),
      ),
    );
  }
}
