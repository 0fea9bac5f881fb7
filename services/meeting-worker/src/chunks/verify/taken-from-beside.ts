import { lineAt, type Line, type Passage } from '../lines.ts';
import { numbersIn } from '@eloquence/shared/runtime/numbers-in';
import { isOpener } from '@eloquence/shared/runtime/text/openers';
import { contentStems, isContent, tokensOf, WordBag, type Token } from '@eloquence/shared/runtime/text/words';
import type { Proof } from './evidence.ts';

interface Beside {
  readonly passage: Passage;
  readonly everything: WordBag;
}

/**
 * Whether a claim has a figure or a name out of words that say something else, in place of the one that the quoted words have:
 * what stands around a quote may complete it, not change it.
 */
export function takesFromBeside(claim: string, proofs: readonly Proof[], beside: Beside): boolean {
  const lines = [...new Set(proofs.map(({ line }) => line))];
  return hasOtherNumber(claim, lines, beside.passage) || hasOtherName(claim, lines, beside);
}

function hasOtherNumber(claim: string, cited: readonly Line[], { language, lines }: Passage): boolean {
  const stems = new Set([...contentStems(claim, language)].filter((stem) => !/\d/.test(stem)));
  const said = cited.map(({ position, utterance: { text } }) => ({
    numbers: numbersIn(text, { parts: true }),
    hasAny: numbersIn(text).size > 0,
    shared: [...contentStems(text, language)].filter((stem) => stems.has(stem)).length,
    // A short answer goes with its question.
    isAnswer: cited.some((line) => line === lineAt(lines, position - 1) && line.utterance.text.includes('?')),
  }));
  const most = Math.max(...said.map(({ shared }) => shared));
  return [...numbersIn(claim)].some((number) => {
    const saying = said.filter(({ numbers }) => numbers.has(number));
    if (saying.length === 0) return said.some(({ hasAny }) => hasAny);
    const rivals = said.filter(({ hasAny, shared }) => hasAny && shared === most);
    return rivals.length > 0 && saying.every(({ shared, isAnswer }) => shared * 2 < most && !isAnswer);
  });
}

function hasOtherName(claim: string, cited: readonly Line[], { passage, everything }: Beside): boolean {
  const { language, speakers } = passage;
  const people = new WordBag(speakers.values(), language);
  const isName = (token: Token) =>
    /^\p{Lu}/u.test(token.raw) &&
    isContent(token, language) &&
    !everything.isOrdinary(token) &&
    !isOpener(token, language) &&
    !people.has(token);
  const text = cited.map(({ utterance }) => utterance.text).join(' ');
  const [said, claimed] = [new WordBag([text], language), new WordBag([claim], language)];
  const strangers = tokensOf(claim).filter((token) => isName(token) && !said.hasForm(token));
  return strangers.length > 0 && tokensOf(text).some((token) => isName(token) && !claimed.hasForm(token));
}
