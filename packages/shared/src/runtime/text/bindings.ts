import type { Language } from '../../contracts/ids.ts';
import { numbersIn } from '../numbers-in.ts';
import { findQuote } from './find-quote.ts';
import { isOpener } from './openers.ts';
import { isNegated, isQuestion } from './polarity.ts';
import { sentencesOf } from './sentences.ts';
import { isCalendar } from './support.ts';
import { fold, isContent, stemOf, tokensOf, type Token, type WordBag } from './words.ts';

/** What somebody said. */
export interface SaidBy {
  readonly text: string;
  /** Whose words they are: whom "I" means. */
  readonly name: string;
}

interface Speech {
  readonly language: Language;
  /** Everything said near: what is written small there is no name. */
  readonly everything: WordBag;
  /** Names of everybody who speaks. */
  readonly people: WordBag;
}

/** What somebody makes of it. */
interface Bound {
  readonly text: string;
  /** Of a task. */
  readonly owner?: string | null;
  readonly due?: string | null;
}

/**
 * Whether words were said, but not together: of another thing, of somebody else, the other way round, or only to set them aside. A check by
 * words; what it does not see is listed in meeting-worker's `bound-claims.test.ts`.
 */
export function bindsOtherwise({ text, owner, due }: Bound, said: readonly SaidBy[], speech: Speech): boolean {
  const done = owner ? `${owner} ${text}` : text;
  const whole = `${done} ${due ?? ''}`;
  if (!isQuestion(text) && turnsAround(done, said, speech)) return true;
  if (!isNegated(text) && takesSetAside(whole, said, speech)) return true;
  const read = said.flatMap((one) => sentencesOf(one.text).map((part) => partsOf({ ...one, text: part.text }, speech)));
  const together = [...new Set([text, done, `${text} ${due ?? ''}`, whole])];
  // What stands there word for word is put together by whoever said it.
  const claims = together.filter((claim) => !said.some((one) => findQuote(one.text, claim)));
  return claims.some((claim) => partsOf({ text: claim, name: '' }, speech).some((part) => crosses(part, read)));
}

/** Words of a kind of which a sentence may name several, each with words of its own. */
type Kind = 'person' | 'name' | 'self' | 'number' | 'day' | 'label';
interface Word {
  /** Its stem; of names and labels the word. */
  readonly key: string;
  readonly kind: Kind | 'other';
  /** Follows somebody who does it. */
  readonly isVerb?: boolean;
}

/** Where one thing ends and the next begins: "A en mai, B en juin", "X et Y", "pas Z". */
const JOINTS = /[,;:]|\b(?:et|and|mais|but|contre|versus|tandis que|alors que|while|whereas|puis|then)\b/giu;
/** So many words make a part; fewer belong to the part beside. */
const MIN_PART = 2;

/**
 * Whether a claim puts together what the words set apart: of "Rennes opens in May, Lille in September" it says that Lille opens in May.
 * Of words of one kind (names, numbers, days) each goes with its part of the sentence; a later part may leave out what an earlier said,
 * never the other way round.
 */
function crosses(claimed: readonly Word[], sentences: readonly (readonly Word[])[][]): boolean {
  const crossing = new Set(sentences.filter((parts) => parts.length > 1 && isCrossed(claimed, parts)));
  if (crossing.size === 0) return false;
  const keys = claimed.map(({ key }) => key);
  return !sentences.some((parts) => !crossing.has(parts) && keys.every((key) => has(parts.flat(), key)));
}

const has = (part: readonly Word[], key: string): boolean => part.some((word) => isForm(word.key, key));

/** Stems of a verb and its noun begin alike. */
const MIN_STEM = 4;
function isForm(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short === long || (short.length >= MIN_STEM && long.startsWith(short));
}

function isCrossed(claimed: readonly Word[], parts: readonly (readonly Word[])[]): boolean {
  const claims = new Set(claimed.map(({ key }) => key).filter((key) => key !== ANAPHOR));
  if (takesVerb(claimed, claims, parts)) return true;
  return [...claims].some((key) => {
    const own = parts.flatMap((part, index) => (has(part, key) ? [index] : []));
    const [at] = own;
    const kind = at === undefined ? undefined : parts[at]?.find((word) => isForm(word.key, key))?.kind;
    if (at === undefined || own.length > 1 || kind === undefined || kind === 'other') return false;
    const isRival = (word: Word) => areRivals(word.kind, kind) && !claims.has(word.key);
    const rivals = parts.flatMap((part, index) => (index !== at && part.some(isRival) ? [index] : []));
    const others = [...claims].filter((other) => other !== key);
    const withIt = others.filter((other) => has(parts[at] ?? [], other));
    const withRivals = others.filter((other) => rivals.some((index) => has(parts[index] ?? [], other)));
    const onlyWithRivals = withRivals.filter((other) => !withIt.includes(other));
    if (withIt.length === 0 && onlyWithRivals.length > 0 && !has(parts[at] ?? [], ANAPHOR)) return true;
    const later = new Set(rivals.filter((index) => index > at));
    return onlyWithRivals.some((other) => parts.every((part, index) => later.has(index) || !has(part, other)));
  });
}

/** People stand against each other and against whoever says "I"; a town or a client does not stand against "I". */
function areRivals(one: Word['kind'], other: Word['kind']): boolean {
  const who: readonly Word['kind'][] = ['person', 'name', 'self'];
  if (!who.includes(one) || !who.includes(other)) return one === other;
  return one === 'person' || other === 'person' || one === other;
}

/** Does to one thing what is done to another: "on garde la lettre et on arrête les affiches" stops no letter. */
function takesVerb(
  claimed: readonly Word[],
  claims: ReadonlySet<string>,
  parts: readonly (readonly Word[])[],
): boolean {
  const lead = claimed.find(({ kind }) => kind === 'other')?.key;
  if (lead === undefined) return false;
  const others = [...claims].filter((key) => key !== lead);
  const isTaken = (word: Word) => word.isVerb && isForm(word.key, lead);
  return parts.some((part) => {
    if (!part.some(isTaken) || has(part, ANAPHOR) || others.some((key) => has(part, key))) return false;
    const elsewhere = parts.filter((other) => others.some((key) => has(other, key)));
    const doesOther = (other: readonly Word[]) =>
      !has(other, lead) && other.some(({ isVerb, key }) => isVerb && !claims.has(key));
    return elsewhere.length > 0 && elsewhere.every(doesOther);
  });
}

/** The parts of a sentence that say one thing each, as their words; what is too short goes with the part beside. */
function partsOf(said: SaidBy, speech: Speech): Word[][] {
  const { text } = said;
  const wordsIn = reader(said, speech);
  const parts: Word[][] = [];
  /** Somebody who is called: of what comes next. */
  let called: Word[] = [];
  let start = 0;
  for (const joint of [...text.matchAll(JOINTS), undefined]) {
    const end = joint?.index ?? text.length;
    const words = [...called, ...wordsIn(start, end)];
    start = joint ? end + joint[0].length : end;
    const last = parts.at(-1);
    const isCall = words.every(({ kind }) => kind === 'name' || kind === 'person') && joint?.[0] === ',';
    called = isCall ? words : [];
    if (isCall) continue;
    if (last && (words.length < MIN_PART || last.length < MIN_PART)) last.push(...words);
    else if (words.length > 0) parts.push(words);
  }
  return parts;
}

const anyOf = (...patterns: readonly string[]): string => `(?:${patterns.join('|')})`;

/** What, an earlier part says. */
const TAKES_UP = new RegExp(
  anyOf(
    // "C'est Nadia", "Paul s'en charge".
    String.raw`\b(?:c['’]est|ce sera|s['’]en|m['’]en)\b`,
    // "Nadia le rend demain".
    String.raw`\b(?:l['’]|le |la |les )\p{L}+(?= (?:le|la|demain|pour|avant|d['’]ici)\b)\b`,
    // "Je les relance", "on y va".
    String.raw`\b(?:on|nous|je|tu|vous|ils?|elles?) (?:l['’]|(?:le|la|les|lui|leur|y|en) )\p{L}+`,
    // "… pour le finir".
    String.raw`\b(?:de|à|pour) (?:l['’]|(?:le|la|les) )\p{L}+(?:er|ir|re)\b`,
    // "Julie does it".
    String.raw`\b(?:does|do it|doing it|it)\b`,
  ),
  'iu',
);
/** Stands for such a word; no stem. */
const ANAPHOR = '@it';

/** Times that stand against each other. */
const TIMES = new RegExp(
  anyOf(
    String.raw`\bl['’](?:an dernier|ann[ée]e derni[èe]re|an prochain|ann[ée]e prochaine)\b`,
    String.raw`\b(?:le mois|la semaine) derni[èe]re?\b|\bla derni[èe]re fois\b`,
    String.raw`\b(?:cette ann[ée]e|cette semaine|ce mois-ci|cette fois)\b`,
    String.raw`\b(?:last|this|next) (?:year|month|week|time|quarter)\b`,
  ),
  'giu',
);
const DOER = /(?<=\b(?:on|nous|je|tu|ils?|elles?|we|i|you|they|he|she|to)\s+|\bj['’])/iy;
const TO_DO = /(?<=\b(?:de\s+|d['’]))/iy;
const INFINITIVE = /(?:er|ir|re)$/;

const FIRST_PERSON = /^(?:je|j|moi|i|me|my|mine|myself)$/;

/** Whether what a sticky pattern looks back at stands right before a word. Looking back from the word keeps long texts linear. */
function stands(pattern: RegExp, text: string, { start }: Token): boolean {
  pattern.lastIndex = start;
  return pattern.test(text);
}

/** Reads a text once, for the words of any of its parts. */
function reader({ text, name }: SaidBy, speech: Speech): (from: number, to: number) => Word[] {
  const times = [...text.matchAll(TIMES)].map(({ 0: said, index }) => ({
    said,
    start: index,
    end: index + said.length,
  }));
  const tokens = tokensOf(text);
  const read = tokens.map((token) => ({ token, word: wordOf(token, { text, isFirst: token === tokens[0], speech }) }));
  const self = tokensOf(name).map((token): Word => ({ key: token.text, kind: 'self' }));
  return (from, to) => {
    const isIn = ({ start, end }: { readonly start: number; readonly end: number }) => start >= from && end <= to;
    const timesIn = times.filter(isIn);
    const isOfTime = ({ start, end }: Token) => timesIn.some((time) => start >= time.start && end <= time.end);
    const readIn = read.filter(({ token }) => isIn(token) && !isOfTime(token));
    const part = text.slice(from, to);
    return [
      ...readIn.flatMap(({ word }) => word ?? []),
      ...timesIn.map(({ said }): Word => ({ key: fold(said), kind: 'day' })),
      ...[...numbersIn(part)].map((key): Word => ({ key, kind: 'number' })),
      ...(TAKES_UP.test(part) ? [{ key: ANAPHOR, kind: 'other' } as const] : []),
      ...(readIn.some(({ token }) => FIRST_PERSON.test(token.text)) ? self : []),
    ];
  };
}

function wordOf(
  token: Token,
  { text, isFirst, speech }: { readonly text: string; readonly isFirst: boolean; readonly speech: Speech },
): Word | undefined {
  const kind = kindOf(token, { isFirst, speech });
  if (kind === undefined || numbersIn(token.raw).size > 0) return undefined;
  const isVerb = stands(DOER, text, token) || (stands(TO_DO, text, token) && INFINITIVE.test(token.text));
  return { key: kind === 'other' ? stemOf(token.raw, speech.language) : token.text, kind, isVerb };
}

function kindOf(
  token: Token,
  { isFirst, speech }: { readonly isFirst: boolean; readonly speech: Speech },
): Word['kind'] | undefined {
  const { language, everything, people } = speech;
  if (isCalendar(token)) return 'day';
  if (/^\p{Lu}$/u.test(token.raw) && !isFirst && token.text !== 'i') return 'label';
  if (!isContent(token, language)) return undefined;
  if (!/^\p{Lu}/u.test(token.raw) || everything.isOrdinary(token)) return 'other';
  if (people.has(token)) return 'person';
  return !isFirst || !isOpener(token, language) ? 'name' : 'other';
}

/** "Pas Paul", "à la place de Karim": before a name, a figure or a word that is set aside. */
const ASIDE = anyOf(
  String.raw`(?:^|[,;:.…(]\s*|\b(?:et|mais|and|but) )(?:pas|not)`,
  String.raw`(?<!\p{L})(?:plutôt qu[e'’]|au lieu d[e'’]|à la place d[eu'’]|et non|instead of|rather than|in place of)`,
);
const SMALL_WORDS = String.raw`(?:(?:à|de|du|des|celui|celle|ceux|celles|le|la|les|l['’]|l|d['’]|the|one|to|for|by|in)\s*)*`;
const WHAT = String.raw`(\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)?|\d[\d ]*|\p{L}+)`;
const SET_ASIDE = new RegExp(String.raw`${ASIDE}\s*${SMALL_WORDS}${WHAT}`, 'giu');
/** "Paul… enfin non, Julie". */
const CORRECTION =
  /(?:[,…]|\.{3}|–|—)\s*(?:(?:enfin|euh|ah|mais|uh|oh|well) )*(?:non|no|pardon|sorry|je veux dire|i mean|correction|plutôt|or rather)\b[,\s]*/giu;

/** Whether a claim names, as owner, figure or day, what the words set aside, and does not set it aside itself. */
function takesSetAside(claim: string, said: readonly SaidBy[], speech: Speech): boolean {
  const claimed = partsOf({ text: claim, name: '' }, speech).flat();
  const inClaim = asideIn({ text: claim, name: '' }, speech);
  return said.some((one) =>
    asideIn(one, speech).some(
      (aside) => aside.kind !== 'other' && has(claimed, aside.key) && !inClaim.some(({ key }) => key === aside.key),
    ),
  );
}

/** Letters around a correction in which stands what is corrected, and by what. */
const CORRECTED_WITHIN = 200;

function asideIn(said: SaidBy, speech: Speech): Word[] {
  const { text } = said;
  const wordsIn = reader(said, speech);
  const named = [...text.matchAll(SET_ASIDE)].flatMap(({ index, 0: all, 1: what = '' }) =>
    wordsIn(index + all.length - what.length, index + all.length),
  );
  const corrected = [...text.matchAll(CORRECTION)].flatMap(({ index, 0: mark }) => {
    const behind = index + mark.length;
    const [instead] = wordsIn(behind, behind + CORRECTED_WITHIN).filter(({ kind }) => kind !== 'other');
    const before = wordsIn(Math.max(0, index - CORRECTED_WITHIN), index).filter(
      ({ kind }) => instead && areRivals(kind, instead.kind),
    );
    return before.slice(-1);
  });
  return [...named, ...corrected];
}

const PASSIVE = /\b(?:par|by)\b/i;
/** Where something is, or to whom it goes: such words stand on either side of a verb. */
const WITH_PREPOSITION =
  /(?<=(?<!\p{L})(?:à|au|aux|de|du|des|d|en|chez|pour|avec|sur|dans|sans|entre|to|for|with|of|in|at|from|on|about|between)\s+(?:(?:le|la|les|l|the|a|an|un|une|nos|notre|our)\s+)?)/iuy;
/** "…, Karim ?" is called, and does it. */
const CALLED = /(?<=,\s*)/y;

/**
 * Whether a claim turns round who does it to whom: the words say "Sophie paid Julie", the claim "Julie paid Sophie". What stands
 * before a verb and behind it has changed places.
 */
function turnsAround(claim: string, said: readonly SaidBy[], { language }: Speech): boolean {
  if (PASSIVE.test(claim)) return false;
  return said
    .flatMap(({ text }) => sentencesOf(text))
    .some(({ text }) => !PASSIVE.test(text) && swappedIn(claim, text, language));
}

interface Placed extends Token {
  readonly key: string;
}

/** "We" and "us" are one. */
const WE = /^(?:nous|we|us)$/;
const WE_KEY = '@we';
const placed = (text: string, language: Language): Placed[] =>
  tokensOf(text).flatMap((token) => {
    if (WE.test(token.text)) return [{ ...token, key: WE_KEY }];
    return isContent(token, language) && !isCalendar(token) && !/^\d/.test(token.text)
      ? [{ ...token, key: stemOf(token.raw, language) }]
      : [];
  });

const isFree = (text: string, word: Token): boolean => !stands(WITH_PREPOSITION, text, word);

/** Whether somebody of the claim does to another what the other does to him in the words. */
function swappedIn(claim: string, text: string, language: Language): boolean {
  const [claimed, said] = [placed(claim, language), placed(text, language)];
  const places = claimed.map(({ key }) => said.find((word) => isForm(word.key, key)));
  return claimed.some((doer, first) => {
    const saidBehind = places[first];
    if (!saidBehind || !isFree(claim, doer) || stands(CALLED, text, saidBehind)) return false;
    // "Delmas nous rachète …": the pronoun stands before its verb. "Le budget, nous …" says nothing of what the budget does.
    const isPronoun = doer.key === WE_KEY;
    return claimed.some((other, second) => {
      const saidBefore = places[second];
      if (second < first + 2 || !saidBefore || saidBefore.start >= saidBehind.start) return false;
      if (!isFree(text, saidBefore)) return false;
      if (isPronoun ? text.slice(saidBefore.end, saidBehind.start).includes(',') : !isFree(claim, other)) return false;
      return places.slice(first + 1, second).some((verb) => {
        const place = verb?.start ?? -1;
        return place > saidBefore.start && (isPronoun || place < saidBehind.start);
      });
    });
  });
}
