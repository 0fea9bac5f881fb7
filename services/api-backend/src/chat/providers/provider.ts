import type { ChatRequest, ChatUsage, finishReasonSchema } from '@eloquence/shared/contracts/chat';
import type { Engine } from '@eloquence/shared/contracts/engine';
import type * as z from 'zod';

export type FinishReason = z.infer<typeof finishReasonSchema>;

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
 * parts, so that there is one path to test per vendor.
 */
export interface ChatProvider {
  readonly id: 'mistral' | 'openai' | 'ollama' | 'demo';
  engine(): Engine;
  /**
   * Starts an answer. `request.model` is resolved to a real name inside (`talk` = the configured one).
   *
   * @throws AppError `upstream_failed`, `upstream_rejected`, `upstream_timeout`, `rate_limited`, `unknown_model`; the
   *   signal's reason after an abort, which also closes the vendor's socket
   */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatPart>;
  /** Model names that `request.model` may hold. */
  models(signal: AbortSignal): Promise<readonly string[]>;
}
