import type { ChatRequest, ChatUsage, finishReasonSchema } from '@eloquence/shared/contracts/chat';
import type { Engine } from '@eloquence/shared/contracts/engine';
import type * as z from 'zod';

export type FinishReason = z.infer<typeof finishReasonSchema>;

export type ChatProviderId = 'mistral' | 'openai' | 'anthropic' | 'groq' | 'rest' | 'ollama' | 'demo';

/** A loose request's own members: with its index signature, `Omit` would lose their types. */
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

/** A request as a provider gets it. */
export interface ModelRequest extends Known<ChatRequest> {
  /** A real name at this provider. */
  readonly model: string;
  /** The same for requests that begin alike (a session's turns): lets providers keep what they have read. Opaque, no secret. */
  readonly cacheKey?: string;
  /** All of it must be read: a server that would drop what is too long refuses it instead, with `payload_too_large`. */
  readonly whole?: boolean;
  /**
   * What a model that broke off has said of this answer; only given to a provider that `continues`. It is not among the
   * messages. The answer goes on behind its last letter (a repetition of it is stripped by the caller).
   */
  readonly continueFrom?: string;
}

/** One piece of an answer, in the order a model gives them. Exactly one `finish`, last but for `usage`. */
export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'tool_call';
      /** Which call of this answer; pieces of one call share it. */
      readonly index: number;
      /** Present on the first piece only. */
      readonly id?: string;
      readonly name?: string;
      /** The next characters of the JSON text of the arguments. */
      readonly arguments?: string;
    }
  | { readonly type: 'finish'; readonly reason: FinishReason }
  | { readonly type: 'usage'; readonly usage: ChatUsage };

/**
 * The port every model sits behind. A provider only ever streams: an answer asked for in one piece is collected from its
 * parts, so that there is one path to test per vendor. Retries, time limits and failover are not its business.
 */
export interface ChatProvider {
  readonly id: ChatProviderId;
  /** Its wire can go on with an answer begun (Mistral's `prefix`); others are asked in words to go on. */
  readonly continues?: boolean;
  /** The model it uses when none is named; undefined while it has none (Ollama without models). */
  defaultModel(): string | undefined;
  /** For `/ready` and for people. @param model default: the default model */
  engine(model?: string): Engine;
  /**
   * Starts an answer.
   *
   * @throws AppError `invalid_request` (no other model would take it either), `payload_too_large`, `unknown_model`,
   *   `rate_limited`, `upstream_rejected` (key, account), `upstream_failed`, `upstream_timeout`; the signal's reason after an
   *   abort, which also closes the vendor's socket
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ChatPart>;
  /** Model names that `request.model` may hold. */
  models(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Whether it would answer now: reachable, key accepted, default model there. Costs nothing.
   *
   * @throws AppError naming the fix
   */
  check(signal: AbortSignal): Promise<void>;
}
