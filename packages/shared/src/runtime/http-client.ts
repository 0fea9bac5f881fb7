import type * as z from 'zod';
import { problemSchema } from '../contracts/errors.ts';
import { ChildAbort } from './abort.ts';
import { AppError, isAbort } from './errors.ts';

export interface JsonRequest<S extends z.ZodType> {
  readonly url: string;
  /** Who is called, for messages: "api-backend". */
  readonly peer: string;
  readonly schema: S;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * One JSON call to a peer service: deadline, key, schema-checked answer.
 *
 * @throws AppError `upstream_timeout`, `upstream_failed` (network, 5xx, answer not of the schema) or the peer's own code on 4xx
 */
export async function requestJson<S extends z.ZodType>(request: JsonRequest<S>): Promise<z.infer<S>> {
  const { url, peer, schema, method = 'GET', body, key, timeoutMs = 5_000 } = request;
  using abort = new ChildAbort(request.signal, { timeoutMs });
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key && { authorization: `Bearer ${key}` }),
        ...request.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: abort.signal,
      redirect: 'error',
    });
    status = response.status;
    answer = await response.json().catch(() => undefined);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    if (isAbort(error))
      throw new AppError('upstream_timeout', `${peer} did not answer within ${timeoutMs} ms.`, { cause: error });
    throw new AppError('upstream_failed', `${peer} cannot be reached.`, { cause: error });
  }
  if (status >= 400) throw problemToError(answer, status, peer);
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new AppError('upstream_failed', `${peer} gave an answer of an unknown shape.`, { cause: parsed.error });
}

function problemToError(answer: unknown, status: number, peer: string): AppError {
  const problem = problemSchema.safeParse(answer);
  if (problem.success) return new AppError(problem.data.code, problem.data.detail);
  return new AppError(status >= 500 ? 'upstream_failed' : 'upstream_rejected', `${peer} answered ${status}.`);
}
