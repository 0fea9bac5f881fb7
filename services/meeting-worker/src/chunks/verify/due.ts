import type { Language } from '@eloquence/shared/contracts/ids';
import type { Due } from '@eloquence/shared/contracts/meeting';
import { findQuote } from '@eloquence/shared/runtime/text/find-quote';
import { contentStems } from '@eloquence/shared/runtime/text/words';
import { lineAt, wallClockOf, type Line, type Passage } from '../lines.ts';
import { dateOf, dueWordsIn } from './due-date.ts';

export interface DueClaim {
  readonly due: string;
  /** What is to be done. */
  readonly task: string;
  /** Lines that were quoted. */
  readonly cited: readonly Line[];
  readonly lines: readonly Line[];
}

export type DueVerdict = { readonly kind: 'due'; readonly due: Due | null } | { readonly kind: 'refused' };

const NONE = /^\W*(?:|null|none|n\/?a|aucune?|non pr[ée]cis[ée]e?|not (?:stated|specified)|unknown|tbd)\W*$/i;

/**
 * When something is due, in the words that were said; a date that a model made of them stands where the same date can be made of
 * words that were said.
 */
export function verifyDue(
  { due, task, cited, lines }: DueClaim,
  passage: Pick<Passage, 'language' | 'startedAtMs' | 'timeZone'>,
): DueVerdict {
  const { language } = passage;
  if (NONE.test(due)) return { kind: 'due', due: null };
  const beside = cited.flatMap(({ position }) => [lineAt(lines, position - 1), lineAt(lines, position + 1)]);
  const dayOf = (line: Line) => wallClockOf(line, passage);
  const dated = cited.filter((line) => dueWordsIn(line.utterance.text, language, dayOf(line)).length > 0);
  // A day that goes with other words is another thing's.
  const own = ofTask(dated, task, language);
  const near = own.length > 0 ? own : [...cited, ...beside.filter((line) => line !== undefined)];
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

/** Short ones ("plutôt jeudi") go with the line before. */
const FEW_WORDS = 2;

/** The lines that say most of a task, and those that say hardly anything. */
function ofTask(dated: readonly Line[], task: string, language: Language): Line[] {
  const stems = contentStems(task, language);
  const counted = dated.map((line) => {
    const own = [...contentStems(line.utterance.text, language)];
    return { line, size: own.length, shared: own.filter((stem) => stems.has(stem)).length };
  });
  const most = Math.max(0, ...counted.map(({ shared }) => shared));
  return counted.filter(({ size, shared }) => shared === most || size <= FEW_WORDS).map(({ line }) => line);
}
