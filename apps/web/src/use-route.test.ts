import { expect, it } from 'vitest';
import { parseRoute } from './use-route.ts';

it.each([
  ['', { screen: 'home' }],
  ['#/', { screen: 'home' }],
  ['#/prepare/coaching_vocal', { screen: 'prepare', scenarioId: 'coaching_vocal' }],
  ['#/ended/ses_abcdefghij234567abcd', { screen: 'ended', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/join/ses_abcdefghij234567abcd', { screen: 'join', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/meeting/ses_abcdefghij234567abcd', { screen: 'meeting', sessionId: 'ses_abcdefghij234567abcd' }],
  ['#/ended/../secret', { screen: 'home' }],
  ['#/prepare/', { screen: 'home' }],
] as const)('%j is %j', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});
