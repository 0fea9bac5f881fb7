import { expect, test } from 'vitest';
import { rulesItems } from '../rules.ts';
import { lines, NOTHING, passage } from '../test-support/passages.ts';
import { verifyAnswer } from './verify-answer.ts';

/** The days that a model's and the rules' task get, of a meeting that begins at a moment somewhere. */
function daysOf(iso: string, timeZone: string, due: string) {
  const language = /^[a-z ]*(?:tomorrow|friday)/.test(due) ? 'en' : 'fr';
  const said =
    language === 'fr' ? `karim: Je vais préparer le devis ${due}.` : `karim: I will prepare the quote ${due}.`;
  const text = language === 'fr' ? 'Préparer le devis' : 'Prepare the quote';
  const shown = passage([said], { language, startedAtMs: Date.parse(iso), timeZone });
  const claim = { text, owner: 'Karim', due, evidence: lines(shown, 1) };
  const verified = verifyAnswer({ ...NOTHING, actions: [claim] }, shown).items;
  return [...verified, ...rulesItems(shown)].map((item) => (item.kind === 'action' ? item.due?.date : item.kind));
}

test.each([
  // 23:30 and 00:30 in Paris, winter and summer.
  ['2026-01-21T22:30:00Z', 'Europe/Paris', 'demain', '2026-01-22'],
  ['2026-01-21T23:30:00Z', 'Europe/Paris', 'demain', '2026-01-23'],
  ['2026-07-21T21:30:00Z', 'Europe/Paris', 'demain', '2026-07-22'],
  ['2026-07-21T22:30:00Z', 'Europe/Paris', 'demain', '2026-07-23'],
  // Thursday in UTC is Friday in Paris: the next Friday is a week away.
  ['2026-07-23T22:30:00Z', 'Europe/Paris', 'vendredi', '2026-07-31'],
  ['2026-07-23T22:30:00Z', 'UTC', 'vendredi', '2026-07-24'],
  ['2026-07-23T22:30:00Z', 'Europe/Paris', 'ce soir', '2026-07-24'],
  // The last day of the year, elsewhere.
  ['2027-01-01T03:00:00Z', 'America/New_York', 'tomorrow', '2027-01-01'],
  ['2026-12-31T16:00:00Z', 'Asia/Tokyo', 'tomorrow', '2027-01-02'],
  // Over the changes to summer and to winter time.
  ['2026-03-28T22:30:00Z', 'Europe/Paris', 'demain', '2026-03-29'],
  ['2026-03-28T23:30:00Z', 'Europe/Paris', 'demain', '2026-03-30'],
  ['2026-03-29T21:59:00Z', 'Europe/Paris', 'demain', '2026-03-30'],
  ['2026-10-24T22:30:00Z', 'Europe/Paris', 'demain', '2026-10-26'],
  ['2026-10-25T22:30:00Z', 'Europe/Paris', 'demain', '2026-10-26'],
])('at %s in %s, "%s" is %s', (iso, zone, due, date) => {
  expect(daysOf(iso, zone, due)).toEqual([date, date]);
});
