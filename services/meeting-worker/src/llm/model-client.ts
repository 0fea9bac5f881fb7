import type { LlmPurpose } from '@eloquence/shared/contracts/chat';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type * as z from 'zod';

export interface ModelRequest<T> {
  readonly sessionId: SessionId;
  readonly purpose: Extract<LlmPurpose, 'summarise' | 'synthesise'>;
  readonly system: string;
  readonly user: string;
  /** Name and shape of the answer: sent as JSON schema, and what the answer is checked against. */
  readonly schemaName: string;
  readonly schema: z.ZodType<T>;
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

export interface ModelAnswer<T> {
  readonly value: T;
  /** `provider/model` that wrote it. */
  readonly model: string;
  /** Of system prompt and schema: what the writer was told, without what was said. */
  readonly promptHash: string;
}

/**
 * Asks a model through api-backend's LLM proxy. The same request of the same session is answered from Postgres.
 *
 * @throws AppError `unavailable` when nobody can write notes (no model, or a demo stand-in), `payload_too_large` when the request
 * does not fit the model's context or the answer was cut off: ask for less; else what the proxy says, `upstream_failed` for an
 * answer that is no JSON of the schema or is empty, and for a proxy that cannot be reached
 */
export interface ModelClient {
  complete<T>(request: ModelRequest<T>): Promise<ModelAnswer<T>>;
}
