import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import { retry, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { SpeechEngine } from '../engines/engine.ts';
import type { Span } from '../utterance/segmenter.ts';
import { believe, type Believed } from './guards.ts';
import type { DecodeKind, DecodeScheduler, Ticket } from './scheduler.ts';

/** How an engine that is away is asked again; the time limit is DecoderOptions.outageMs. */
const OUTAGE_POLICY: RetryPolicy = {
  attempts: Infinity,
  firstDelayMs: 200,
  factor: 1.5,
  maxDelayMs: 1_000,
  jitter: 0.2,
};

export interface DecoderOptions {
  readonly engine: SpeechEngine;
  readonly scheduler: DecodeScheduler;
  readonly telemetry: Telemetry;
  /** How long the audio of an utterance is kept for an engine that is away. */
  readonly outageMs: number;
}

/** How the speech of one session is decoded. */
export interface DecodeContext {
  readonly language: string | undefined;
  readonly keyterms: readonly string[];
  readonly temperature: number;
  readonly tenant: string;
  readonly signal: AbortSignal;
}

/** A stretch of audio, cut out. */
export interface Cut {
  readonly span: Span;
  readonly pcm: Int16Array<ArrayBuffer>;
}

export interface Decoded {
  readonly span: Span;
  readonly believed: Believed;
}

/** Audio -> text that can be believed: scheduling, the engine, outages, guards, the count of it all. */
export class Decoder {
  readonly #options: DecoderOptions;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  get engineName(): string {
    return this.#options.engine.name;
  }

  /** True when an optional decode would only delay somebody's final. */
  get busy(): boolean {
    return this.#options.scheduler.waiting('final') > 0;
  }

  /**
   * One decode without second chances, for interims and guesses. `take` is called when the engine is free, so that an
   * interim that had to wait is of the newest audio.
   */
  once(kind: 'speculative' | 'interim', context: DecodeContext, audioS: number, take: () => Cut): Ticket<Decoded> {
    return this.#submit(kind, context, audioS, take);
  }

  /**
   * The final decode. While the engine is away it is asked again for `outageMs`.
   *
   * @param guess a speculative decode of the same audio, used if it comes through
   * @throws AppError as the engine port says; the signal's reason when aborted
   */
  async final(
    kind: 'final' | 'commit' | 'file',
    cut: Cut,
    context: DecodeContext,
    guess?: Ticket<Decoded>,
  ): Promise<Believed> {
    guess?.promote();
    const guessed = await guess?.result.catch(() => undefined);
    if (guessed) return guessed.believed;
    let awaySinceMs: number | undefined;
    const audioS = cut.pcm.length / STT_SAMPLE_RATE_HZ;
    const decoded = await retry(() => this.#submit(kind, context, audioS, () => cut).result, {
      policy: OUTAGE_POLICY,
      signal: context.signal,
      retryable: (error) => {
        if (!isOutage(error)) return false;
        awaySinceMs ??= performance.now();
        return performance.now() - awaySinceMs < this.#options.outageMs;
      },
    });
    return decoded.believed;
  }

  #submit(kind: DecodeKind, context: DecodeContext, audioS: number, take: () => Cut): Ticket<Decoded> {
    const { engine, scheduler, telemetry } = this.#options;
    const { language, keyterms, temperature, tenant, signal } = context;
    const ticket = scheduler.submit({
      kind,
      tenant,
      audioS,
      signal,
      run: async (running) => {
        const { span, pcm } = take();
        const request = { pcm, keyterms, temperature, kind, signal: running, ...(language && { language }) };
        return { span, believed: believe(await engine.decode(request), span) };
      },
    });
    const count = (outcome: string) => telemetry.count('eloquence_stt_decodes_total', { kind, outcome });
    ticket.result.then(
      () => count('ok'),
      (error: unknown) => count(signal.aborted || isAbort(error) ? 'cancelled' : AppError.from(error).code),
    );
    return ticket;
  }
}

/** Away and likely to come back, as against unwilling. */
function isOutage(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'unavailable' || error.code === 'upstream_failed');
}
