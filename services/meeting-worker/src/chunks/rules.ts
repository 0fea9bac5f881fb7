import type { Language } from '@eloquence/shared/contracts/ids';
import type { ActionItem, MeetingItem } from '@eloquence/shared/contracts/meeting';
import { CUES, type Duty } from './cues.ts';
import { nextItemId } from './item-ids.ts';
import { lineAt, wallClockOf, type Line, type Passage } from './lines.ts';
import { mergeItem } from './merge-items.ts';
import { isOpener } from '@eloquence/shared/runtime/text/openers';
import { isHedged, isNegated, isProposed } from '@eloquence/shared/runtime/text/polarity';
import { sentencesOf, type Part } from '@eloquence/shared/runtime/text/sentences';
import { isCalendar } from '@eloquence/shared/runtime/text/support';
import { contentStems, fold, isContent, tokensOf, WordBag, type Token } from '@eloquence/shared/runtime/text/words';
import { dateOf, dueWordsIn } from './verify/due-date.ts';
import { evidenceOf, type Proof } from './verify/evidence.ts';
import { uncontested } from './verify/exchange.ts';
import { isInstructionLine } from './verify/instruction.ts';
import { takesOnTask, verifyOwner } from './verify/owner.ts';
import { targetOf } from './verify/retraction.ts';

/** Of the rules below; another one makes other items of the same text. */
export const RULES_VERSION = 'rules-2';

/** Longer ones are mostly several sentences that the recogniser wrote without marks. */
const MAX_WORDS = 60;
const MIN_WORDS = 3;

/** What was said, sentence by sentence. */
interface Sentence extends Part {
  readonly line: Line;
  readonly folded: string;
}

/**
 * Items found in a passage without any model, by the words people use to decide, promise and ask; each is a sentence that was
 * said, with itself as evidence. What is doubtful is left out: a wrong item is worse than a missing one.
 */
export function rulesItems(passage: Passage): MeetingItem[] {
  const items: MeetingItem[] = [];
  const said = passage.lines.filter((line) => !isInstructionLine(line, passage.lines)).flatMap(sentencesIn);
  for (const sentence of said) {
    const item = itemOf(sentence, passage, items);
    if (item && isUncontested(item, sentence, passage)) mergeItem(items, item, passage);
  }
  return items;
}

const isUncontested = ({ kind, text }: MeetingItem, sentence: Sentence, passage: Passage): boolean =>
  uncontested(kind, text, { proofs: [proofOf(sentence)], passage }).length > 0;

function sentencesIn(line: Line): Sentence[] {
  return sentencesOf(line.utterance.text).flatMap((part) => {
    const lead = part.text.length - part.text.trimStart().length;
    const text = part.text.trim();
    const words = tokensOf(text).length;
    if (words < MIN_WORDS || words > MAX_WORDS) return [];
    const start = part.start + lead;
    return [{ text, start, end: start + text.length, line, folded: plain(text) }];
  });
}

const plain = (text: string): string =>
  fold(text)
    .replaceAll('’', "'")
    .replaceAll(/\s+/g, ' ')
    .replace(/[.!…]+$/, '');

function itemOf(sentence: Sentence, passage: Passage, items: readonly MeetingItem[]): MeetingItem | undefined {
  const { folded } = sentence;
  const cues = CUES[passage.language];
  // Of what was said before, only what is answered here is new.
  const { position } = sentence.line;
  if (position < 0 || (position === 0 && !nextTakesOn(sentence, passage))) return undefined;
  if (contentStems(sentence.text, passage.language).size === 0) return undefined;
  if (isHedged(sentence.text) || isProposed(sentence.text)) return undefined;
  if (cues.retraction.test(folded)) return retraction(sentence, passage, items);
  if (folded.includes('?')) {
    if (cues.request.test(folded)) return action(sentence, passage, items);
    if (cues.who.test(folded) && nextTakesOn(sentence, passage)) return action(sentence, passage, items);
    return isRealQuestion(sentence, passage.language) ? plainItem('question', sentence, passage, items) : undefined;
  }
  if (isNegated(sentence.text)) return undefined;
  if (cues.told.test(folded)) return undefined;
  if (cues.decision.test(folded)) return plainItem('decision', sentence, passage, items);
  // "I will take care of it" does not say of what; the request before it does.
  if (cues.anaphor.test(folded) || cues.talk.test(folded)) return undefined;
  const [duty] = dutiesIn(sentence, passage);
  return duty && action(sentence, passage, items);
}

/** Not "non ?" at the end of a statement. */
function isRealQuestion({ folded, text }: Sentence, language: Language): boolean {
  // "Option B" is two words.
  const labels = text.match(/\b(?:[B-HJ-Z]|\d+)\b/g) ?? [];
  return CUES[language].asks.test(folded) && contentStems(text, language).size + labels.length > 1;
}

function proofOf({ line, text, start, end }: Sentence): Proof {
  const words = tokensOf(line.utterance.text);
  const firstWord = words.findIndex((token) => token.start >= start);
  const lastWord = words.findLastIndex((token) => token.end <= end);
  const found = { quote: text, start, end, firstWord, lastWord };
  return { line, found, evidence: evidenceOf(line, found) };
}

function base(kind: MeetingItem['kind'], sentence: Sentence, passage: Passage, items: readonly MeetingItem[]) {
  const trimmed = sentence.text.replace(CUES[passage.language].opener, '').replace(/[\s.!…]+$/, '');
  const text = trimmed === '' ? sentence.text : trimmed;
  return {
    item_id: nextItemId(kind, passage.n, items),
    text: text.charAt(0).toUpperCase() + text.slice(1),
    evidence: [proofOf(sentence).evidence],
  };
}

function plainItem(
  kind: 'decision' | 'question',
  sentence: Sentence,
  passage: Passage,
  items: readonly MeetingItem[],
): MeetingItem {
  return { kind, ...base(kind, sentence, passage, items) };
}

function action(sentence: Sentence, passage: Passage, items: readonly MeetingItem[]): ActionItem {
  const { line, text } = sentence;
  const common = base('action', sentence, passage, items);
  const next = nextTakesOn(sentence, passage);
  const named = ownerWord(sentence, passage);
  const verdict = named === undefined ? undefined : verifyOwner({ owner: named, task: text, cited: [line] }, passage);
  const owner: ActionItem['owner'] = next
    ? { kind: 'speaker', speaker: next.utterance.speaker }
    : verdict?.kind === 'owner'
      ? verdict.owner
      : null;
  const saidAtMs = wallClockOf(line, passage);
  const [due] = [text, next?.utterance.text ?? ''].flatMap((words) => dueWordsIn(words, passage.language, saidAtMs));
  const evidence = [...common.evidence, ...(next ? [wholeLine(next)] : [])];
  return {
    kind: 'action',
    ...common,
    evidence,
    owner,
    due: due === undefined ? null : { text: due, date: dateOf(due, passage.language, saidAtMs) },
  };
}

function wholeLine(line: Line): Proof['evidence'] {
  const text = line.utterance.text.trim();
  const lastWord = tokensOf(text).length - 1;
  return evidenceOf(line, { quote: text, firstWord: 0, lastWord, start: 0, end: text.length });
}

/** The line behind a request, when somebody else takes it on there. */
function nextTakesOn({ line, folded }: Sentence, { lines, language }: Passage): Line | undefined {
  const cues = CUES[language];
  if (!cues.request.test(folded) && !cues.who.test(folded)) return undefined;
  const next = lineAt(lines, line.position + 1);
  if (!next || next.utterance.speaker === line.utterance.speaker) return undefined;
  return takesOnTask(next.utterance.text) && !isNegated(next.utterance.text) ? next : undefined;
}

interface Bound {
  readonly duty: Duty;
  /** Whoever is to do it, as it was said. */
  readonly name: string | undefined;
}

/** The ways in which a sentence says that something is to be done. */
function dutiesIn(sentence: Sentence, passage: Passage): Bound[] {
  const { folded, text, line } = sentence;
  const saidAtMs = wallClockOf(line, passage);
  return CUES[passage.language].duties.flatMap((duty) => {
    const match = duty.pattern.exec(folded);
    if (!match) return [];
    const name = match.groups?.['name'] && nameIn(match.groups['name'], sentence, passage);
    const needsDay = duty.needsDay === 'of strangers' ? name && !isSpeaker(name, passage) : duty.needsDay;
    if (needsDay && dueWordsIn(text, passage.language, saidAtMs).length === 0) return [];
    return duty.who === 'named' && !name ? [] : [{ duty, name: name || undefined }];
  });
}

const isSpeaker = (name: string, { speakers, language }: Passage): boolean => {
  const people = new WordBag(speakers.values(), language);
  return tokensOf(name).every((token) => people.has(token));
};

/** By what word a sentence says whose task it is. */
function ownerWord(sentence: Sentence, passage: Passage): string | undefined {
  if (CUES[passage.language].request.test(sentence.folded)) return calledIn(sentence, passage);
  const [first] = dutiesIn(sentence, passage);
  if (first?.duty.who === 'self') return 'je';
  return first?.duty.who === 'addressed' ? calledIn(sentence, passage) : first?.name;
}

/** The name in one or two words that a clause begins with, if they are one: words to begin with may stand before it. */
function nameIn(subject: string, { text }: Sentence, passage: Passage): string | undefined {
  const said = tokensOf(text);
  const [first, second] = tokensOf(subject).map((word) => said.find((token) => token.text === word.text));
  const last = second ?? first;
  if (!first || !last || !isName(last, passage)) return undefined;
  if (last === first) return first.raw;
  if (isName(first, passage)) return `${first.raw} ${last.raw}`;
  return CUES[passage.language].opener.test(`${first.text} `) ? last.raw : undefined;
}

/** A participant's name, or a word written large that nobody writes small and nothing but a name begins a sentence with. */
function isName(word: Token, passage: Passage): boolean {
  const { language, lines } = passage;
  if (!/^\p{Lu}/u.test(word.raw) || isCalendar(word) || NO_NAMES.test(word.text)) return false;
  if (isSpeaker(word.raw, passage)) return true;
  if (!isContent(word, language) || isOpener(word, language) || isPlural(word, language)) return false;
  return !lines.some(({ utterance }) => new WordBag([utterance.text], language).isOrdinary(word));
}

const NO_NAMES = /^(?:chacune?|demain|aujourd|maintenant|noel|paques|today|tomorrow|people|time|christmas|easter)$/;

/** "Customers", "prices": English nouns need no article. */
const isPlural = ({ text }: Token, language: Language): boolean =>
  language === 'en' && text.length > 4 && /(?:[^aiouys]s|es)$/.test(text);

/** Whom a sentence calls: a participant it names, else a name set apart by a comma. */
function calledIn(sentence: Sentence, passage: Passage): string | undefined {
  const words = new Set(tokensOf(sentence.folded).map((token) => token.text));
  const names = [...passage.speakers.values()];
  const whole = names.find((name) => tokensOf(name).every((token) => words.has(token.text)));
  const first = names.flatMap((name) => tokensOf(name).slice(0, 1)).find((token) => words.has(token.text))?.raw;
  const [, before, behind] = /^(\p{L}[\p{L}-]+), |, (\p{L}[\p{L}-]+)[ ?]*$/u.exec(sentence.folded) ?? [];
  const called = before ?? behind;
  return whole ?? first ?? (called && nameIn(called, sentence, passage));
}

function retraction(sentence: Sentence, passage: Passage, items: readonly MeetingItem[]): MeetingItem | undefined {
  const claim = { text: sentence.text, takes_back: null, settles: false };
  const target = targetOf(claim, [proofOf(sentence)], { passage, items });
  if (!target) return undefined;
  return {
    kind: 'retraction',
    ...base('retraction', sentence, passage, items),
    takes_back: target.itemId,
    settles: target.kind === 'question',
  };
}
