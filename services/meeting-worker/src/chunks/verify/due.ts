import type { Language } from '@eloquence/shared/contracts/ids';
import type { Due } from '@eloquence/shared/contracts/meeting';
import { findQuote } from '../text/find-quote.ts';
import { lineAt, type Line } from '../lines.ts';
import { dateOf, dueWordsIn } from './due-date.ts';

export interface DueClaim {
  readonly due: string;
  /** Lines that were quoted. */
  readonly cited: readonly Line[];
  readonly lines: readonly Line[];
}

export type DueVerdict = { readonly kind: 'due'; readonly due: Due | null } | { readonly kind: 'refused' };

const NONE = /^\W*(?:|null|none|n\/?a|aucune?|non pr[ée]cis[ée]e?|not (?:stated|specified)|unknown|tbd)\W*$/i;

/**
 * When something is due, in the words that were said; a date that a model made of them stands where the same date can be made of
 * words that were said.
 *
 * @param startedAtMs ms since epoch: the day of the meeting
 */
export function verifyDue(
  { due, cited, lines }: DueClaim,
  { language, startedAtMs }: { readonly language: Language; readonly startedAtMs: number },
): DueVerdict {
  if (NONE.test(due)) return { kind: 'due', due: null };
  const beside = cited.flatMap(({ position }) => [lineAt(lines, position - 1), lineAt(lines, position + 1)]);
  const near = [...cited, ...beside.filter((line) => line !== undefined)];
  const dayOf = ({ utterance }: Line) => startedAtMs + utterance.start_ms;
  for (const line of near) {
    const text = findQuote(line.utterance.text, due)?.quote;
    if (text !== undefined) return { kind: 'due', due: { text, date: dateOf(text, language, dayOf(line)) } };
  }
  const [first] = near;
  const wanted = first && dateOf(due, language, dayOf(first));
  if (!wanted) return { kind: 'refused' };
  for (const line of near)
    for (const text of dueWordsIn(line.utterance.text, language, dayOf(line)))
      if (dateOf(text, language, dayOf(line)) === wanted) return { kind: 'due', due: { text, date: wanted } };
  return { kind: 'refused' };
}
