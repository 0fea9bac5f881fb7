import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { within } from '@eloquence/shared/runtime/within';
import { Shaper } from '../audio/shape.ts';
import type { SpeechProvider, Utterance } from '../providers/provider.ts';
import type { VoiceChain } from '../providers/voice-chain.ts';
import { Admission } from './admission.ts';

export interface SpeakerLimits {
  readonly maxRunning: number;
  /** Drop policy of the line: newcomers are refused, because whoever waits has waited longest. */
  readonly maxWaiting: number;
  /** First sound of a provider that has another behind it; past it the next one is asked. */
  readonly firstSoundTimeoutMs: number;
  /** The same for the last provider, which nobody can replace. */
  readonly lastFirstSoundTimeoutMs: number;
  /** Longest silence between two pieces of one answer. */
  readonly idleTimeoutMs: number;
  /** Longest answer: a reader that stops reading would otherwise keep its place for ever. */
  readonly answerTimeoutMs: number;
}

export const defaultLimits: SpeakerLimits = {
  maxRunning: 16,
  maxWaiting: 32,
  firstSoundTimeoutMs: 2_000,
  lastFirstSoundTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  answerTimeoutMs: 300_000,
};

/** An answer that has begun: one voice from its first sample to its last. */
export interface Speech {
  readonly provider: SpeechProvider;
  /** s16 mono 24 kHz: leading silence off, ends faded. Throws when the voice breaks off; it is never started again. */
  readonly samples: AsyncIterable<Int16Array>;
  /** Stops the voice and gives the place back; more than one call does no harm. */
  readonly close: () => void;
}

export interface SpeakerDeps {
  readonly chain: VoiceChain;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly limits?: SpeakerLimits;
}

interface Attempt {
  readonly provider: SpeechProvider;
  readonly abort: ChildAbort;
  readonly rest: AsyncIterator<Int16Array>;
  readonly first: Int16Array;
}

/** Speaks one utterance with the best provider that starts in time. */
export class Speaker {
  readonly #chain: VoiceChain;
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  readonly #limits: SpeakerLimits;
  readonly #admission: Admission;

  constructor({ chain, telemetry, logger, limits = defaultLimits }: SpeakerDeps) {
    this.#chain = chain;
    this.#telemetry = telemetry;
    this.#logger = logger;
    this.#limits = limits;
    this.#admission = new Admission(limits);
  }

  /**
   * Waits for a place and for the first sound.
   *
   * @throws AppError `overloaded`, `unavailable` (no provider at all), or the last provider's error when none made a sound
   */
  async open(utterance: Utterance, signal: AbortSignal): Promise<Speech> {
    const leave = await this.#admission.enter(signal);
    try {
      const attempt = await this.#firstToSound(utterance, signal);
      const close = () => {
        attempt.abort.abort(new DOMException('the answer is over', 'AbortError'));
        attempt.abort[Symbol.dispose]();
        leave();
      };
      return { provider: attempt.provider, samples: this.#body(attempt, close), close };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #firstToSound(utterance: Utterance, signal: AbortSignal): Promise<Attempt> {
    let failure: unknown = new AppError(
      'unavailable',
      'There is no voice. Install espeak-ng (apt-get install espeak-ng), or set OPENAI_API_KEY.',
    );
    const order = this.#chain.order();
    for (const [index, provider] of order.entries()) {
      try {
        const attempt = await this.#tryProvider(provider, utterance, { signal, isLast: index === order.length - 1 });
        this.#chain.worked(provider);
        return attempt;
      } catch (error) {
        if (signal.aborted) {
          this.#telemetry.count('eloquence_tts_requests_total', { provider: provider.id, outcome: 'aborted' });
          throw error;
        }
        failure = error;
        this.#chain.failed(provider);
        this.#telemetry.count('eloquence_tts_requests_total', { provider: provider.id, outcome: 'failed' });
        this.#logger.warn({ err: error, provider: provider.id, next: order[index + 1]?.id }, 'voice failed to start');
      }
    }
    throw failure;
  }

  async #tryProvider(
    provider: SpeechProvider,
    utterance: Utterance,
    { signal, isLast }: { readonly signal: AbortSignal; readonly isLast: boolean },
  ): Promise<Attempt> {
    const { firstSoundTimeoutMs, lastFirstSoundTimeoutMs, answerTimeoutMs } = this.#limits;
    const startedAtMs = performance.now();
    const abort = new ChildAbort(signal, { timeoutMs: answerTimeoutMs });
    const rest = shaped(provider.speak(utterance, abort.signal));
    try {
      const first = await soundWithin(rest.next(), isLast ? lastFirstSoundTimeoutMs : firstSoundTimeoutMs, abort);
      if (first.done) throw new AppError('upstream_failed', 'The voice made no sound.');
      const seconds = (performance.now() - startedAtMs) / 1000;
      this.#telemetry.observe('eloquence_tts_first_byte_seconds', { provider: provider.id }, seconds);
      return { provider, abort, rest, first: first.value };
    } catch (error) {
      abort.abort(new DOMException('given up', 'AbortError'));
      abort[Symbol.dispose]();
      throw error;
    }
  }

  async *#body({ provider, abort, rest, first }: Attempt, close: () => void): AsyncGenerator<Int16Array> {
    let outcome = 'aborted';
    let samples = 0;
    try {
      for (let piece = first; ;) {
        samples += piece.length;
        yield piece;
        const next = await soundWithin(rest.next(), this.#limits.idleTimeoutMs, abort);
        if (next.done) break;
        piece = next.value;
      }
      outcome = 'ok';
    } catch (error) {
      const byCaller = abort.signal.aborted && !(error instanceof AppError);
      if (!byCaller) {
        outcome = 'broken';
        this.#chain.failed(provider);
        this.#logger.warn({ err: error, provider: provider.id }, 'voice broke off');
      }
      throw error;
    } finally {
      this.#telemetry.count('eloquence_tts_requests_total', { provider: provider.id, outcome });
      const seconds = samples / TTS_SAMPLE_RATE_HZ;
      this.#telemetry.count('eloquence_tts_audio_seconds_total', { provider: provider.id }, seconds);
      close();
    }
  }
}

/** A provider's samples with the silence off and the ends faded; empty pieces are left out. */
async function* shaped(source: AsyncIterable<Int16Array>): AsyncGenerator<Int16Array> {
  const shaper = new Shaper();
  for await (const samples of source) {
    const ready = shaper.push(samples);
    if (ready.length > 0) yield ready;
  }
  const last = shaper.flush();
  if (last.length > 0) yield last;
}

/** Waits for sound; silence for too long ends the attempt. */
function soundWithin<T>(pending: Promise<T>, timeoutMs: number, abort: ChildAbort): Promise<T> {
  const late = (cause: unknown) =>
    new AppError('upstream_timeout', `The voice was silent for ${timeoutMs} ms.`, { cause });
  return within(pending, { timeoutMs, abort, late });
}
