import { describe, expect, test } from 'vitest';
import { errorCodes, problemSchema, type ErrorCode } from '../contracts/errors.ts';
import { AppError, isAbort, toProblem } from './errors.ts';

describe.each(Object.keys(errorCodes) as ErrorCode[])('the code %s', (code) => {
  test('becomes a problem body of the contract with its own status, fault and retryability', () => {
    const problem = toProblem(new AppError(code, 'A sentence.'), 'request-1');
    expect(problemSchema.parse(problem)).toEqual(problem);
    expect(problem).toMatchObject({ ...errorCodes[code], code, detail: 'A sentence.', request_id: 'request-1' });
    expect(problem.type.endsWith(`/${code}`)).toBe(true);
  });

  test('blames the caller exactly when its status is a 4xx', () => {
    const { status, fault } = errorCodes[code];
    expect(fault === 'caller').toBe(status < 500);
  });
});

test('what a caller may want to know goes along: issues and when to come back', () => {
  const issues = [{ path: 'body.user_id', message: 'is missing' }];
  expect(toProblem(new AppError('overloaded', 'Full.', { issues, retryAfterS: 2 }))).toMatchObject({
    issues,
    retry_after_s: 2,
  });
});

test('the body also has the shape OpenAI clients read, with their name for whose fault it is', () => {
  expect(toProblem(new AppError('unknown_model', 'No such model.')).error).toEqual({
    message: 'No such model.',
    type: 'invalid_request_error',
    code: 'unknown_model',
    param: null,
  });
  expect(toProblem(new AppError('internal', 'Ours.')).error?.type).toBe('server_error');
  for (const code of ['rate_limited', 'quota_exceeded'] as const)
    expect(toProblem(new AppError(code, 'Later.')).error?.type).toBe('rate_limit_error');
});

test('a thrown value that is no AppError becomes internal and tells nothing of itself', () => {
  const cause = new Error('password=hunter2');
  const error = AppError.from(cause);
  expect(error.code).toBe('internal');
  expect(error.cause).toBe(cause);
  expect(JSON.stringify(toProblem(error))).not.toContain('hunter2');
  expect(AppError.from(error)).toBe(error);
  expect(AppError.from('text').code).toBe('internal');
});

test('aborts and timeouts of signals are recognised, other errors are not', async () => {
  expect(isAbort(AbortSignal.abort().reason)).toBe(true);
  const timeout = AbortSignal.timeout(1);
  await new Promise((resolve) => timeout.addEventListener('abort', resolve));
  expect(isAbort(timeout.reason)).toBe(true);
  expect(isAbort(new Error('other'))).toBe(false);
  expect(isAbort('AbortError')).toBe(false);
});
