import { createHash } from 'node:crypto';
import type { ChatRequest } from '@eloquence/shared/contracts/chat';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { ChatProvider } from './providers/provider.ts';
import { Answer } from './routing/answer.ts';
import { ModelDirectory, type NamedModel } from './routing/model-directory.ts';
import { ModelPool, nameOf } from './routing/model-pool.ts';
import { RetryBudgets } from './routing/retry-budget.ts';
import type { RoutingSettings } from './routing/routing-settings.ts';
import { textOf } from './routing/token-estimate.ts';
import type { ChatSettings } from './settings.ts';
import type { ChatCaller, Ledger } from './usage/ledger.ts';

export interface ChatServiceDeps {
  readonly settings: ChatSettings;
  readonly routing: RoutingSettings;
  /** Best first. */
  readonly providers: readonly ChatProvider[];
  readonly ledger: Ledger;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Test seam: ms before a provider that is away is looked for again. */
  readonly firstProbeMs?: number;
}

/** An answer whose first part has come. */
export interface OpenAnswer {
  readonly answer: Answer;
  /** The name the answer's `model` member holds: the one asked for, or for a purpose that of the model that answers. */
  readonly model: string;
}

/** An Ollama on this machine answers in a few milliseconds. */
const FIND_MS = 1_000;
/** Seconds until another process, or this one anew, may answer. */
const RESTART_S = 2;
/** Digits of a digest that tells requests with one beginning from others. */
const CACHE_KEY_DIGITS = 32;

/** Asks the models that a name stands for, on somebody's account. */
export class ChatService {
  readonly #deps: ChatServiceDeps;
  readonly #pool: ModelPool;
  readonly #directory: ModelDirectory;
  readonly #budgets = new RetryBudgets();
  readonly #running = new Set<Answer>();
  #stopped: AppError | undefined;

  /** @throws ConfigError when a purpose names a model that cannot be had */
  constructor(deps: ChatServiceDeps) {
    this.#deps = deps;
    this.#pool = new ModelPool({ ...deps, provider: deps.settings.provider });
    this.#directory = new ModelDirectory(this.#pool, deps.routing.listMs);
    this.#countFromZero();
  }

  /**
   * Asks every provider whether it would answer; `/ready` waits for that. To be awaited before the first request: where only
   * Ollama can save the caller from the demo coach, it is given a moment to say that it is there.
   */
  async start(): Promise<void> {
    const checked = this.#pool.start();
    if (this.#pool.hasModel) return;
    const enough = new AbortController();
    await Promise.race([checked, delay(FIND_MS, enough.signal)]);
    enough.abort();
  }

  /** Ends every answer that is still being written with an error that says why, and gives no more. */
  stop(): void {
    this.#stopped ??= new AppError('unavailable', 'The service is being stopped. Ask again in a moment.', {
      retryAfterS: RESTART_S,
    });
    for (const answer of this.#running) answer.stop(this.#stopped);
  }

  /** Lets go of everything. Behind it nothing is put on anybody's account any more. */
  close(): void {
    this.stop();
    for (const answer of this.#running) answer.close();
    this.#pool.close();
  }

  /** Who answers, for `/ready` and for people. */
  engine(): Engine {
    return this.#pool.engine();
  }

  /**
   * Who answers, who is spare and who is away.
   *
   * @throws AppError when nobody would answer
   */
  summary(): Promise<string> {
    return this.#pool.summary();
  }

  /** Names a request may use. */
  models(signal: AbortSignal): Promise<readonly NamedModel[]> {
    return this.#directory.list(signal);
  }

  /** What a name is asked for. */
  purposeOf(model: string): ChatCaller['purpose'] {
    return this.#directory.purposeOf(model);
  }

  /**
   * Asks, and waits for the first part.
   *
   * @throws AppError as the ledger's `admit`, `unknown_model`, or that of the first model asked
   */
  async open(request: ChatRequest, caller: ChatCaller, signal: AbortSignal): Promise<OpenAnswer> {
    await this.#deps.ledger.admit(caller, signal);
    const choice = await this.#directory.resolve(request.model, signal);
    if (this.#stopped) throw this.#stopped;
    const { limits, answerMs } = this.#deps.routing;
    const cacheKey = cacheKeyOf(request, caller);
    const answer = new Answer(
      { ...this.#deps, budget: this.#budgets.of(caller.tenant), running: this.#running },
      { request, choice, caller, limits: limits[choice.purpose], answerMs, signal, ...(cacheKey && { cacheKey }) },
    );
    await answer.open();
    if (signal.aborted) {
      // The caller left just as it came: nobody will read it.
      answer.close();
      throw signal.reason;
    }
    return { answer, model: choice.exact ? request.model : nameOf(answer.candidate) };
  }

  /** A counter that is not there yet has no rate. */
  #countFromZero(): void {
    const { telemetry } = this.#deps;
    const ids = this.#pool.members.map(({ provider }) => provider.id).filter((id) => id !== 'demo');
    for (const from of ids)
      for (const to of ids)
        for (const stage of ['start', 'middle'])
          if (from !== to) telemetry.count('eloquence_llm_failovers_total', { from, to, stage }, 0);
  }
}

/** The same for a session's turns, else for requests of one tenant with the same instructions. */
function cacheKeyOf({ messages: [first] }: ChatRequest, { sessionId, tenant }: ChatCaller): string | undefined {
  const isSystem = first?.role === 'system' || first?.role === 'developer';
  const shared = sessionId ?? (isSystem ? textOf(first.content) : undefined);
  if (shared === undefined) return undefined;
  return createHash('sha256').update(`${tenant}\n${shared}`).digest('hex').slice(0, CACHE_KEY_DIGITS);
}
