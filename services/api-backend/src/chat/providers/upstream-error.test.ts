import { describe, expect, it } from 'vitest';
import { brokenOff, statusError } from './upstream-error.ts';

const openai = { peer: 'OpenAI', keyName: 'O_KEY', urlName: 'O_URL', modelName: 'O_MODEL' };
const at = (fault: Partial<Parameters<typeof statusError>[0]>) => statusError({ peer: openai, ...fault });

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

  it('names a content filter, the setting of a key, and an overload', () => {
    expect(at({ status: 400, codes: ['content_filter'] }).message).toContain('content filter');
    for (const status of [401, 403])
      expect(at({ status, codes: ['invalid_api_key'] }).message).toBe('OpenAI refused the key. Check O_KEY.');
    expect(at({ status: 529 }).message).toContain('overloaded');
  });

  it('tells a key from a model that is not for it', () => {
    for (const status of [400, 403, 404])
      expect(at({ status, codes: ['model_not_found'] })).toMatchObject({ code: 'unknown_model', fault: 'caller' });
    expect(at({ status: 404 }).message).toMatch(/Check O_URL and O_MODEL\.$/);
    expect(at({ status: 401, codes: ['model_not_found'] }).code).toBe('upstream_rejected');
  });

  it('says why there was no connection, and otherwise that it broke', () => {
    const refused = new Error('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) });
    expect(brokenOff(openai, refused)).toMatchObject({
      code: 'upstream_failed',
      message: 'OpenAI cannot be reached (ECONNREFUSED). Check O_URL and the network.',
    });
    expect(brokenOff(openai, new Error('cut')).message).toBe(
      'OpenAI broke off, or does not speak its wire. Check O_URL.',
    );
  });

  it('waits as long as it is told, in seconds or until a date', () => {
    expect(at({ status: 429, retryAfter: '12' }).retryAfterS).toBe(12);
    expect(at({ status: 429, retryAfter: 'soon' }).retryAfterS).toBe(5);
    expect(at({ status: 429 }).retryAfterS).toBe(5);
    const date = new Date(Date.now() + 30_000).toUTCString();
    expect(at({ status: 503, retryAfter: date }).retryAfterS).toBeGreaterThan(25);
    expect(at({ status: 503 }).retryAfterS).toBeUndefined();
  });

  it('sends nobody away for more than an hour, and passes over what is no time to come', () => {
    for (const retryAfter of ['86400', '9'.repeat(400), 'Fri, 31 Dec 2199 23:59:59 GMT'])
      expect(at({ status: 503, retryAfter }).retryAfterS).toBe(3_600);
    expect(at({ status: 503, retryAfter: '0.001' }).retryAfterS).toBe(1);
    for (const retryAfter of [
      '-5',
      '0',
      '1e9',
      'NaN',
      '2199-01-01',
      'x'.repeat(5_000),
      'Thu, 01 Jan 1970 00:00:00 GMT',
    ])
      expect(at({ status: 503, retryAfter }).retryAfterS).toBeUndefined();
  });
});
