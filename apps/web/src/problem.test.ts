import { describe, expect, it } from 'vitest';
import { ApiError } from './api/api-error.ts';
import { problemOf } from './api/client.ts';
import { micFailureOf, problemOfError } from './problem.ts';

const failure = (code: string, retryAfterS: number | null = null) =>
  new ApiError({ status: 503, code, retryAfterS, message: 'x' });

describe('problemOfError', () => {
  it.each([
    ['unreachable', 'problem.unreachable'],
    ['unauthorized', 'problem.unauthorized'],
    ['unknown_scenario', 'problem.unknown_scenario'],
    ['internal', 'problem.unexpected'],
    ['a_code_of_next_year', 'problem.unexpected'],
  ] as const)('says %s as %s and waits for the person', (code, key) => {
    expect(problemOfError(failure(code))).toEqual({ key, retryInS: null });
  });

  it('counts down the seconds a full server asks for, and five when it names none', () => {
    expect(problemOfError(failure('overloaded', 7.2))).toEqual({ key: 'problem.busy', retryInS: 8 });
    expect(problemOfError(failure('overloaded'))).toEqual({ key: 'problem.busy', retryInS: 5 });
    expect(problemOfError(failure('overloaded', 0))).toEqual({ key: 'problem.busy', retryInS: 1 });
  });

  it('does not show a program error as a server error of another kind', () => {
    expect(problemOfError(new TypeError('x')).key).toBe('problem.unexpected');
  });
});

describe('problemOf', () => {
  it('reads a problem body and its retry', async () => {
    const body = { type: 'about:blank', title: 'x', status: 503, detail: 'Full', code: 'overloaded', retry_after_s: 9 };
    const error = await problemOf(Response.json(body, { status: 503, headers: { 'retry-after': '30' } }));
    expect(error).toMatchObject({ code: 'overloaded', retryAfterS: 9, status: 503, message: 'Full' });
  });

  it('takes the Retry-After header when the body names no time', async () => {
    const body = { detail: 'Full', code: 'overloaded' };
    const error = await problemOf(Response.json(body, { status: 503, headers: { 'retry-after': '30' } }));
    expect(error.retryAfterS).toBe(30);
  });

  it('calls the page of a proxy unexpected, and any 401 unauthorized', async () => {
    expect((await problemOf(new Response('<html>', { status: 502 }))).code).toBe('unexpected');
    expect((await problemOf(new Response('', { status: 401 }))).code).toBe('unauthorized');
  });
});

describe('micFailureOf', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'none'],
    ['NotReadableError', 'in_use'],
    ['TypeError', 'mic_other'],
  ] as const)('%s means %s', (name, failureKind) => {
    expect(micFailureOf(new DOMException('x', name))).toBe(failureKind);
  });
});
