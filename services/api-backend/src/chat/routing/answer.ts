import type { ChatRequest } from '@eloquence/shared/contracts/chat';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatPart, ModelRequest } from '../providers/provider.ts';
import type { ChatCaller } from '../usage/ledger.ts';
import { canBeContinued, continuationRequest } from './continuation.ts';
import { Joint } from './joint.ts';
import { ModelCall, type ModelCallDeps } from './model-call.ts';
import type { ModelChoice } from './model-directory.ts';
import { isOfRequest, type ModelHealth } from './model-health.ts';
import { nameOf, type Candidate } from './model-pool.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { PurposeLimits } from './routing-settings.ts';
import { sumUsage } from './token-estimate.ts';

/** What was measured counts this much: twice the usual slowest is no accident any more. */
const PATIENCE_FACTOR = 2;
/** The first model asked to go on gets at least that long, ms, however long the one before was waited for. */
const LEAST_TO_GO_ON_MS = 1_000;

export interface AnswerDeps extends ModelCallDeps {
  /** The caller's. */
  readonly budget: RetryBudget;
  /** Answers that are not over yet: each adds itself, and takes itself out. */
  readonly running: Set<Answer>;
}

export interface AnswerOptions {
  readonly request: ChatRequest;
  readonly choice: ModelChoice;
  readonly caller: ChatCaller;
  readonly limits: PurposeLimits;
  /** Longest the whole answer may take, ms. */
  readonly answerMs: number;
  readonly cacheKey?: string;
  readonly signal: AbortSignal;
}

/** How models are asked: one after the other, each with its request and its time. */
interface Asking {
  readonly stage: 'start' | 'middle';
  readonly request: (candidate: Candidate) => ModelRequest;
  /** Called before the candidate is asked; 0 or less = too late to ask anybody. */
  readonly limitMs: (candidate: Candidate) => number;
}

interface Failure {
  readonly candidate: Candidate;
  readonly error: AppError;
}

/** One answer, by as many models as it takes: the next is asked when one fails or hangs, before its first token or after. */
export class Answer {
  readonly #deps: AnswerDeps;
  readonly #options: AnswerOptions;
  readonly #abort: ChildAbort;
  readonly #calls: ModelCall[] = [];
  readonly #failures: Failure[] = [];
  /** Nobody was able at the start, so those that are away are asked too: there is nothing to lose. */
  readonly #desperate: boolean;
  #said = '';
  #gaveTools = false;
  #stopped: AppError | undefined;
  #first: ChatPart | undefined;
  /** When the caller was ready for the next part. */
  #heardMs = 0;

  constructor(deps: AnswerDeps, options: AnswerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#abort = new ChildAbort(options.signal, { timeoutMs: options.answerMs });
    this.#desperate = !options.choice.candidates.some(isAble);
    deps.budget.earn();
    deps.running.add(this);
  }

  /** Who answers now. */
  get candidate(): Candidate {
    return this.#call.candidate;
  }

  /** Closes the socket of whoever answers; more than once does no harm. */
  close(): void {
    this.#calls.at(-1)?.close();
    this.#abort[Symbol.dispose]();
    this.#deps.running.delete(this);
  }

  /** Breaks the answer off: whoever waits for it gets that error. */
  stop(error: AppError): void {
    this.#stopped ??= error;
    this.#abort.abort(error);
  }

  /**
   * Asks, and waits for the first part.
   *
   * @throws AppError of the first model asked, with what became of the others; the signal's reason after an abort
   */
  async open(): Promise<void> {
    try {
      await this.#begin('start');
    } catch (error) {
      this.close();
      throw this.#toThrow(error);
    }
  }

  /**
   * The parts of an answer that is passed on as it comes: exactly one `finish`, then one `usage`. A model that breaks off
   * in mid-answer is followed by the next, which goes on where it stopped.
   *
   * @throws AppError when nobody can go on
   */
  async *stream(): AsyncGenerator<ChatPart> {
    try {
      let joint: Joint | undefined;
      for (;;) {
        try {
          yield* this.#relay(joint);
          break;
        } catch (error) {
          joint = await this.#goOn(error);
        }
      }
      yield { type: 'usage', usage: this.#usage };
    } catch (error) {
      throw this.#toThrow(error);
    } finally {
      this.close();
    }
  }

  /**
   * The whole answer of one model: when that breaks off the next begins anew, for nobody has heard anything.
   *
   * @throws AppError when none gives a whole answer
   */
  async collect(): Promise<readonly ChatPart[]> {
    try {
      for (;;) {
        const parts: ChatPart[] = [];
        try {
          for await (const part of this.#relay(undefined)) parts.push(part);
          return [...parts, { type: 'usage', usage: this.#usage }];
        } catch (error) {
          this.#remember(error);
          this.#said = '';
          this.#gaveTools = false;
          await this.#begin('middle');
        }
      }
    } catch (error) {
      throw this.#toThrow(error);
    } finally {
      this.close();
    }
  }

  /** The current model's parts from its first on, without what repeats what was said. */
  async *#relay(joint: Joint | undefined): AsyncGenerator<ChatPart> {
    let part = this.#first;
    while (part) {
      if (part.type === 'text') {
        const text = joint ? joint.push(part.text) : part.text;
        this.#said += text;
        if (text !== '') yield text === part.text ? part : { type: 'text', text };
      } else if (part.type !== 'usage') {
        this.#gaveTools ||= part.type === 'tool_call';
        const held = joint?.end() ?? '';
        this.#said += held;
        if (held !== '') yield { type: 'text', text: held };
        yield part;
      }
      this.#heardMs = performance.now();
      part = await this.#call.next(this.#idleMs());
    }
  }

  /** Hands the answer over. @returns what joins its halves; throws the error where nobody can go on */
  async #goOn(error: unknown): Promise<Joint | undefined> {
    this.#remember(error);
    const { request } = this.#options;
    if (this.#gaveTools || this.#call.hasOverrun || (this.#said !== '' && !canBeContinued(request))) throw error;
    if (this.#said === '') {
      await this.#begin('start');
      return undefined;
    }
    const said = this.#said;
    const before = this.#calls.length;
    await this.#ask({
      stage: 'middle',
      request: (candidate) => continuationRequest(this.#request(candidate), said, goesOnAlone(candidate)),
      limitMs: () => this.#goOnMs(this.#calls.length === before),
    });
    return new Joint(said, { exact: goesOnAlone(this.candidate) });
  }

  /** Asks for the answer from its beginning. */
  #begin(stage: Asking['stage']): Promise<void> {
    const request = (candidate: Candidate) => this.#request(candidate);
    return this.#ask({ stage, request, limitMs: (candidate) => this.#firstTokenMs(candidate) });
  }

  /** Asks one after the other until there is a first part. */
  async #ask({ stage, request, limitMs }: Asking): Promise<void> {
    for (;;) {
      const candidate = this.#next();
      const limit = candidate ? limitMs(candidate) : 0;
      if (!candidate || limit <= 0 || !this.#pay()) throw this.#failures[0]?.error ?? this.#nobody();
      const { caller } = this.#options;
      const call = new ModelCall(this.#deps, {
        candidate,
        request: request(candidate),
        caller,
        signal: this.#abort.signal,
      });
      const before = this.#calls.at(-1);
      this.#calls.push(call);
      try {
        this.#first = await call.first(limit);
        if (before) this.#countFailover(before.candidate, candidate, stage);
        return;
      } catch (error) {
        this.#remember(error);
      }
    }
  }

  /**
   * Remembers a failure, whatever it is: what one model refuses as senseless is mostly a member of the request that only it does
   * not know. @throws it when nobody waits any more
   */
  #remember(thrown: unknown): void {
    if (this.#abort.signal.aborted) throw thrown;
    this.#failures.push({ candidate: this.candidate, error: AppError.from(thrown) });
  }

  /** What a model refuses at once as the request's fault costs nobody anything, so the next may be asked for nothing. */
  #pay(): boolean {
    const last = this.#failures.at(-1);
    if (this.#calls.length === 0 || (last && isOfRequest(last.error))) return true;
    return this.#deps.budget.spend();
  }

  /** The next model that nobody has asked for this answer. */
  #next(besides?: Candidate): Candidate | undefined {
    const isLeft = (one: Candidate) => one !== besides && !this.#calls.some(({ candidate }) => candidate === one);
    const left = this.#options.choice.candidates.filter(isLeft);
    const able = left.find(isAble);
    return able ?? (this.#desperate ? left.find((one) => healthOf(one).toldToWaitMs === 0) : undefined);
  }

  /** Another could take over, and there is a call left for it. */
  #isReplaceable(candidate: Candidate): boolean {
    return this.#next(candidate) !== undefined && this.#deps.budget.allows;
  }

  #firstTokenMs(candidate: Candidate): number {
    const { firstTokenMs, aloneFirstTokenMs } = this.#options.limits;
    if (!this.#isReplaceable(candidate)) return aloneFirstTokenMs;
    const usual = healthOf(candidate).firstTokens.p95 * PATIENCE_FACTOR;
    return Math.min(aloneFirstTokenMs, Math.max(firstTokenMs, usual));
  }

  #idleMs(): number {
    const { idleMs, aloneIdleMs, gapMs } = this.#options.limits;
    const canGoOn = this.#options.request.stream && !this.#gaveTools && canBeContinued(this.#options.request);
    if (!canGoOn || !this.#isReplaceable(this.candidate)) return aloneIdleMs;
    const usual = healthOf(this.candidate).gaps.p95 * PATIENCE_FACTOR;
    return Math.min(Math.max(idleMs, usual), Math.max(idleMs, gapMs - LEAST_TO_GO_ON_MS));
  }

  /** What is left of the longest gap a caller may hear. */
  #goOnMs(isFirst: boolean): number {
    const leftMs = this.#options.limits.gapMs - (performance.now() - this.#heardMs);
    return isFirst ? Math.max(LEAST_TO_GO_ON_MS, leftMs) : leftMs;
  }

  #request({ model }: Candidate): ModelRequest {
    const { request, cacheKey, caller } = this.#options;
    // Who talks for long is answered by what was said last; notes of half a meeting would be wrong.
    const whole = caller.purpose !== 'talk';
    return { ...request, model, ...(cacheKey && { cacheKey }), ...(whole && { whole }) };
  }

  get #usage() {
    return sumUsage(this.#calls.flatMap(({ usage }) => usage ?? []));
  }

  get #call(): ModelCall {
    const call = this.#calls.at(-1);
    if (!call) throw new Error('nobody has been asked yet');
    return call;
  }

  #countFailover(from: Candidate, to: Candidate, stage: Asking['stage']): void {
    const labels = { from: from.member.provider.id, to: to.member.provider.id, stage };
    this.#deps.telemetry.count('eloquence_llm_failovers_total', labels);
    this.#deps.logger.warn({ from: nameOf(from), to: nameOf(to), stage }, 'another model answers');
  }

  /** Everybody is away and has said until when. */
  #nobody(): AppError {
    const waits = this.#options.choice.candidates.map((one) => healthOf(one).toldToWaitMs);
    const [first] = this.#options.choice.candidates;
    const reason = (first && faultOf(first)?.message) ?? 'No model may be asked now.';
    return new AppError('rate_limited', reason, { retryAfterS: Math.min(...waits) / 1000 });
  }

  /** The first model's error, with what became of the others; the caller's own abort as it is. */
  #toThrow(thrown: unknown): unknown {
    if (this.#options.signal.aborted) return thrown;
    if (this.#stopped) return this.#stopped;
    if (this.#abort.signal.aborted)
      return new AppError('upstream_timeout', `The answer took longer than ${this.#options.answerMs / 1000} s.`);
    const first = this.#failures[0];
    if (!first || thrown !== first.error) return thrown;
    const tried = this.#failures.slice(1).map(({ error }) => error.message);
    const away = this.#options.choice.candidates
      .filter((one) => !this.#calls.some(({ candidate }) => candidate === one))
      .flatMap((one) => {
        const fault = faultOf(one);
        return fault ? [`${nameOf(one)} is away: ${fault.message}`] : [];
      });
    if (tried.length + away.length === 0) return first.error;
    const { code, message, retryAfterS } = first.error;
    return new AppError(code, [message, ...tried, ...away].join(' '), {
      cause: first.error,
      ...(retryAfterS !== undefined && { retryAfterS }),
    });
  }
}

const goesOnAlone = ({ member }: Candidate): boolean => member.provider.continues === true;
const healthOf = ({ member, model }: Candidate): ModelHealth => member.health(model);
const isAble = (candidate: Candidate): boolean => healthOf(candidate).breaker.able;
const faultOf = (candidate: Candidate): AppError | undefined => healthOf(candidate).breaker.fault;
