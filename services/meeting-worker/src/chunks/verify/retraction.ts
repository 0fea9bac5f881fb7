import type { ItemKind, MeetingItem } from '@eloquence/shared/contracts/meeting';
import { repeats } from '../similar.ts';
import { contentStems, isContent, tokensOf, WordBag } from '@eloquence/shared/runtime/text/words';
import { lineAt, type Passage } from '../lines.ts';
import type { Proof } from './evidence.ts';
import { takesOnTask } from './owner.ts';

export interface Target {
  readonly itemId: string;
  readonly kind: ItemKind;
}

interface Retracting {
  readonly text: string;
  readonly takes_back: string | null;
  readonly settles: boolean;
}

interface Earlier extends Target {
  readonly text: string;
}

/**
 * Which item is taken back or settled: the one the model names if it is open and the words are of it, else the only one whose words are repeated. Of two
 * that would do equally, none.
 *
 * @param known.items of this chunk; only what was said before the retraction counts
 */
export function targetOf(
  claim: Retracting,
  proofs: readonly Proof[],
  { passage, items }: { readonly passage: Passage; readonly items: readonly MeetingItem[] },
): Target | undefined {
  const saidAtMs = Math.min(...proofs.map(({ evidence }) => evidence.start_ms));
  const here = items.filter((item) => (item.evidence[0]?.start_ms ?? 0) < saidAtMs).map(toEarlier);
  const open: Earlier[] = [...passage.carried, ...here].filter(({ kind }) => canBeTakenBack(kind));
  const named = open.find(({ itemId }) => itemId === claim.takes_back);
  if (named && speaksOf(named, proofs, passage)) return named;
  const words = [claim.text, ...proofs.map(({ found }) => found.quote)].join(' ');
  const fits = open
    .filter(({ kind }) => (kind === 'question') === claim.settles)
    .map((item) => ({ item, share: repeats(words, item.text, passage.language) }))
    .filter(({ share }) => share > 0)
    .toSorted((a, b) => b.share - a.share);
  const [best, second] = fits;
  if (!best || (second && second.share === best.share && second.item.text !== best.item.text)) return undefined;
  return best.item;
}

/** "On annule ça": says nothing of what, and is about what was said before. */
const FEW_WORDS = 3;
const AROUND = [-2, -1, 0, 1];

/** Whether quoted words, or those around them, have a word of the item: a model may name any. */
function speaksOf({ text }: Earlier, proofs: readonly Proof[], { lines, language }: Passage): boolean {
  const quoted = proofs.map(({ line }) => line.utterance.text).join(' ');
  if (contentStems(quoted, language).size < FEW_WORDS || takesOnTask(quoted)) return true;
  const around = proofs.flatMap(({ line }) =>
    AROUND.map((step) => lineAt(lines, line.position + step)?.utterance.text ?? ''),
  );
  const said = new WordBag(around, language);
  return tokensOf(text).some((token) => isContent(token, language) && said.hasForm(token));
}

const toEarlier = ({ item_id: itemId, kind, text }: MeetingItem): Earlier => ({ itemId, kind, text });
const canBeTakenBack = (kind: ItemKind): boolean => kind === 'decision' || kind === 'action' || kind === 'question';
