import { describe, expect, it } from 'vitest';
import { statusError } from './upstream-error.ts';

const at = (fault: Partial<Parameters<typeof statusError>[0]>) =>
  statusError({ peer: 'OpenAI', settings: 'OPENAI_API_KEY', ...fault });

describe('a vendor’s refusal as our error', () => {
  it('reads the names of errors that come inside a stream', () => {
    expect(at({ codes: [null, 'overloaded_error'] })).toMatchObject({ code: 'upstream_failed', retryable: true });
    expect(at({ codes: ['rate_limit_error'] }).code).toBe('rate_limited');
    expect(at({ codes: [400, 'BadRequestError'] }).code).toBe('invalid_request');
    expect(at({ codes: ['never heard of'] }).code).toBe('upstream_failed');
    expect(at({}).code).toBe('upstream_failed');
  });

  it('never asks again where money is missing', () => {
    for (const code of ['insufficient_quota', 'billing_error', 'enforced_spend_limit_reached'])
      expect(at({ status: 429, codes: [code] })).toMatchObject({ code: 'upstream_rejected', retryable: false });
    expect(at({ status: 402 }).message).toContain('Check its billing');
  });

  it('blames the caller for a conversation that is too long', () => {
    const texts = [
      "This model's maximum context length is 8192 tokens.",
      'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
      'prompt is too long: 210000 tokens > 200000 maximum',
    ];
    for (const text of texts) expect(at({ status: 400, text })).toMatchObject({ code: 'payload_too_large' });
    expect(at({ status: 400, codes: ['context_length_exceeded'] }).fault).toBe('caller');
    expect(at({ status: 500, text: texts[0] }).code).toBe('upstream_failed');
  });

  it('names a content filter, the settings of a key, and an overload', () => {
    expect(at({ status: 400, codes: ['content_filter'] }).message).toContain('content filter');
    expect(at({ status: 403 }).message).toContain('OPENAI_API_KEY');
    expect(at({ status: 529 }).message).toContain('overloaded');
  });

  it('waits as long as it is told, in seconds or until a date', () => {
    expect(at({ status: 429, retryAfter: '12' }).retryAfterS).toBe(12);
    expect(at({ status: 429, retryAfter: 'soon' }).retryAfterS).toBe(5);
    expect(at({ status: 429 }).retryAfterS).toBe(5);
    const date = new Date(Date.now() + 30_000).toUTCString();
    expect(at({ status: 503, retryAfter: date }).retryAfterS).toBeGreaterThan(25);
    expect(at({ status: 503 }).retryAfterS).toBeUndefined();
  });
});
