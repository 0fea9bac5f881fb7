import type { Chunk } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { CarriedItem } from './lines.ts';

/** What a chunk is told of those before it. */
export interface CarryOver {
  readonly items: readonly CarriedItem[];
  readonly glossary: readonly string[];
  /** The last things said before, already counted. */
  readonly before: readonly Utterance[];
}

/** The latest are carried; older ones are dropped: who takes them back must name them again. */
const MAX_ITEMS = 40;
const MAX_LETTERS = 6_000;
const MAX_TERMS = 40;
const MAX_BEFORE = 2;

/**
 * What earlier chunks leave open: decisions and actions not taken back, questions not settled, names, and the last words.
 *
 * @param chunks those before, in order
 * @param earlier what was said before, in order
 */
export function carryOver(chunks: readonly Chunk[], earlier: readonly Utterance[]): CarryOver {
  const all = chunks.flatMap(({ items }) => items);
  const closed = new Set(all.flatMap((item) => (item.kind === 'retraction' ? (item.takes_back ?? []) : [])));
  const open = all.flatMap((item): CarriedItem[] => {
    if (closed.has(item.item_id)) return [];
    const { item_id: itemId, text } = item;
    if (item.kind === 'action')
      return [{ itemId, kind: 'action', text, hasOwner: item.owner !== null, hasDue: item.due !== null }];
    if (item.kind !== 'decision' && item.kind !== 'question') return [];
    return [{ itemId, kind: item.kind, text, hasOwner: false, hasDue: false }];
  });
  return {
    items: latest(open),
    glossary: (chunks.at(-1)?.glossary ?? []).slice(-MAX_TERMS),
    before: earlier.slice(-MAX_BEFORE),
  };
}

function latest(open: readonly CarriedItem[]): CarriedItem[] {
  const kept: CarriedItem[] = [];
  let letters = 0;
  for (const item of open.toReversed()) {
    letters += item.text.length;
    if (kept.length === MAX_ITEMS || letters > MAX_LETTERS) break;
    kept.unshift(item);
  }
  return kept;
}
