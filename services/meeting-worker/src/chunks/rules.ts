import type { Language } from '@eloquence/shared/contracts/ids';
import type { ActionItem, MeetingItem } from '@eloquence/shared/contracts/meeting';
import { nextItemId } from './item-ids.ts';
import { lineAt, type Line, type Passage } from './lines.ts';
import { mergeItem } from './merge-items.ts';
import { isHedged, isNegated, isProposed } from './text/polarity.ts';
import { sentencesOf, type Part } from './text/sentences.ts';
import { contentStems, fold, tokensOf } from './text/words.ts';
import { dateOf, dueWordsIn } from './verify/due-date.ts';
import { evidenceOf, type Proof } from './verify/evidence.ts';
import { uncontested } from './verify/exchange.ts';
import { isInstructionLine } from './verify/instruction.ts';
import { takesOnTask, verifyOwner } from './verify/owner.ts';
import { targetOf } from './verify/retraction.ts';

/** Of the rules below; another one makes other items of the same text. */
export const RULES_VERSION = 'rules-1';

/** Longer ones are mostly several sentences that the recogniser wrote without marks. */
const MAX_WORDS = 60;
const MIN_WORDS = 3;

interface Cues {
  readonly decision: RegExp;
  readonly retraction: RegExp;
  readonly self: RegExp;
  /** Somebody is asked to do something. */
  readonly request: RegExp;
  readonly need: RegExp;
  /** `$1` has to do something. */
  readonly other: RegExp;
  /** Asks for somebody to do it. */
  readonly who: RegExp;
  /** No work: "je vais vous dire". */
  readonly talk: RegExp;
  /** Takes on what somebody has asked. */
  readonly anaphor: RegExp;
  readonly opener: RegExp;
}

/** On folded text with straight apostrophes. */
const CUES: Readonly<Record<Language, Cues>> = {
  fr: {
    decision:
      /\b(?:on|nous) (?:decide|decidons)\b|\b(?:on a|nous avons|a ete|ont) decide|\bc'est (?:decide|valide|acte|entendu|arrete)\b|\bdecision (?:est )?prise\b|\b(?:on|nous) (?:retient|retenons|valide|validons|acte|actons|part sur|tranche)\b|\bon est (?:bien |tous )?d'accord (?:pour|sur|:)|, on est (?:bien |tous )?d'accord$/,
    retraction:
      /\b(?:on|nous) (?:annule|annulons|renonce|renoncons|abandonne|abandonnons|revient sur|revenons sur|revient en arriere)|\bfinalement\b.*\bne?\b.*\b(?:pas|plus)\b/,
    self: /\bje (?:vais|me charge|m'occupe|m'engage a|ferai|prends en charge)\b|\bc'est moi qui (?:vais|ferai)\b|\bje (?:\p{L}{3,}erai)\b/u,
    request:
      /\b(?:tu|vous) (?:peux|pouvez|pourrais|pourriez|t'en (?:charges|occupes)|vous en (?:chargez|occupez))\b|\b(?:peux-tu|pouvez-vous|pourrais-tu|pourriez-vous)\b/,
    need: /\b(?:il faut|il va falloir|il faudra|on doit|nous devons) (?!que\b|pas\b|bien\b)\p{L}+(?:er|ir|re|oir)\b/u,
    other:
      /(?:^|[,;:] ?)(.{2,40}?) (?:doit|va|devra|s'occupe|se charge|s'occupera|se chargera)\b|\baction (?:est )?pour (.{2,40}?) ?:/,
    who: /^(?:et )?qui (?:peut|va|veut|s'occupe|se charge)\b/,
    talk: /\b(?:je vais|il faut|il faudra|il va falloir|on doit|nous devons) (?:vous |te |le |y |bien |aussi |etre |avoir )*(?:dire|voir|savoir|expliquer|commencer|revenir|parler|laisser|essayer|etre|avoir|reconnaitre|admettre|avouer|passer|finir|penser|attendre|noter que|bien|mieux)\b/,
    anaphor:
      /\bje (?:m'en|le|la|les|l') ?(?:charge|occupe|fais|ferai|prends|vais)|\bje vais (?:le|la|les|m'en) \p{L}+/u,
    opener:
      /^(?:(?:oui|non|alors|donc|bon|bien|ok|d'accord|voila|et|mais|du coup|en fait|bref|eh bien|euh|ecoutez)[,\s]+)+/i,
  },
  en: {
    decision:
      /\bwe (?:have |ve |'ve )?decided?\b|\b(?:it is|it's|that is|that's) (?:decided|agreed|settled)\b|\bwe (?:all )?agreed?\b(?! with)|\bdecision (?:is|was) (?:made|taken)\b|\bwe(?:'ll| will) go with\b|\bwe are going with\b/,
    retraction:
      /\bwe (?:cancel|give up|drop|abandon|no longer)\b|\b(?:in the end|finally|actually)\b.*\bwe (?:will not|won't|do not|don't)\b|\bgo back on\b|\bon second thought\b/,
    self: /\bi(?:'ll| will| shall| am going to|'m going to) \w+|\blet me take (?:that|care)\b/,
    request: /\b(?:can|could|will|would) you\b|\bwill you take care\b/,
    need: /\b(?:we|somebody|someone) (?:need to|needs to|have to|has to|must) \w+/,
    other:
      /(?:^|[,;:] ?)(.{2,40}?) (?:will|has to|needs to|is going to|must|takes care of)\b|\baction is for (.{2,40}?) ?:/,
    who: /^(?:and )?who (?:can|will|wants to|takes)\b/,
    talk: /\b(?:will|'ll|going to|need to|have to|has to|must) (?:also |just |be |have )*(?:say|see|know|tell you|explain|begin|start with|come back|talk|try|admit|be|have|show you|wait|think|pass|finish|mention)\b/,
    anaphor: /\bi(?:'ll| will| can| am going to) (?:do|take care of|handle|take) (?:it|that|this|them)\b/,
    opener: /^(?:(?:yes|no|so|well|okay|ok|right|and|but|actually|now|then)[,\s]+)+/i,
  },
};

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
  if (cues.decision.test(folded)) return plainItem('decision', sentence, passage, items);
  // "I will take care of it" does not say of what; the request before it does.
  if (cues.anaphor.test(folded)) return undefined;
  const isWork = cues.self.test(folded) || cues.need.test(folded) || ownerNamed(sentence, passage) !== undefined;
  return isWork && !cues.talk.test(folded) ? action(sentence, passage, items) : undefined;
}

/** Not "non ?" at the end of a statement. */
function isRealQuestion({ folded, text }: Sentence, language: Language): boolean {
  const asks =
    language === 'fr'
      ? /\b(?:qui|que|qu'est|quoi|quel|quelle|quels|quelles|quand|ou|comment|combien|pourquoi|est-ce|faut-il|peut-on|doit-on|a-t-on|\p{L}+-(?:t-)?(?:on|il|elle|ils|elles|nous|vous|tu|je))\b/u
      : /^(?:\S+[, ]+){0,3}(?:who|what|which|when|where|how|why|do|does|did|is|are|should|can|could|will|would|must|has|have|shall)\b/;
  return asks.test(folded) && contentStems(text, language).size > 1;
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
  const { line, text, folded } = sentence;
  const cues = CUES[passage.language];
  const common = base('action', sentence, passage, items);
  const next = nextTakesOn(sentence, passage);
  const named = cues.self.test(folded) && !cues.request.test(folded) ? 'je' : ownerNamed(sentence, passage);
  const verdict = named === undefined ? undefined : verifyOwner({ owner: named, task: text, cited: [line] }, passage);
  const owner: ActionItem['owner'] = next
    ? { kind: 'speaker', speaker: next.utterance.speaker }
    : verdict?.kind === 'owner'
      ? verdict.owner
      : null;
  const saidAtMs = passage.startedAtMs + line.utterance.start_ms;
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

/** A participant's name where the sentence has whoever is to do it, or calls somebody. */
function ownerNamed({ text, folded }: Sentence, { language, speakers }: Passage): string | undefined {
  const cues = CUES[language];
  const [, subject, forWhom] = cues.other.exec(folded) ?? [];
  const part = subject ?? forWhom ?? (cues.request.test(folded) ? folded : undefined);
  if (part === undefined) return undefined;
  if (forWhom !== undefined) return text.slice(folded.indexOf(forWhom)).slice(0, forWhom.length);
  const words = new Set(tokensOf(part).map((token) => token.text));
  const names = [...speakers.values()];
  const whole = names.find((name) => tokensOf(name).every((token) => words.has(token.text)));
  return whole ?? names.flatMap((name) => tokensOf(name).slice(0, 1)).find((first) => words.has(first.text))?.raw;
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
