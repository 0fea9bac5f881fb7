import type { ActionItem, ItemKind, MeetingItem, Refusal, Unverified } from '@eloquence/shared/contracts/meeting';
import type { ChunkAnswer } from '@eloquence/shared/contracts/meeting-llm';
import { nextItemId } from '../item-ids.ts';
import { mergeItem } from '../merge-items.ts';
import { takesBack } from '@eloquence/shared/runtime/text/polarity';
import { WordBag } from '@eloquence/shared/runtime/text/words';
import { lineAt, type Passage } from '../lines.ts';
import { unverifiedOf, verifyClaim, type Claim, type ClaimContext } from './claim.ts';
import { verifyDue } from './due.ts';
import type { Proof } from './evidence.ts';
import { glossaryOf } from './glossary.ts';
import { verifyOwner } from './owner.ts';
import { targetOf } from './retraction.ts';

/** What of an answer stands, and what does not. */
export interface Verified {
  readonly items: readonly MeetingItem[];
  readonly unverified: readonly Unverified[];
  readonly glossary: readonly string[];
}

type Plain = 'topic' | 'decision' | 'question' | 'highlight';
type Outcome = { readonly item: MeetingItem } | { readonly refusal: Refusal } | undefined;

/**
 * Checks everything a model claims about a passage, by code alone. Of items that say the same one remains, with the evidence of
 * all; what is already known from before is left out unless it says more.
 *
 * @param before items of the same chunk from an earlier part of it
 */
export function verifyAnswer(answer: ChunkAnswer, passage: Passage, before: readonly MeetingItem[] = []): Verified {
  const everything = new WordBag(
    passage.lines.map(({ utterance }) => utterance.text),
    passage.language,
  );
  const context: ClaimContext = { passage, everything };
  const items: MeetingItem[] = [...before];
  const unverified: Unverified[] = [];
  const take = (kind: ItemKind, claim: Claim, outcome: Outcome) => {
    if (outcome && 'refusal' in outcome) unverified.push(unverifiedOf(kind, claim, outcome.refusal, passage.lines));
    else if (outcome) mergeItem(items, outcome.item, passage);
  };
  const plain = (kind: Plain, claims: readonly Claim[]) => {
    for (const claim of claims) take(kind, claim, plainItem(kind, claim, { context, items }));
  };
  plain('topic', answer.topics);
  plain('decision', answer.decisions);
  for (const claim of answer.actions) take('action', claim, actionItem(claim, { context, items }));
  plain('question', answer.questions);
  plain('highlight', answer.highlights);
  for (const claim of answer.retractions) take('retraction', claim, retractionItem(claim, { context, items }));
  return { items, unverified: once(unverified), glossary: glossaryOf(answer.glossary, passage) };
}

interface Making {
  readonly context: ClaimContext;
  /** Those there are already. */
  readonly items: readonly MeetingItem[];
}

function common(kind: ItemKind, claim: Claim, proofs: readonly Proof[], { context, items }: Making) {
  const evidence = proofs.map((proof) => proof.evidence).toSorted((a, b) => a.start_ms - b.start_ms);
  return { item_id: nextItemId(kind, context.passage.n, items), text: claim.text.trim(), evidence };
}

function plainItem(kind: Plain, claim: Claim, making: Making): Outcome {
  const verdict = verifyClaim(kind, claim, making.context);
  if (verdict.kind === 'counted') return undefined;
  if (verdict.kind === 'refused') return { refusal: verdict.refusal };
  return { item: { kind, ...common(kind, claim, verdict.proofs, making) } };
}

function actionItem(claim: ChunkAnswer['actions'][number], making: Making): Outcome {
  const { passage } = making.context;
  const verdict = verifyClaim('action', claim, making.context);
  if (verdict.kind === 'counted') return undefined;
  if (verdict.kind === 'refused') return { refusal: verdict.refusal };
  const cited = verdict.proofs.map(({ line }) => line);
  let owner: ActionItem['owner'] = null;
  let due: ActionItem['due'] = null;
  if (claim.owner !== null) {
    const whose = verifyOwner({ owner: claim.owner, task: claim.text, cited }, passage);
    if (whose.kind === 'refused') return { refusal: 'owner_not_named' };
    owner = whose.owner;
  }
  if (claim.due !== null) {
    const when = verifyDue({ due: claim.due, task: claim.text, cited, lines: passage.lines }, passage);
    if (when.kind === 'refused') return { refusal: 'due_not_said' };
    due = when.due;
  }
  return { item: { kind: 'action', ...common('action', claim, verdict.proofs, making), owner, due } };
}

function retractionItem(claim: ChunkAnswer['retractions'][number], making: Making): Outcome {
  const { passage } = making.context;
  const verdict = verifyClaim('retraction', claim, making.context);
  if (verdict.kind === 'counted') return undefined;
  if (verdict.kind === 'refused') return { refusal: verdict.refusal };
  const target = targetOf(claim, verdict.proofs, { passage, items: making.items });
  const settles = target ? target.kind === 'question' : claim.settles;
  // Words that merely repeat a decision take nothing back.
  const near = verdict.proofs.flatMap(({ line }) => [line, lineAt(passage.lines, line.position + 1)]);
  if (!settles && !near.some((line) => line && takesBack(line.utterance.text))) return { refusal: 'text_not_in_quote' };
  const takesBackId = target?.itemId ?? null;
  const base = common('retraction', claim, verdict.proofs, making);
  return { item: { kind: 'retraction', ...base, takes_back: takesBackId, settles } };
}

/** A model that says a thing twice is refused once. */
function once(list: readonly Unverified[]): Unverified[] {
  const seen = new Set<string>();
  return list.filter((one) => {
    const key = `${one.kind} ${one.refusal} ${one.text}`;
    return !seen.has(key) && seen.add(key);
  });
}
