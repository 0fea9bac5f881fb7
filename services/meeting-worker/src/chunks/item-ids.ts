import type { ItemKind, MeetingItem } from '@eloquence/shared/contracts/meeting';

const LETTERS: Readonly<Record<ItemKind, string>> = {
  topic: 't',
  decision: 'd',
  action: 'a',
  question: 'q',
  highlight: 'h',
  retraction: 'r',
};

/** The next free id of a kind: `c<chunk>-<letter><number>`. */
export function nextItemId(kind: ItemKind, n: number, items: readonly MeetingItem[]): string {
  const start = `c${n}-${LETTERS[kind]}`;
  const numbers = items
    .filter(({ item_id: id }) => id.startsWith(start))
    .map(({ item_id: id }) => Number(id.slice(start.length)));
  return `${start}${Math.max(0, ...numbers) + 1}`;
}
