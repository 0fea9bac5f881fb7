import type { ItemKind, Refusal, Unverified } from '@eloquence/shared/contracts/meeting';
import { clausesOf, sentencesOf } from '../text/sentences.ts';
import { contradicts, isAsking, isHedged, isQuestion, isTurn } from '../text/polarity.ts';
import { supportFault } from '../text/support.ts';
import { contentStems, isContent, tokensOf, WordBag } from '../text/words.ts';
import { lineAt, type Line, type Passage } from '../lines.ts';
import { findProofs, type Proof } from './evidence.ts';
import { isInstructionLine, tellsOfInstruction } from './instruction.ts';
import { takesOnTask } from './owner.ts';

/** What every claim of a model has. */
export interface Claim {
  readonly text: string;
  readonly evidence: readonly { readonly segment: number; readonly quote: string }[];
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

/** What denies nothing but that somebody knows. */
const NOT_KNOWN = /\bne sai[st]\b.{0,12}\bpas\b|\bsais pas\b|\b(?:do|does) not know\b|\b(?:don|doesn)['’]t know\b/i;
/** An exchange is over after so long, ms. */
const EXCHANGE_MS = 30_000;
/** A quote with fewer words of its own ("je m'en occupe") means what was said before it. */
const FEW_WORDS = 3;
/** "Moi, je m'en occupe pour vendredi prochain." */
const FEW_WORDS_OF_TAKING_ON = 7;

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
  const kept = proofs.length > 0 ? proofs : found;
  if (supportFault(claim.text, sourceOf(claim, kept, context))) return refused('text_not_in_quote');
  if (!isOfQuoted(claim, kept, passage)) return refused('text_not_in_quote');
  if (!isMeantSo(kind, claim, kept, passage)) return refused('text_not_in_quote');
  return { kind: 'proved', proofs: kept };
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
  const about = carried.filter((item) => {
    const stems = contentStems(item.text, language);
    // Of what is it said? Of something that was named there, or of anything when it says nothing itself.
    return ownWords < FEW_WORDS || [...stems].filter((stem) => said.has(stem)).length * 2 >= stems.size;
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
  const owner = 'owner' in claim && typeof claim.owner === 'string' ? claim.owner : undefined;
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

/** The sentences that quotes are out of. */
const quotedSentences = (proofs: readonly Proof[]): string[] =>
  proofs.flatMap(({ line, found }) =>
    sentencesOf(line.utterance.text)
      .filter((part) => part.start < found.end && part.end > found.start)
      .map(({ text }) => text),
  );

/**
 * Decisions and actions: somebody meant it. What was denied, only thought of or only asked is none, and a claim that says yes
 * does not rest on words that say no.
 */
function isMeantSo(kind: ItemKind, claim: Claim, proofs: readonly Proof[], { language }: Passage): boolean {
  const sentences = quotedSentences(proofs);
  if (kind === 'retraction') return true;
  if (kind === 'question' && !sentences.some(isAsking)) return false;
  if (kind === 'decision' && sentences.every(isQuestion)) return false;
  if ((kind === 'decision' || kind === 'action') && sentences.every(isHedged)) return false;
  // Of a topic it is no matter whether it is so.
  if (kind === 'topic') return true;
  const stems = contentStems(claim.text, language);
  const share = (text: string) => [...contentStems(text, language)].filter((stem) => stems.has(stem)).length;
  const clauses = sentences.flatMap((text) => clausesOf(text).map((part) => part.text));
  const most = Math.max(...clauses.map(share));
  const telling = clauses.filter((clause) => share(clause) === most && most > 0);
  // A remarkable sentence may be noted as a whole, and one of its clauses deny.
  const said = kind === 'highlight' || kind === 'question' ? [...telling, ...sentences] : telling;
  return telling.length === 0 || said.some((words) => !contradicts(claim.text, words.replace(NOT_KNOWN, '')));
}
