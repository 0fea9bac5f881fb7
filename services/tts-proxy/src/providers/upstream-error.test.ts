import { AppError } from '@eloquence/shared/runtime/errors';
import { describe, expect, it } from 'vitest';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';

const peer: Peer = { peer: 'Vendor', keyName: 'V_KEY', urlName: 'V_URL', choiceNames: 'V_MODEL' };
const refused = (status: number, retryAfter?: string) => statusError(peer, { status, retryAfter });

describe('what a vendor’s status means', () => {
  it.each([
    [400, 'invalid_request', /check V_MODEL/],
    [403, 'invalid_request', /check V_KEY/],
    [413, 'invalid_request', /check V_MODEL/],
    [422, 'invalid_request', /check V_MODEL/],
    [401, 'upstream_rejected', /Check V_KEY/],
    [402, 'upstream_rejected', /no credit left/],
    [404, 'upstream_rejected', /Check V_URL, V_MODEL/],
    [408, 'upstream_failed', /failed \(408\)/],
    [302, 'upstream_failed', /failed \(302\)/],
    [500, 'upstream_failed', /failed \(500\)/],
  ] as const)('%i is %s and names the fix', (status, code, message) => {
    expect(refused(status)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('waits as long as the vendor asks: seconds, a date, a polite while when it says nothing', () => {
    expect(refused(429, '7').retryAfterS).toBe(7);
    expect(refused(429, '0.2').retryAfterS).toBe(1);
    const date = new Date(Date.now() + 30_000).toUTCString();
    expect(refused(429, date).retryAfterS).toBeGreaterThanOrEqual(28);
    expect(refused(429, date).retryAfterS).toBeLessThanOrEqual(30);
    for (const nothing of [undefined, '', 'soon', '-3', 'Thu, 01 Jan 1970 00:00:00 GMT'])
      expect(refused(429, nothing).retryAfterS).toBe(5);
    for (const long of ['86400', '9'.repeat(400), 'Fri, 31 Dec 2199 23:59:59 GMT'])
      expect(refused(429, long).retryAfterS).toBe(3_600);
  });

  it('leaves an error of ours as it is, and says of others where to look', () => {
    const ours = new AppError('upstream_rejected', 'no');
    expect(brokenOff(peer, ours)).toBe(ours);
    expect(brokenOff(peer, new Error('cut'))).toMatchObject({
      code: 'upstream_failed',
      message: 'Vendor cannot be reached, or broke off. Check V_URL.',
    });
    const noName = new Error('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ENOTFOUND' }) });
    expect(brokenOff(peer, noName)).toMatchObject({
      code: 'upstream_failed',
      message: 'Vendor cannot be reached (ENOTFOUND). Check V_URL and the network.',
    });
  });
});
