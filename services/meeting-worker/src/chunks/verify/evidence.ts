import type { Evidence } from '@eloquence/shared/contracts/meeting';
import { findQuote, type FoundQuote } from '@eloquence/shared/runtime/text/find-quote';
import { tokensOf } from '@eloquence/shared/runtime/text/words';
import { lineAt, type Line } from '../lines.ts';

/** A quote that was found where a model said it is, or beside. */
export interface Proof {
  readonly line: Line;
  readonly found: FoundQuote;
  readonly evidence: Evidence;
}

interface Claimed {
  readonly segment: number;
  readonly quote: string;
}

/** Models count badly: a quote may stand in the line before or behind. */
const NEIGHBOURS = [0, -1, 1];

/** Finds the quotes of a claim; those that nobody said are left out. The same words are one proof. */
export function findProofs(claims: readonly Claimed[], lines: readonly Line[]): Proof[] {
  const proofs = new Map<string, Proof>();
  for (const { segment, quote } of claims)
    for (const step of NEIGHBOURS) {
      const line = lineAt(lines, segment + step);
      const found = line && findQuote(line.utterance.text, quote);
      if (!line || !found) continue;
      const key = `${line.position} ${found.start} ${found.end}`;
      proofs.set(key, { line, found, evidence: evidenceOf(line, found) });
      break;
    }
  return [...proofs.values()];
}

/** Times are those of the words where the recogniser gave them, else of the utterance. */
export function evidenceOf({ utterance }: Line, found: FoundQuote): Evidence {
  const { utterance_id, speaker, start_ms, end_ms } = utterance;
  return { utterance_id, speaker, start_ms, end_ms, ...wordTimes(utterance, found), quote: found.quote };
}

function wordTimes(
  { text, words }: Line['utterance'],
  { firstWord, lastWord }: FoundQuote,
): Pick<Evidence, 'start_ms' | 'end_ms'> | undefined {
  if (!words) return undefined;
  // A recogniser's word may be several of ours: "d'accord".
  const times = words.flatMap((word) => tokensOf(word.text).map((token) => ({ ...word, folded: token.text })));
  const said = tokensOf(text);
  if (times.length !== said.length || said.some((token, index) => token.text !== times[index]?.folded))
    return undefined;
  const first = times[firstWord];
  const last = times[lastWord];
  return first && last && { start_ms: first.start_ms, end_ms: Math.max(last.end_ms, first.start_ms) };
}
