import type { ItemKind, Refusal, Unverified } from '@eloquence/shared/contracts/meeting';
import { bindsOtherwise } from '@eloquence/shared/runtime/text/bindings';
import { isDenied, tellingClauses } from '@eloquence/shared/runtime/text/is-denied';
import { isAsking, isConditional, isHedged, isQuestion, isTurn } from '@eloquence/shared/runtime/text/polarity';
import { saysOpposite } from '@eloquence/shared/runtime/text/opposites';
import { isVerbOfMinutes } from '@eloquence/shared/runtime/text/openers';
import { isCalendar, supportFault, type SupportSource } from '@eloquence/shared/runtime/text/support';
import { contentStems, isContent, stemOf, tokensOf, WordBag } from '@eloquence/shared/runtime/text/words';
import { meaningOf } from '../synonyms.ts';
import { lineAt, type Line, type Passage } from '../lines.ts';
import { findProofs, type Proof } from './evidence.ts';
import { EXCHANGE_MS, exchangesOf, isDecided, quotedSentences, uncontested } from './exchange.ts';
import { isInstructionLine, tellsOfInstruction } from './instruction.ts';
import { takesOnTask } from './owner.ts';
import { takesFromBeside } from './taken-from-beside.ts';

/** What every claim of a model has. */
export interface Claim {
  readonly text: string;
  readonly evidence: readonly { readonly segment: number; readonly quote: string }[];
  /** Of an action. */
  readonly owner?: string | null;
  readonly due?: string | null;
}

export interface ClaimContext {
  readonly passage: Passage;
  /** Everything said in the passage. */
  readonly everything: WordBag;
}

export type ClaimVerdict =
  | { readonly kind: 'proved'; readonly proofs: readonly Proof[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** All its words were said before this passage: an earlier chunk has it. */
  | { readonly kind: 'counted' };

/** A quote with fewer words of its own ("je m'en occupe") means what was said before it. */
const FEW_WORDS = 3;
/** So many lines into a chunk, words may answer what was said before it. */
const SOON = 3;
/** "Moi, je m'en occupe pour vendredi prochain." */
const FEW_WORDS_OF_TAKING_ON = 7;

/** Forms of a verb begin alike. */
const SAME_VERB_LETTERS = 4;

/** Checks what a claim of any kind must stand: its quotes, that no orders to the model are followed, and its words. */
export function verifyClaim(kind: ItemKind, claim: Claim, context: ClaimContext): ClaimVerdict {
  const { passage } = context;
  if (claim.evidence.length === 0) return refused('no_quote');
  const found = findProofs(claim.evidence, passage.lines);
  if (found.length === 0) return refused('quote_not_found');
  if (found.every(({ line }) => line.position < 1)) return { kind: 'counted' };
  const proofs = found.filter(({ line }) => !isInstructionLine(line, passage.lines));
  const mayTell = kind === 'topic' || kind === 'highlight';
  if (proofs.length === 0 && !(mayTell && tellsOfInstruction(claim.text))) return refused('instruction_in_transcript');
  const kept = uncontested(kind, claim.text, { proofs: proofs.length > 0 ? proofs : found, passage });
  const exchanges = exchangesOf(kept);
  const isCarried = exchanges.some((one) => {
    const elsewhere = exchanges.filter((other) => other !== one).flat();
    return isCarriedBy(claim, one, context) && !isStitched(claim, [one, elsewhere], context);
  });
  if (
    !isCarried ||
    !doesWhatWasSaid(kind, claim, sourceOf(claim, kept, context)) ||
    !isMeantSo(kind, claim, kept, passage)
  )
    return refused('text_not_in_quote');
  return { kind: 'proved', proofs: kept };
}

function isCarriedBy(claim: Claim, proofs: readonly Proof[], context: ClaimContext): boolean {
  if (supportFault(claim.text, sourceOf(claim, proofs, context))) return false;
  if (!isOfQuoted(claim, proofs, context.passage) || takesFromBeside(claim.text, proofs, context)) return false;
  const { language, speakers } = context.passage;
  const said = proofs.map(({ line }) => ({ text: line.utterance.text, name: line.name }));
  const people = new WordBag(speakers.values(), language);
  return !bindsOtherwise(claim, said, { language, everything: context.everything, people });
}

/** Has words that one exchange lacks from another: neither says it. */
function isStitched(
  claim: Claim,
  [one, elsewhere]: readonly [readonly Proof[], readonly Proof[]],
  context: ClaimContext,
): boolean {
  const { language } = context.passage;
  const [here, there] = [one, elsewhere].map((of) => new WordBag(sourceOf(claim, of, context).texts, language));
  return tokensOf(claim.text)
    .filter((token) => isContent(token, language))
    .some((token) => !here?.hasForm(token) && there?.hasForm(token));
}

/** What is to be done is the verb that a decision or a task begins with: somebody said it, or it is one that minutes say for any. */
function doesWhatWasSaid(kind: ItemKind, { text }: Claim, { texts, language }: SupportSource): boolean {
  const verb = tokensOf(text).find((token) => isContent(token, language));
  if ((kind !== 'decision' && kind !== 'action') || !verb || !isVerbOfMinutes(verb, language)) return true;
  const said = new WordBag(texts, language);
  if (said.hasForm(verb) || isTurn(verb)) return true;
  const meaning = meaningOf(stemOf(verb.raw, language));
  const begins = verb.text.slice(0, SAME_VERB_LETTERS);
  return texts.flatMap(tokensOf).some((token) => {
    if (meaningOf(stemOf(token.raw, language)) === meaning) return true;
    // "réduire", "réduit"; but "vendre" is not "vendredi".
    return token.text.startsWith(begins) && !isCalendar(token);
  });
}

const refused = (refusal: Refusal): ClaimVerdict => ({ kind: 'refused', refusal });

export function unverifiedOf(kind: ItemKind, claim: Claim, refusal: Refusal, lines: readonly Line[]): Unverified {
  const [first] = findProofs(claim.evidence, lines);
  const line = first?.line ?? claim.evidence.map(({ segment }) => lineAt(lines, segment)).find((one) => one);
  return { kind, text: claim.text, refusal, start_ms: line?.utterance.start_ms ?? null };
}

function sourceOf(claim: Claim, proofs: readonly Proof[], { passage, everything }: ClaimContext) {
  const { lines, carried, language } = passage;
  const cited = proofs.map(({ line }) => line);
  const near = cited.flatMap((line) => [-2, -1, 1, 2].map((step) => neighbour(line, step, lines)));
  const around = near.filter((line): line is Line => line !== undefined);
  const texts = [...cited, ...around].map(({ utterance }) => utterance.text);
  const ownWords = contentStems(proofs.map(({ found }) => found.quote).join(' '), language).size;
  const said = contentStems(texts.join(' '), language);
  const isSoon = cited.some(({ position }) => position <= SOON);
  const about = carried.filter((item) => {
    const stems = contentStems(item.text, language);
    // Of what is it said? Of something that was named there; at the very beginning also of what was said before.
    return (isSoon && ownWords < FEW_WORDS) || [...stems].filter((stem) => said.has(stem)).length * 2 >= stems.size;
  });
  return {
    language,
    texts: [...texts, ...about.map(({ text }) => text)],
    names: [...cited, ...around].map(({ name }) => name).concat([...ownNames(claim, passage)]),
    everything,
  };
}

/** A participant may be named whom the checks of owners deal with. */
function ownNames(claim: Claim, { speakers }: Passage): Set<string> {
  const owner = claim.owner ?? undefined;
  const words = new Set(tokensOf(owner ?? '').map((token) => token.text));
  const names = [...speakers.values()].filter((name) => tokensOf(name).some((token) => words.has(token.text)));
  return new Set(owner === undefined ? [] : [owner, ...names]);
}

function neighbour(line: Line, step: number, lines: readonly Line[]): Line | undefined {
  const other = lineAt(lines, line.position + step);
  if (!other || isInstructionLine(other, lines)) return undefined;
  const [first, second] = step < 0 ? [other, line] : [line, other];
  return second.utterance.start_ms - first.utterance.end_ms <= EXCHANGE_MS ? other : undefined;
}

/** Lines around a quote complete what it says; where the quoted lines say much of their own, the claim is of that. */
function isOfQuoted({ text }: Claim, proofs: readonly Proof[], { language }: Passage): boolean {
  const cited = proofs.map(({ line }) => line.utterance.text).join(' ');
  const own = contentStems(cited, language).size;
  if (own < FEW_WORDS || (own < FEW_WORDS_OF_TAKING_ON && takesOnTask(cited))) return true;
  const said = new WordBag([cited], language);
  const claimed = tokensOf(text).filter((token) => isContent(token, language) && !isTurn(token));
  return claimed.filter((token) => said.hasForm(token)).length * 2 >= claimed.length;
}

/**
 * Decisions and actions: somebody meant it. What was denied, only thought of or only asked is none, and a claim that says yes
 * does not rest on words that say no.
 */
function isMeantSo(kind: ItemKind, claim: Claim, proofs: readonly Proof[], passage: Passage): boolean {
  const { language } = passage;
  const sentences = quotedSentences(proofs);
  if (kind === 'retraction') return true;
  if (kind === 'question' && !sentences.some(isAsking)) return false;
  if (kind === 'decision' && (sentences.every(isQuestion) || !isDecided(claim.text, proofs, passage))) return false;
  if ((kind === 'decision' || kind === 'action') && sentences.every(isHedged)) return false;
  if (kind === 'action' && sentences.every(isConditional)) return false;
  // Of a topic it is no matter whether it is so.
  if (kind === 'topic')
    return !tellingClauses(claim.text, sentences, language).some((words) => saysOpposite(claim.text, words, language));
  // A remarkable sentence may be noted as a whole, and one of its clauses deny.
  return !isDenied(claim.text, sentences, { language, asWhole: kind === 'highlight' || kind === 'question' });
}
