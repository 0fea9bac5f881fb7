import type { ItemKind } from '@eloquence/shared/contracts/meeting';
import { lineAt, type Line, type Passage } from '../lines.ts';
import { agrees, isHedged, isNegated, isProposed, isQuestion, refuses } from '@eloquence/shared/runtime/text/polarity';
import { sentencesOf } from '@eloquence/shared/runtime/text/sentences';
import { contentStems } from '@eloquence/shared/runtime/text/words';
import type { Proof } from './evidence.ts';

/** An exchange is over after so long, ms. */
export const EXCHANGE_MS = 30_000;
/** Quotes farther apart, in utterances, are of two exchanges. */
const APART = 3;

/** Quotes that stand together: words out of two exchanges prove nothing that neither of them says. */
export function exchangesOf(proofs: readonly Proof[]): Proof[][] {
  const exchanges: Proof[][] = [];
  for (const proof of proofs.toSorted((a, b) => a.line.position - b.line.position)) {
    const last = exchanges.at(-1);
    const before = last?.at(-1);
    if (last && before && proof.line.position - before.line.position <= APART) last.push(proof);
    else exchanges.push([proof]);
  }
  return exchanges;
}

/** Proofs of what somebody decided or promised that nobody said no to in the next words. A claim that says no may rest on a no. */
export function uncontested(
  kind: ItemKind,
  claim: string,
  { proofs, passage }: { readonly proofs: readonly Proof[]; readonly passage: Passage },
): readonly Proof[] {
  if ((kind !== 'decision' && kind !== 'action') || isNegated(claim)) return proofs;
  const { lines, language } = passage;
  const stems = contentStems(claim, language);
  // "Non, on arrête avec Delmas" says something of its own.
  const onlyRefuses = (text: string) =>
    refuses(text) && ![...contentStems(text, language)].some((stem) => stems.has(stem));
  return proofs.filter(({ line }) => {
    const reply = replyTo(line, lines);
    return !onlyRefuses(line.utterance.text) && !(reply && refuses(reply.utterance.text));
  });
}

/** The next words of somebody else, soon enough to be an answer. */
function replyTo(line: Line, lines: readonly Line[]): Line | undefined {
  const next = lineAt(lines, line.position + 1);
  if (!next || next.utterance.speaker === line.utterance.speaker) return undefined;
  return next.utterance.start_ms - line.utterance.end_ms <= EXCHANGE_MS ? next : undefined;
}

/** The sentences that quotes are out of. */
export const quotedSentences = (proofs: readonly Proof[]): string[] =>
  proofs.flatMap(({ line, found }) =>
    sentencesOf(line.utterance.text)
      .filter((part) => part.start < found.end && part.end > found.start)
      .map(({ text }) => text),
  );

const isOpen = (text: string): boolean => isQuestion(text) || isProposed(text) || isHedged(text);

/** A question, an idea or a wish is a decision once somebody has taken it up. */
export function isDecided(claim: string, proofs: readonly Proof[], { lines, language }: Passage): boolean {
  const stems = contentStems(claim, language);
  const tells = (text: string) => [...contentStems(text, language)].some((stem) => stems.has(stem));
  const telling = proofs.filter((proof) => quotedSentences([proof]).some(tells));
  return (
    telling.length === 0 ||
    telling.some((proof) => {
      const reply = replyTo(proof.line, lines);
      return !quotedSentences([proof]).filter(tells).every(isOpen) || (reply && agrees(reply.utterance.text));
    })
  );
}
