import type { Engine } from '@eloquence/shared/contracts/engine';
import { STT_SAMPLE_RATE_HZ, type VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { CircuitBreaker } from '@eloquence/shared/runtime/circuit-breaker';
import type { DecodeRequest, EngineCapacity, SpeechEngine } from './engine.ts';

/**
 * How long an engine may take while another waits to take over: three times the longest it took of late, and before
 * anything is known a while that grows with the audio. A model on a slow processor is not given up for being slow.
 */
const MIN_PATIENCE_MS = 3_000;
const MAX_PATIENCE_MS = 12_000;
const UNKNOWN_PATIENCE_MS = 4_000;
const UNKNOWN_PATIENCE_PER_AUDIO = 0.5;
const PATIENCE_FACTOR = 3;
/** How fast the longest time of late is forgotten. */
const FORGETTING = 0.8;
const PROBE_TIMEOUT_MS = 2_000;

export interface ChainMember {
  readonly engine: SpeechEngine;
  readonly health: CircuitBreaker;
}

interface Member extends ChainMember {
  /** Longest decode of late, ms; 0 = none yet. */
  longestMs: number;
  described: { readonly engine: Engine | undefined; readonly untilMs: number } | undefined;
}

export interface EngineChainOptions {
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Test seam, see CircuitBreakerOptions. */
  readonly firstProbeMs?: number;
}

/**
 * The engines in order of preference as one. Each decode goes to the first that is well, and on to the next when that
 * fails or hangs; only when all are away does its caller learn of it. An engine that is well again gets its place back.
 */
export class EngineChain implements SpeechEngine {
  readonly #members: readonly Member[];
  readonly #telemetry: Telemetry;

  constructor(engines: readonly SpeechEngine[], options: EngineChainOptions) {
    if (engines.length === 0) throw new Error('a chain needs an engine');
    this.#telemetry = options.telemetry;
    this.#members = engines.map((engine) => ({
      engine,
      longestMs: 0,
      described: undefined,
      health: new CircuitBreaker({
        probe: () => engine.describe(AbortSignal.timeout(PROBE_TIMEOUT_MS)),
        onChange: (error) => {
          const about = { engine: engine.name };
          if (error) options.logger.warn({ ...about, code: error.code, reason: error.message }, 'engine is away');
          else options.logger.info(about, 'engine is back');
        },
        ...(options.firstProbeMs !== undefined && { firstProbeMs: options.firstProbeMs }),
      }),
    }));
  }

  /** In order of preference. */
  get members(): readonly ChainMember[] {
    return this.#members;
  }

  /** The engine that gets the next work. */
  get name(): string {
    return this.#inUse.engine.name;
  }

  get capacity(): EngineCapacity | undefined {
    return this.#inUse.engine.capacity;
  }

  async decode(request: DecodeRequest): Promise<VerboseTranscription> {
    const errors: AppError[] = [];
    const order = this.#order();
    for (const [index, member] of order.entries()) {
      try {
        const transcription = await this.#ask(member, request, index < order.length - 1);
        if (index > 0) this.countFailover(order[0]?.engine.name ?? '', member.engine.name);
        return transcription;
      } catch (error) {
        if (request.signal.aborted) throw error;
        errors.push(AppError.from(error));
      }
    }
    // Waiting helps if one of them may come back.
    throw errors.find(({ code }) => code === 'overloaded') ?? errors.find(isOutage) ?? errors[0];
  }

  async describe(signal: AbortSignal): Promise<Engine | undefined> {
    const errors: AppError[] = [];
    for (const member of this.#order()) {
      const { engine, health } = member;
      if (member.described && !health.fault && member.described.untilMs > performance.now())
        return member.described.engine;
      try {
        const described = await engine.describe(signal);
        member.described = { engine: described, untilMs: performance.now() + (engine.describeFreshMs ?? 0) };
        return described;
      } catch (error) {
        if (signal.aborted) throw error;
        errors.push(AppError.from(error));
        // Slow to say who it is, it may only be busy.
        if (error instanceof AppError && error.code !== 'upstream_timeout') health.failed(error);
      }
    }
    if (errors.length === 1 || this.#members.length === 1) throw errors[0];
    throw new AppError('unavailable', errors.map(({ message }) => message).join(' '), { cause: errors[0] });
  }

  /** For /ready: who listens, who would, and why not the one that should; undefined when there is only one engine. */
  get summary(): string | undefined {
    if (this.#members.length === 1) return undefined;
    const inUse = this.#inUse;
    const spare = this.#members.filter((member) => member !== inUse && !member.health.fault);
    const away = this.#members.filter(({ health }) => health.fault);
    return [
      `${inUse.engine.name} listens`,
      ...(spare.length > 0 ? [`spare: ${spare.map(({ engine }) => engine.name).join(', ')}`] : []),
      ...away.map(({ engine, health }) => `${engine.name} is away: ${health.fault?.message ?? ''}`),
    ].join('; ');
  }

  countFailover(from: string, to: string): void {
    this.#telemetry.count('eloquence_stt_engine_failovers_total', { from, to });
  }

  async close(): Promise<void> {
    for (const { health } of this.#members) health.close();
    await Promise.all(this.#members.map(({ engine }) => engine.close()));
  }

  get #inUse(): Member {
    return this.#order()[0] as Member;
  }

  /** Those that are well. When none is, all: there is nothing to lose. */
  #order(): readonly Member[] {
    const able = this.#members.filter(({ health }) => health.able);
    return able.length > 0 ? able : this.#members;
  }

  async #ask(member: Member, request: DecodeRequest, replaceable: boolean): Promise<VerboseTranscription> {
    const { engine, health } = member;
    const startedMs = performance.now();
    // Nobody waits for a file.
    const limited = replaceable && request.kind !== 'file';
    const timeoutMs = patienceMs(member.longestMs, request.pcm.length / STT_SAMPLE_RATE_HZ);
    using patience = new ChildAbort(request.signal, limited ? { timeoutMs } : {});
    health.entered();
    try {
      const transcription = await engine.decode({ ...request, signal: patience.signal });
      member.longestMs = Math.max(performance.now() - startedMs, member.longestMs * FORGETTING);
      health.succeeded();
      return transcription;
    } catch (thrown) {
      if (request.signal.aborted) {
        health.left();
        throw thrown;
      }
      const late = isAbort(thrown);
      const error = late
        ? new AppError('upstream_timeout', `${engine.name} did not answer within ${Math.round(timeoutMs)} ms.`)
        : AppError.from(thrown);
      // A slow engine gets more time the next time.
      if (late) member.longestMs = Math.max(member.longestMs, timeoutMs);
      // Busy is not away.
      if (error.fault === 'caller' || error.code === 'overloaded') health.left();
      else health.failed(error);
      throw error;
    }
  }
}

function patienceMs(longestMs: number, audioS: number): number {
  const wanted =
    longestMs > 0 ? longestMs * PATIENCE_FACTOR : UNKNOWN_PATIENCE_MS + audioS * 1000 * UNKNOWN_PATIENCE_PER_AUDIO;
  return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, wanted));
}

/** Away and likely to come back, as against unwilling. */
function isOutage(error: AppError): boolean {
  return error.code === 'unavailable' || error.code === 'upstream_failed';
}
