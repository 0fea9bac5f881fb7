import { fold } from '@eloquence/shared/runtime/text/words';
import { lineAt, type Line } from '../lines.ts';

const RULES = '(?:instructions?|consignes?|regles?|prompts?|rules?|directives?|guidelines?)';
/** Somebody tells what others ignore: no words to the machine. */
const TOLD =
  /(?:\bj'|\bje\s|\bon\s|\bnous\s|\bils?\s|\belles?\s|\bvous\s|\bi\s|\bwe\s|\bthey\s|\bpeople\s|\byou\s|\bn')$/;
const TO_THE_MACHINE = [
  new RegExp(
    String.raw`\b(?:ignore[rz]?|ignorons|oublie[rz]?|oublions|neglige[rz]?|ne (?:tiens|tenez|suis|suivez) (?:pas|plus)|contourne[rz]?)\b[^.!?]{0,50}\b${RULES}`,
    'g',
  ),
  new RegExp(
    String.raw`\b(?:ignore|forget|disregard|bypass|override|do not follow|don't follow)\b[^.!?]{0,50}\b${RULES}`,
    'g',
  ),
  new RegExp(
    String.raw`\b(?:nouvelles?|new|updated?)\s+${RULES}\b[^.!?]{0,20}(?:assistant|modele|model|ia\b|ai\b|:)`,
    'g',
  ),
  /<\/?\s*(?:transcript|open_items|system|items|instructions?)\b/g,
  /\b(?:system prompt|prompt systeme|you are now|tu es (?:maintenant|desormais) un)\b/g,
  // Who writes the minutes is called, and told what to write.
  /\b(?:assistant|chatgpt|ia|ai|llm|bot|robot|scribe|note[- ]?taker|intelligence artificielle|language model|modele de langage)\b[^.!?,:]{0,20}[,:]\s*(?:merci de\s+|please\s+|il faut\s+|veuillez\s+|you must\s+)?(?:ecri|not[eo]|ajout|repon|inscri|consign|mentionn|oubli|write|add|answer|say|output|record|put|list)/g,
];
const ORDER =
  /^\W*(?:et\s+|and\s+|puis\s+|then\s+)?(?:ecris|ecrivez|note|notez|ajoute|ajoutez|reponds|inscris|write|add|note|output|respond)\b/;

const plain = (text: string): string => fold(text).replaceAll('’', "'");

/** Whether an utterance speaks to the model that writes the minutes. */
export function isInstruction(text: string): boolean {
  const folded = plain(text);
  return TO_THE_MACHINE.some((pattern) =>
    [...folded.matchAll(pattern)].some((match) => !TOLD.test(folded.slice(0, match.index))),
  );
}

/** The same for a line, or for one by which its speaker goes on giving such orders. */
export function isInstructionLine(line: Line, lines: readonly Line[]): boolean {
  if (isInstruction(line.utterance.text)) return true;
  const before = lineAt(lines, line.position - 1);
  return (
    before?.utterance.speaker === line.utterance.speaker &&
    isInstruction(before.utterance.text) &&
    ORDER.test(plain(line.utterance.text))
  );
}

/** A claim that tells of such words instead of following them. */
export const tellsOfInstruction = (claim: string): boolean =>
  new RegExp(RULES).test(plain(claim)) && /\b(?:ignor|oubli|demand|forget|ask|tente|tri|disregard)/.test(plain(claim));
