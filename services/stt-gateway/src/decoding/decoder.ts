import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import { retry, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { SpeechEngine } from '../engines/engine.ts';
import type { Span } from '../utterance/segmenter.ts';
import { believe, type Believed } from './guards.ts';
import { DEADLINES_MS, type DecodeKind, type DecodeScheduler, type Ticket } from './scheduler.ts';

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
  /** How long the audio of an utterance is kept for an engine that is away. A file has FILE_OUTAGES of it. */
  readonly outageMs: number;
}

/** An engine that starts anew must not cost hours of work: no one waits for the next word of a file. */
const FILE_OUTAGES = 12;

/** How the speech of one session is decoded. */
export interface DecodeContext {
  readonly language: string | undefined;
  readonly keyterms: readonly string[];
  readonly temperature: number;
  readonly tenant: string;
  /** Whose speech it is: a newer interim takes the place of one that waits. */
  readonly session?: object;
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
  /** Finals the engine was too busy for, waiting to ask again. */
  #turnedAway = 0;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  get engineName(): string {
    return this.#options.engine.name;
  }

  /** True when an optional decode would only delay somebody's final. */
  get busy(): boolean {
    return this.#turnedAway > 0 || this.#options.scheduler.waiting('final') > 0;
  }

  /** New speech, in ms, that makes another interim of a stream worth its call; Infinity while there is no room for any. */
  get interimStepMs(): number {
    return this.#options.scheduler.interimStepMs;
  }

  /**
   * One decode without second chances, for interims and guesses. `take` is called when the engine is free, so that an
   * interim that had to wait is of the newest audio.
   */
  once(kind: 'speculative' | 'interim', context: DecodeContext, audioS: number, take: () => Cut): Ticket<Decoded> {
    return this.#submit(kind, context, { audioS, take });
  }

  /**
   * The final decode. While the engine is away it is asked again for `outageMs`; while it is there but busy, for as long
   * as the client is, in the order of the deadlines: what somebody waits for is never dropped.
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
    const dueMs = performance.now() + DEADLINES_MS[kind];
    const outageMs = this.#options.outageMs * (kind === 'file' ? FILE_OUTAGES : 1);
    let awaySinceMs: number | undefined;
    let waiting = 0;
    const task = (attempt: number) => {
      this.#turnedAway -= waiting;
      waiting = 0;
      return this.#submit(kind, context, { audioS: secondsOf(cut), ...(attempt > 1 && { dueMs }), take: () => cut })
        .result;
    };
    const retryable = (error: unknown) => {
      if (isBusy(error)) {
        awaySinceMs = undefined;
        return true;
      }
      awaySinceMs ??= performance.now();
      return isOutage(error) && performance.now() - awaySinceMs < outageMs;
    };
    const onRetry = (error: unknown) => {
      if (!isBusy(error) || kind === 'file') return;
      this.#turnedAway += 1;
      waiting = 1;
    };
    try {
      const decoded = await retry(task, { policy: OUTAGE_POLICY, signal: context.signal, retryable, onRetry });
      return decoded.believed;
    } finally {
      this.#turnedAway -= waiting;
    }
  }

  #submit(kind: DecodeKind, context: DecodeContext, piece: Piece): Ticket<Decoded> {
    const { engine, scheduler, telemetry } = this.#options;
    const { language, keyterms, temperature, tenant, session, signal } = context;
    const { audioS, dueMs, take } = piece;
    const ticket = scheduler.submit({
      kind,
      tenant,
      session,
      audioS,
      dueMs,
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
      (error: unknown) => {
        if (isBusy(error)) scheduler.slots.refused();
        count(signal.aborted || isAbort(error) ? 'cancelled' : AppError.from(error).code);
      },
    );
    return ticket;
  }
}

interface Piece {
  readonly audioS: number;
  readonly dueMs?: number;
  readonly take: () => Cut;
}

function secondsOf({ pcm }: Cut): number {
  return pcm.length / STT_SAMPLE_RATE_HZ;
}

/** There, with too much to do. */
function isBusy(error: unknown): boolean {
  return error instanceof AppError && error.code === 'overloaded';
}

/** Away and likely to come back, as against unwilling. */
function isOutage(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'unavailable' || error.code === 'upstream_failed');
}
