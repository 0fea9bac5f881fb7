import type { ChatRequest } from '@eloquence/shared/contracts/chat';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { within } from '@eloquence/shared/runtime/within';
import type { ChatPart, ChatProvider } from './providers/provider.ts';
import { MODEL_ALIAS, ProviderChoice } from './providers/provider-choice.ts';
import type { ChatSettings } from './settings.ts';

/** An answer whose first part has come. */
export interface ChatAnswer {
  readonly provider: ChatProvider;
  /** Ends after `finish` (and `usage`, if the provider gives it); throws when the provider breaks off before. */
  readonly parts: AsyncIterable<ChatPart>;
  /** Closes the provider's socket; more than one call does no harm. */
  readonly close: () => void;
}

export interface ChatServiceDeps {
  readonly settings: ChatSettings;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** Asks the chosen model, within time limits, and counts. */
export class ChatService {
  readonly #settings: ChatSettings;
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  readonly #choice: ProviderChoice;

  constructor({ settings, telemetry, logger }: ChatServiceDeps) {
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#logger = logger;
    this.#choice = new ProviderChoice(settings, logger);
  }

  /** The model in use, for `/ready`. */
  engine(): Engine {
    return this.#choice.current().engine();
  }

  /** Looks for a local model; to be awaited before the first request. */
  start(): Promise<void> {
    return this.#choice.probe();
  }

  /** Model names a request may use. */
  models(signal: AbortSignal): Promise<readonly string[]> {
    return this.#choice.current().models(signal);
  }

  /**
   * Asks, and waits for the first part.
   *
   * @throws AppError `upstream_timeout` when there is none in time, otherwise as `ChatProvider.stream`
   */
  async open(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const provider = this.#choice.current();
    const startedAtMs = performance.now();
    const abort = new ChildAbort(signal);
    const close = () => {
      abort.abort(new DOMException('the answer is over', 'AbortError'));
      abort[Symbol.dispose]();
    };
    const model = request.model === MODEL_ALIAS ? (provider.defaultModel() ?? MODEL_ALIAS) : request.model;
    const parts = provider.stream({ ...request, model }, abort.signal)[Symbol.asyncIterator]();
    try {
      const first = await partWithin(parts.next(), this.#settings.firstTokenTimeoutMs, abort);
      if (first.done) throw endedEarly();
      const seconds = (performance.now() - startedAtMs) / 1000;
      this.#telemetry.observe('eloquence_llm_ttft_seconds', { provider: provider.id }, seconds);
      return { provider, parts: this.#parts({ provider, abort, parts, first: first.value }, close), close };
    } catch (error) {
      close();
      this.#fail(provider, error, signal.aborted ? 'aborted' : 'failed');
      throw error;
    }
  }

  async *#parts(opened: Opened, close: () => void): AsyncGenerator<ChatPart> {
    const { provider, abort, parts, first } = opened;
    let outcome = 'aborted';
    let isFinished = false;
    try {
      for (let part = first; ;) {
        isFinished ||= part.type === 'finish';
        if (part.type === 'usage') this.#countTokens(provider, part.usage);
        yield part;
        const next = await partWithin(parts.next(), this.#settings.idleTimeoutMs, abort);
        if (next.done) break;
        part = next.value;
      }
      if (!isFinished) throw endedEarly();
      outcome = 'ok';
    } catch (error) {
      const byCaller = abort.signal.aborted && !(error instanceof AppError);
      if (!byCaller) outcome = 'broken';
      if (!byCaller) this.#logger.warn({ err: error, provider: provider.id }, 'model broke off');
      throw error;
    } finally {
      this.#telemetry.count('eloquence_llm_requests_total', { provider: provider.id, outcome });
      close();
    }
  }

  #countTokens({ id }: ChatProvider, usage: { prompt_tokens: number; completion_tokens: number }): void {
    this.#telemetry.count('eloquence_llm_tokens_total', { provider: id, direction: 'in' }, usage.prompt_tokens);
    this.#telemetry.count('eloquence_llm_tokens_total', { provider: id, direction: 'out' }, usage.completion_tokens);
  }

  #fail(provider: ChatProvider, error: unknown, outcome: 'aborted' | 'failed'): void {
    this.#telemetry.count('eloquence_llm_requests_total', { provider: provider.id, outcome });
    if (outcome === 'failed') this.#logger.warn({ err: error, provider: provider.id }, 'model failed to answer');
  }
}

interface Opened {
  readonly provider: ChatProvider;
  readonly abort: ChildAbort;
  readonly parts: AsyncIterator<ChatPart>;
  readonly first: ChatPart;
}

function partWithin<T>(pending: Promise<T>, timeoutMs: number, abort: ChildAbort): Promise<T> {
  const late = (cause: unknown) =>
    new AppError('upstream_timeout', `The model said nothing for ${timeoutMs / 1000} s.`, { cause });
  return within(pending, { timeoutMs, abort, late });
}

/** A connection cut at a chunk's end looks like an end; only a finish reason makes it one. */
function endedEarly(): AppError {
  return new AppError('upstream_failed', 'The model stopped in the middle of its answer.');
}
