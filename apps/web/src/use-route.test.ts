import { expect, it } from 'vitest';
import { parseRoute } from './use-route.ts';

it.each([
  ['', { screen: 'home' }],
  ['#/', { screen: 'home' }],
  ['#/prepare/coaching_vocal', { screen: 'prepare', scenarioId: 'coaching_vocal' }],
  ['#/ended/ses_abcdefghij234567abcd', { screen: 'ended', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/join/ses_abcdefghij234567abcd', { screen: 'join', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/meeting/ses_abcdefghij234567abcd', { screen: 'meeting', sessionId: 'ses_abcdefghij234567abcd' }],
  [
    '#/meeting/ses_abcdefghij234567abcd/utt_abcdefghij234567',
    { screen: 'meeting', sessionId: 'ses_abcdefghij234567abcd', utteranceId: 'utt_abcdefghij234567' },
  ],
  ['#/meeting/ses_abcdefghij234567abcd/../x', { screen: 'meeting', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/meetings', { screen: 'meetings', query: '' }],
  ['#/meetings/devis%20sign%C3%A9', { screen: 'meetings', query: 'devis signé' }],
  ['#/meetings/%', { screen: 'meetings', query: '' }],
  ['#/join/ses_abcdefghij234567abcd).', { screen: 'join', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/join/ses_abcdefghij234567abc', { screen: 'broken', link: 'invitation' }],
  ['#/join/ses_abcdefghij234567abcde', { screen: 'broken', link: 'invitation' }],
  ['#/join/', { screen: 'broken', link: 'invitation' }],
  ['#/join', { screen: 'broken', link: 'invitation' }],
  ['#/meeting/xyz', { screen: 'broken', link: 'session' }],
  ['#/ended/../secret', { screen: 'broken', link: 'session' }],
  ['#/nowhere', { screen: 'home' }],
  ['#/prepare/', { screen: 'home' }],
] as const)('%j is %j', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});
