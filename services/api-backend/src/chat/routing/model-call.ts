import type { ChatUsage } from '@eloquence/shared/contracts/chat';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { within } from '@eloquence/shared/runtime/within';
import type { ChatPart, ModelRequest } from '../providers/provider.ts';
import type { ChatCaller, Ledger } from '../usage/ledger.ts';
import type { Candidate } from './model-pool.ts';
import type { ModelHealth } from './model-health.ts';
import { estimateUsage } from './token-estimate.ts';

/** A provider that has finished may still say what it cost; a caller does not wait longer for that. */
const AFTER_FINISH_MS = 1_000;
/** Many times the longest answer a model is allowed; only a provider gone mad gets there. */
const MAX_ANSWER_CHARACTERS = 1_048_576;

export interface ModelCallDeps {
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly ledger: Ledger;
}

export interface ModelCallOptions {
  readonly candidate: Candidate;
  readonly request: ModelRequest;
  readonly caller: ChatCaller;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** One question to one model, measured, billed and told to the provider's circuit breaker exactly once. */
export class ModelCall {
  readonly candidate: Candidate;
  readonly #deps: ModelCallDeps;
  readonly #options: ModelCallOptions;
  readonly #abort: ChildAbort;
  readonly #health: ModelHealth;
  readonly #parts: AsyncIterator<ChatPart>;
  readonly #startedMs = performance.now();
  #given = '';
  #gaveParts = false;
  #longestGapMs = 0;
  #finishedMs: number | undefined;
  #usage: ChatUsage | undefined;
  #billed: ChatUsage | undefined;
  #settled = false;

  constructor(deps: ModelCallDeps, options: ModelCallOptions) {
    this.#deps = deps;
    this.#options = options;
    this.candidate = options.candidate;
    this.#abort = new ChildAbort(options.signal);
    const { member, model } = options.candidate;
    this.#health = member.health(model);
    this.#health.breaker.entered();
    this.#parts = member.provider.stream(options.request, this.#abort.signal)[Symbol.asyncIterator]();
  }

  /** What it has used, once it is over: by the provider's count, else by ours. Undefined when it was refused. */
  get usage(): ChatUsage | undefined {
    return this.#billed;
  }

  /** It gave more than any answer is: nothing that another should go on with. */
  get hasOverrun(): boolean {
    return this.#given.length > MAX_ANSWER_CHARACTERS;
  }

  /**
   * The first part.
   *
   * @throws AppError `upstream_timeout` when there is none in time, otherwise as `ChatProvider.stream`
   */
  async first(limitMs: number): Promise<ChatPart> {
    const { member } = this.candidate;
    const part = await this.#take(limitMs);
    if (!part) throw this.#failed(endedEarly());
    const ms = performance.now() - this.#startedMs;
    this.#health.firstTokens.add(ms);
    this.#health.began();
    this.#deps.telemetry.observe('eloquence_llm_ttft_seconds', { provider: member.provider.id }, ms / 1000);
    return part;
  }

  /**
   * The next part; undefined after the end of a whole answer. Behind a finish there is only usage.
   *
   * @throws AppError when the provider breaks off, or gives nothing for `limitMs`
   */
  async next(limitMs: number): Promise<ChatPart | undefined> {
    if (this.#finishedMs !== undefined) return this.#afterFinish(this.#finishedMs + AFTER_FINISH_MS);
    const askedMs = performance.now();
    const part = await this.#take(limitMs);
    this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - askedMs);
    if (!part) throw this.#failed(endedEarly());
    return part;
  }

  /** Closes the provider's socket; more than once does no harm. */
  close(): void {
    this.#settle(this.#finishedMs === undefined ? 'aborted' : 'ok');
  }

  /** The answer is whole: what happens now is no fault of it, and what is said now is none of it. */
  async #afterFinish(untilMs: number): Promise<ChatPart | undefined> {
    for (let leftMs = untilMs - performance.now(); leftMs > 0; leftMs = untilMs - performance.now()) {
      const next = await this.#wait(leftMs).catch(() => undefined);
      if (next?.done !== false) break;
      if (next.value.type === 'usage') return this.#noted(next.value);
    }
    this.close();
    return undefined;
  }

  async #take(limitMs: number): Promise<ChatPart | undefined> {
    try {
      const next = await this.#wait(limitMs);
      return next.done ? undefined : this.#noted(next.value);
    } catch (thrown) {
      throw this.#failed(thrown, limitMs);
    }
  }

  #wait(timeoutMs: number): Promise<IteratorResult<ChatPart>> {
    const late = (cause: unknown) =>
      new AppError('upstream_timeout', `${this.#label} said nothing for ${timeoutMs / 1000} s.`, { cause });
    return within(this.#parts.next(), { timeoutMs, abort: this.#abort, late });
  }

  #noted(part: ChatPart): ChatPart {
    this.#gaveParts = true;
    if (part.type === 'text') this.#given += part.text;
    else if (part.type === 'tool_call') this.#given += (part.name ?? '') + (part.arguments ?? '');
    else if (part.type === 'usage') this.#usage = part.usage;
    else this.#finishedMs ??= performance.now();
    if (this.hasOverrun) throw new AppError('upstream_failed', `${this.#label} did not stop answering.`);
    return part;
  }

  /** @returns what to throw */
  #failed(thrown: unknown, limitMs?: number): unknown {
    const { member, model } = this.candidate;
    if (this.#options.signal.aborted) {
      this.#settle('aborted');
      return thrown;
    }
    const error = AppError.from(thrown);
    // A slow model gets more time the next time.
    if (error.code === 'upstream_timeout' && limitMs !== undefined)
      (this.#gaveParts ? this.#health.gaps : this.#health.firstTokens).add(limitMs);
    this.#settle(this.#gaveParts ? 'broken' : 'failed', error);
    this.#deps.logger.warn(
      { err: error, provider: member.provider.id, model },
      this.#gaveParts ? 'model broke off' : 'model failed to answer',
    );
    return error;
  }

  #settle(outcome: 'ok' | 'aborted' | 'broken' | 'failed', error?: AppError): void {
    if (this.#settled) return;
    this.#settled = true;
    const { member } = this.candidate;
    this.#abort.abort(new DOMException('the answer is over', 'AbortError'));
    this.#abort[Symbol.dispose]();
    this.#deps.telemetry.count('eloquence_llm_requests_total', { provider: member.provider.id, outcome });
    if (error) this.#health.failed(error);
    else if (this.#gaveParts) this.#health.breaker.succeeded();
    else this.#health.breaker.left();
    if (outcome === 'ok') this.#health.gaps.add(this.#longestGapMs);
    const wasRefused = outcome === 'failed' && error?.code !== 'upstream_timeout';
    if (!wasRefused) this.#record();
  }

  #record(): void {
    const { member, model } = this.candidate;
    const { request, caller } = this.#options;
    const usage = this.#usage ?? estimateUsage(request, this.#given);
    this.#billed = usage;
    const provider = member.provider.id;
    const count = (direction: 'in' | 'cached' | 'out', tokens: number) =>
      this.#deps.telemetry.count('eloquence_llm_tokens_total', { provider, direction }, tokens);
    try {
      this.#deps.ledger.record({ caller, provider, model, usage, estimated: this.#usage === undefined });
      count('in', usage.prompt_tokens);
      count('cached', usage.prompt_tokens_details?.cached_tokens ?? 0);
      count('out', usage.completion_tokens);
    } catch (error) {
      // Whoever asked has a good answer, counted or not.
      this.#deps.logger.error({ err: error, provider, model }, 'an answer was not counted');
    }
  }

  get #label(): string {
    return this.candidate.member.provider.engine(this.candidate.model).label;
  }
}

/** A connection cut at a chunk's end looks like an end; only a finish reason makes it one. */
function endedEarly(): AppError {
  return new AppError('upstream_failed', 'The model stopped in the middle of its answer.');
}
