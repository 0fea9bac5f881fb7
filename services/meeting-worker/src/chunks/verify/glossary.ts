import { numbersIn } from '@eloquence/shared/runtime/numbers-in';
import { WordBag, tokensOf } from '@eloquence/shared/runtime/text/words';
import { isInstruction } from './instruction.ts';
import type { Passage } from '../lines.ts';

/** Names and terms kept for the next chunk; the latest remain. */
const MAX_TERMS = 60;
const MAX_LETTERS = 60;

/** Terms of an answer that were said, behind those known before. */
export function glossaryOf(terms: readonly string[], { lines, glossary, language }: Passage): string[] {
  const said = new WordBag(
    lines.flatMap(({ utterance, name }) => [utterance.text, name]),
    language,
  );
  const isSaid = (term: string) => {
    const tokens = tokensOf(term);
    return tokens.length > 0 && numbersIn(term).size <= tokens.length && tokens.every((token) => said.has(token));
  };
  const kept = terms
    .map((term) => term.trim())
    .filter((term) => term.length <= MAX_LETTERS && isSaid(term) && !isInstruction(term));
  return [...new Set([...glossary.filter((term) => !kept.includes(term)), ...kept])].slice(-MAX_TERMS);
}
