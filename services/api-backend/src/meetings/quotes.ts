import type { Language } from '@eloquence/shared/contracts/ids';
import type { Evidence } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { isNumberWord, numbersIn } from '@eloquence/shared/runtime/numbers-in';
import { bindsOtherwise, type SaidBy } from '@eloquence/shared/runtime/text/bindings';
import { isDenied } from '@eloquence/shared/runtime/text/is-denied';
import { sentencesOf } from '@eloquence/shared/runtime/text/sentences';
import { supportFault } from '@eloquence/shared/runtime/text/support';
import { contentStems, WordBag } from '@eloquence/shared/runtime/text/words';

/** An utterance as evidence. @param quote verbatim out of it; default: all of it */
export function evidenceOf(utterance: Utterance, quote: string = utterance.text): Evidence {
  return {
    utterance_id: utterance.utterance_id,
    speaker: utterance.speaker,
    start_ms: utterance.start_ms,
    end_ms: utterance.end_ms,
    quote,
  };
}

export interface Support {
  readonly language: Language;
  /** What the sentence names as its proof. */
  readonly cited: readonly SaidBy[];
  /** Everything the writer was shown: names may come from there. */
  readonly shown: readonly string[];
  /** Names of everybody who speaks. */
  readonly people: readonly string[];
}

/**
 * Whether a sentence says no more than its proof can carry, by the checks of the minutes: its figures and names are there, it is about the same
 * thing, and it neither denies nor turns round what was said. An answer may use more words of its own than a note.
 */
export function isSupported(sentence: string, { language, cited, shown, people }: Support): boolean {
  const texts = cited.map(({ text }) => text);
  const everything = new WordBag(shown, language);
  const names = [...people, ...shown];
  const fault = supportFault(withoutCounts(sentence), { language, texts, names, everything });
  if (fault === 'number' || fault === 'name') return false;
  const sentences = texts.flatMap((text) => sentencesOf(text).map((part) => part.text));
  if (isDenied(sentence, sentences, { language, asWhole: true })) return false;
  if (bindsOtherwise({ text: sentence }, cited, { language, everything, people: new WordBag(people, language) }))
    return false;
  const said = contentStems(cited.flatMap(({ name, text }) => [name, text]).join(' '), language);
  const told = contentStems(sentence, language);
  return told.size === 0 || [...told].some((stem) => said.has(stem));
}

const MAX_COUNT = 10;
/** "Two decisions were made" counts, and nobody need have said "two". */
const withoutCounts = (text: string): string =>
  text.replaceAll(/\p{L}+/gu, (word) => {
    const [count] = isNumberWord(word.toLowerCase()) ? numbersIn(word) : [];
    return count !== undefined && Number(count) <= MAX_COUNT ? '' : word;
  });
