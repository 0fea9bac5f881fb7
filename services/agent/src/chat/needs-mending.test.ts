import { APIConnectionError, APIStatusError } from '@livekit/agents';
import { expect, test } from 'vitest';
import { needsMending } from './needs-mending.ts';

const answered = (code: string, statusCode: number) =>
  new APIStatusError({ options: { statusCode, body: { message: 'x', type: 'server_error', code } } });

test('a refused key and a quota that is used up need mending, a failure and a connection may pass', () => {
  expect(needsMending(answered('upstream_rejected', 502))).toBe(true);
  expect(needsMending(answered('quota_exceeded', 429))).toBe(true);
  expect(needsMending(answered('upstream_failed', 502))).toBe(false);
  expect(needsMending(answered('rate_limited', 429))).toBe(false);
  expect(needsMending(answered('never heard of', 500))).toBe(false);
  expect(needsMending(new APIConnectionError({}))).toBe(false);
});
