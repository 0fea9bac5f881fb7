import { createHash } from 'node:crypto';
import { chatCompletionSchema, SESSION_HEADER } from '@eloquence/shared/contracts/chat';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import type { AnswerStore, KeptAnswer } from './answer-store.ts';
import type { RequestClaims } from './request-claims.ts';
import type { ModelAnswer, ModelClient, ModelRequest } from './model-client.ts';
import { readJson } from './read-json.ts';

export interface HttpModelClientOptions {
  /** Of api-backend. */
  readonly url: string;
  readonly key: string;
  readonly answers: AnswerStore;
  readonly claims: RequestClaims;
  /** Longest time for one answer, ms. */
  readonly timeoutMs?: number;
}

/** A job has three minutes. */
const TIMEOUT_MS = 150_000;

/** Asks api-backend's `/v1/chat/completions`. What a model costs is counted there. */
export class HttpModelClient implements ModelClient {
  readonly #options: HttpModelClientOptions;

  constructor(options: HttpModelClientOptions) {
    this.#options = options;
  }

  async complete<T>(request: ModelRequest<T>): Promise<ModelAnswer<T>> {
    const { answers, claims } = this.#options;
    const { sessionId, schema } = request;
    const body = bodyOf(request);
    const requestHash = sha256(JSON.stringify(body));
    const promptHash = sha256(JSON.stringify([request.system, body.response_format]));
    const find = async (): Promise<ModelAnswer<T> | undefined> => {
      const kept = await answers.find(sessionId, requestHash);
      const known = kept && parse(kept.content, schema);
      return known && { value: known.value, model: kept.model, promptHash };
    };
    const known = await find();
    if (known) return known;
    await using _ = await claims.claim(sessionId, requestHash, request.signal);
    // Whoever had the claim before may have the answer now.
    const meanwhile = await find();
    if (meanwhile) return meanwhile;
    const answer = await this.#ask(request, body);
    const read = parse(answer.content, schema);
    if (!read) throw new AppError('upstream_failed', 'The model gave no answer of the shape that was asked for.');
    await answers.keep(sessionId, requestHash, answer);
    return { value: read.value, model: answer.model, promptHash };
  }

  async #ask<T>(request: ModelRequest<T>, body: object): Promise<KeptAnswer> {
    const { url, key, timeoutMs = TIMEOUT_MS } = this.#options;
    using abort = new ChildAbort(request.signal, { timeoutMs });
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${key}`,
          [SESSION_HEADER]: request.sessionId,
        },
        body: JSON.stringify(body),
        signal: abort.signal,
        redirect: 'error',
      });
      answer = await response.json();
    } catch (error) {
      request.signal.throwIfAborted();
      if (isAbort(error))
        throw new AppError('upstream_timeout', `api-backend gave no answer within ${timeoutMs / 1000} s.`, {
          cause: error,
        });
      throw new AppError('upstream_failed', 'api-backend cannot be reached, or its answer broke off.', {
        cause: error,
      });
    }
    if (!response.ok) throw problemOf(answer, response.status);
    return contentOf(answer);
  }
}

function bodyOf<T>({ purpose, system, user, schemaName, schema, maxTokens }: ModelRequest<T>) {
  return {
    model: purpose,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    temperature: 0,
    max_tokens: maxTokens,
    response_format: {
      type: 'json_schema',
      json_schema: { name: schemaName, strict: true, schema: jsonSchemaOf(schema) },
    },
  };
}

const UNKNOWN_TO_STRICT = new Set(['minimum', 'maximum', '$schema']);

/** Strict structured output wants every member required and no other, and knows no bounds of numbers. */
function jsonSchemaOf(schema: z.ZodType): unknown {
  const whole = JSON.stringify(z.toJSONSchema(schema), (key, value: unknown) =>
    UNKNOWN_TO_STRICT.has(key) ? undefined : value,
  );
  return JSON.parse(whole);
}

/** Undefined for what is no JSON of the schema. */
function parse<T>(content: string, schema: z.ZodType<T>): { readonly value: T } | undefined {
  try {
    const read = schema.safeParse(readJson(content));
    return read.success ? { value: read.data } : undefined;
  } catch {
    return undefined;
  }
}

function contentOf(body: unknown): KeptAnswer {
  const completion = chatCompletionSchema.safeParse(body);
  const choice = completion.data?.choices[0];
  if (!completion.success || !choice)
    throw new AppError('upstream_failed', 'api-backend gave an answer of an unknown shape.');
  // Half of the notes would be missing without anybody knowing.
  if (choice.finish_reason === 'length')
    throw new AppError('payload_too_large', 'The answer would be longer than the model may write. Ask about less.');
  const content = choice.message.content?.toWellFormed().replaceAll('\0', '').trim() ?? '';
  if (content === '' || choice.finish_reason !== 'stop')
    throw new AppError('upstream_failed', `The model gave no answer (${choice.finish_reason}).`);
  return { content, model: completion.data.model };
}

/**
 * What the proxy says. It answers `unavailable` for two things: nobody can write notes (no model), and not just now (it is being
 * stopped, a part of it is away), which it gives a time for.
 */
function problemOf(body: unknown, status: number): AppError {
  const problem = problemSchema.safeParse(body).data;
  if (!problem)
    return new AppError(status >= 500 ? 'upstream_failed' : 'upstream_rejected', `api-backend answered ${status}.`);
  const { detail, code, retry_after_s: retryAfterS } = problem;
  const isPassing = code === 'unavailable' && retryAfterS !== undefined;
  return new AppError(isPassing ? 'upstream_failed' : code, detail, {
    ...(retryAfterS !== undefined && { retryAfterS }),
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
