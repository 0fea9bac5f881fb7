import type { ActionItem, Evidence, MeetingItem } from '@eloquence/shared/contracts/meeting';
import type { Passage } from './lines.ts';
import { saysTheSame } from './similar.ts';

/**
 * Adds an item to those of its chunk. One that says the same as another of its kind only adds its evidence, its owner, its term.
 * One that is known from an earlier chunk is left out, unless it says more than was known.
 *
 * @param items changed in place
 */
export function mergeItem(items: MeetingItem[], item: MeetingItem, { carried, language }: Passage): void {
  const at = items.findIndex((one) => one.kind === item.kind && isSame(one, item, language));
  const same = items[at];
  if (same) {
    items[at] = merged(same, item);
    return;
  }
  const known = carried.find((one) => one.kind === item.kind && saysTheSame(one.text, item.text, language));
  if (!known || addsTo(known, item)) items.push(item);
}

function isSame(one: MeetingItem, other: MeetingItem, language: Passage['language']): boolean {
  if (one.kind === 'retraction' && other.kind === 'retraction') {
    if (one.takes_back !== other.takes_back) return false;
    if (one.takes_back !== null) return true;
  }
  if (one.kind === 'action' && other.kind === 'action' && contradict(one, other)) return false;
  return saysTheSame(one.text, other.text, language);
}

/** The same task of two people is two tasks. */
const contradict = (one: ActionItem, other: ActionItem): boolean =>
  one.owner !== null && other.owner !== null && JSON.stringify(one.owner) !== JSON.stringify(other.owner);

const addsTo = (known: { readonly hasOwner: boolean; readonly hasDue: boolean }, item: MeetingItem): boolean =>
  item.kind === 'action' && ((item.owner !== null && !known.hasOwner) || (item.due !== null && !known.hasDue));

function merged(one: MeetingItem, other: MeetingItem): MeetingItem {
  const evidence = mergedEvidence(one.evidence, other.evidence);
  if (one.kind !== 'action' || other.kind !== 'action') return { ...one, evidence };
  // What was said last about the term holds.
  return { ...one, evidence, owner: one.owner ?? other.owner, due: other.due ?? one.due };
}

/** In order of time; the same words once. */
function mergedEvidence(one: readonly Evidence[], other: readonly Evidence[]): Evidence[] {
  const list = new Map<string, Evidence>();
  for (const evidence of [...one, ...other])
    list.set(
      `${evidence.utterance_id} ${evidence.quote}`,
      list.get(`${evidence.utterance_id} ${evidence.quote}`) ?? evidence,
    );
  return [...list.values()].toSorted((a, b) => a.start_ms - b.start_ms);
}
