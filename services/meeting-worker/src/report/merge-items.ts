import type { Language } from '@eloquence/shared/contracts/ids';
import type { Chunk, Evidence, MeetingItem } from '@eloquence/shared/contracts/meeting';
import type { ReportItem } from '@eloquence/shared/contracts/report';
import { agree, repeats, saidIn, type Said } from '../chunks/similar.ts';

/** All items of a meeting, each fact once. In order of when they were first said. */
export interface MergedItems {
  readonly items: readonly ReportItem[];
  readonly retracted: readonly { readonly item: ReportItem; readonly by: Evidence }[];
  /** Words that take something back and do not say what: shown as they were said. */
  readonly unattached: readonly Evidence[];
}

type Retraction = Extract<MeetingItem, { kind: 'retraction' }>;
type Fact = Exclude<MeetingItem, Retraction>;

/** An item with what is compared of it. */
interface Known {
  readonly item: Fact;
  readonly startMs: number;
  readonly said: Said;
}

/** Two texts with that share of all their words in common say the same. */
const SAME_SHARE = 0.6;
/** Words out of one and the same place need not be as much alike. */
const SAME_PLACE_SHARE = 0.35;

/**
 * Merges the items of all chunks: the same fact said several times, or found on both sides of a boundary, becomes one item with
 * all its evidence; what was taken back leaves the items, questions that were settled too. The same chunks give the same items.
 */
export function mergeItems(chunks: readonly Chunk[], language: Language): MergedItems {
  const all = chunks.flatMap((chunk) => chunk.items).map((item) => ({ item, startMs: firstSaid(item) }));
  const inOrder = all.toSorted((a, b) => a.startMs - b.startMs || compareIds(a.item.item_id, b.item.item_id));
  const facts = inOrder.flatMap(({ item, startMs }): Known[] =>
    item.kind === 'retraction' ? [] : [{ item, startMs, said: saidIn(item.text, language) }],
  );
  const retractions = inOrder.flatMap(({ item }) => (item.kind === 'retraction' ? [item] : []));
  let groups = group(facts, language);
  const retracted: { item: ReportItem; by: Evidence }[] = [];
  const unattached: Evidence[] = [];
  for (const retraction of retractions) {
    const by = retraction.evidence[0];
    if (!by) continue;
    const target = targetOf(retraction, groups, language);
    if (!target) {
      unattached.push(by);
      continue;
    }
    // Said again later, it counts again.
    const before = target.filter(({ startMs }) => startMs <= by.start_ms);
    const after = target.filter(({ startMs }) => startMs > by.start_ms);
    const gone = before.length > 0 ? before : target;
    groups = groups.flatMap((members) =>
      members !== target ? [members] : before.length > 0 && after.length > 0 ? [after] : [],
    );
    if (!retraction.settles && gone[0]?.item.kind !== 'topic') retracted.push({ item: toReportItem(gone), by });
  }
  const items = groups
    .map(toReportItem)
    .toSorted((a, b) => a.start_ms - b.start_ms || compareIds(a.item_id, b.item_id));
  return { items, retracted, unattached };
}

const firstSaid = ({ evidence }: MeetingItem) => Math.min(...evidence.map(({ start_ms }) => start_ms));

/** `c2-a1` before `c10-a1`. */
function compareIds(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function group(facts: readonly Known[], language: Language): Known[][] {
  const groups: Known[][] = [];
  for (const fact of facts) {
    const same = groups.find((members) => members.some((member) => isSame(member, fact, language)));
    if (same) same.push(fact);
    else groups.push([fact]);
  }
  return groups;
}

function isSame(a: Known, b: Known, language: Language): boolean {
  if (a.item.kind !== b.item.kind || !compatible(a.item, b.item)) return false;
  if (a.item.text.trim().toLowerCase() === b.item.text.trim().toLowerCase()) return true;
  return agree(a.said, b.said, { language, share: sharesEvidence(a.item, b.item) ? SAME_PLACE_SHARE : SAME_SHARE });
}

/** Two tasks of two people, or for two days, are two tasks. */
function compatible(a: Fact, b: Fact): boolean {
  if (a.kind !== 'action' || b.kind !== 'action') return true;
  const owners = !a.owner || !b.owner || ownerKey(a.owner) === ownerKey(b.owner);
  return owners && (!a.due?.date || !b.due?.date || a.due.date === b.due.date);
}

function ownerKey(owner: NonNullable<Extract<Fact, { kind: 'action' }>['owner']>): string {
  return owner.kind === 'speaker' ? `speaker ${owner.speaker}` : `name ${owner.name.toLowerCase()}`;
}

function sharesEvidence(a: Fact, b: Fact): boolean {
  return a.evidence.some((one) => b.evidence.some((other) => one.utterance_id === other.utterance_id));
}

/** What is taken back: the item that is named, else the one earlier item that the words are about. */
function targetOf(retraction: Retraction, groups: readonly Known[][], language: Language): Known[] | undefined {
  const named = groups.find((members) => members.some(({ item }) => item.item_id === retraction.takes_back));
  if (named) return named;
  const words = [retraction.text, ...retraction.evidence.map(({ quote }) => quote)].join(' ');
  const kinds = retraction.settles ? ['question'] : ['decision', 'action'];
  const by = firstSaid(retraction);
  const candidates = groups.filter((members) =>
    members.some(
      ({ item, startMs }) => kinds.includes(item.kind) && startMs < by && repeats(words, item.text, language) > 0,
    ),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The first that was said gives text and id; owner and day come from whoever says them. */
function toReportItem(members: readonly Known[]): ReportItem {
  const [first, ...others] = members as [Known, ...Known[]];
  const evidence = new Map<string, Evidence>();
  for (const { item } of members)
    for (const one of item.evidence) evidence.set(`${one.utterance_id} ${one.quote}`, one);
  const common = {
    evidence: withoutParts([...evidence.values()]).toSorted((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms),
    merged_from: [first.item.item_id, ...others.map(({ item }) => item.item_id)],
    start_ms: first.startMs,
  };
  const { item } = first;
  if (item.kind !== 'action') return { ...item, ...common };
  const actions = members.flatMap((member) => (member.item.kind === 'action' ? [member.item] : []));
  const owner = actions.find((action) => action.owner)?.owner ?? null;
  const due = actions.find((action) => action.due?.date)?.due ?? actions.find((action) => action.due)?.due ?? null;
  return { ...item, owner, due, ...common };
}

/** A quote that is part of another one of the same utterance adds nothing. */
function withoutParts(evidence: readonly Evidence[]): Evidence[] {
  return evidence.filter(
    (one) =>
      !evidence.some(
        (other) => other !== one && other.utterance_id === one.utterance_id && other.quote.includes(one.quote),
      ),
  );
}
