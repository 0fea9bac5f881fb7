import { describe, expect, test } from 'vitest';
import { unreachableCode } from './unreachable.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code }, more);

describe('why there was no connection', () => {
  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])('is found below what libraries wrap around it: %s', (code) => {
    expect(unreachableCode(new Error('a', { cause: new Error('b', { cause: coded(code) }) }))).toBe(code);
  });

  test('is that of the first address of several', () => {
    const all = new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]);
    expect(unreachableCode(new Error('a', { cause: all }))).toBe('ECONNREFUSED');
  });

  test('is not there when the connection broke, or nobody says', () => {
    const ring = new Error('ring');
    ring.cause = ring;
    for (const error of [coded('ECONNRESET'), coded('UND_ERR_SOCKET'), new Error('ECONNREFUSED'), ring, 'x', undefined])
      expect(unreachableCode(error)).toBeUndefined();
  });
});
