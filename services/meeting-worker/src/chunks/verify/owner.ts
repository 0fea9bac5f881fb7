import type { Language } from '@eloquence/shared/contracts/ids';
import type { Owner, Speaker } from '@eloquence/shared/contracts/meeting';
import { findQuote } from '@eloquence/shared/runtime/text/find-quote';
import { isPast } from '@eloquence/shared/runtime/text/past';
import { isNegated, refuses } from '@eloquence/shared/runtime/text/polarity';
import { clausesOf, sentencesOf } from '@eloquence/shared/runtime/text/sentences';
import { contentStems, tokensOf } from '@eloquence/shared/runtime/text/words';
import { lineAt, type Line } from '../lines.ts';

export interface OwnerClaim {
  readonly owner: string;
  /** What is to be done. */
  readonly task: string;
  /** Lines that were quoted. */
  readonly cited: readonly Line[];
}

interface People {
  readonly language: Language;
  readonly lines: readonly Line[];
  readonly speakers: ReadonlyMap<Speaker, string>;
}

const SHORT_SENTENCE_WORDS = 6;
/** As models say that nobody was named. */
const NOBODY =
  /^(?:|on|nous|we|us|personne|nobody|no ?one|none|null|inconnu|unknown|n a|non (?:precise|defini|specifie|attribue)e?|a definir|tbd|unassigned|unspecified|not (?:specified|assigned|stated)|tout le monde|tous|everyone|everybody|all)$/;
const SELF = /^(?:je|j|moi|moi meme|i|me|myself)$/;
const TITLES = /^(?:m|mr|mrs|ms|mme|mlle|monsieur|madame|dr|docteur|me|maitre)$/;
const FIRST_PERSON = /\b(?:je|j|moi|i|ill|me|mine)\b/;
/** Takes on what was just said, whatever it was. */
const TAKES_ON =
  /\b(?:je|j) (?:(?:te |vous )?(?:le|la|les|l)|m en|m y|vais le|vais la|vais les|vais m en|prends|note|gere|ferai)\b|\bje (?:peux|veux bien) (?:le|la|les|m en)\b|\b(?:c est|ce sera) (?:pour )?moi\b|\bmoi\b.*\bje\b|\bi(?: wi)?ll\b(?! (?:be|have|see|not|never|say)\b)|\bi (?:can|shall|am going to)\b(?! (?:be|have|see|not|say|imagine|understand)\b)|\bi m (?:going to|on it)\b|\blet me\b|\bleave it (?:to|with) me\b|\bon it\b/;
const ADDRESSES =
  /\b(?:tu|te|t|toi|ton|ta|vous|votre|you|your)\b|\bqui (?:peut|va|veut|s en)\b|\bwho (?:can|will|wants)\b/;

const spaced = (text: string): string =>
  tokensOf(text)
    .map((token) => token.text)
    .join(' ');

/** Tells something, and promises nothing. */
const TELLS =
  /\b(?:je|j) (?:(?:vous|te|ai) )?(?:rappel\w*|dis|dirais|demande|signale|pense|crois|trouve|vois|sais|constate|remarque|espere)\b|\bi (?:think|believe|know|guess|mean|hope|see|remind|remember|wonder|say|said|told)\b/g;

/** What of an utterance may promise: its parts that deny nothing. */
const promising = (text: string): string =>
  clausesOf(text)
    .filter((part) => !isNegated(part.text))
    .map((part) => spaced(part.text).replaceAll(TELLS, ' '))
    .join(' ');

/** Whether words take on what was just asked. */
export const takesOnTask = (text: string): boolean => !refuses(text) && TAKES_ON.test(promising(text));

export type OwnerVerdict = { readonly kind: 'owner'; readonly owner: Owner | null } | { readonly kind: 'refused' };

/**
 * Whose task it is, as far as the words prove it: somebody who takes it on himself, or a name that was said. A name several
 * participants have stays a name.
 */
export function verifyOwner(claim: OwnerClaim, people: People): OwnerVerdict {
  const said = spaced(claim.owner);
  if (NOBODY.test(said)) return { kind: 'owner', owner: null };
  if (SELF.test(said) && !isCalled(said, people)) return ofSelf(claim, people);
  const named = participantsNamed(claim.owner, people.speakers);
  const takers = named.filter((speaker) => takesOn(speaker, claim, people));
  const [taker] = takers;
  if (taker !== undefined && takers.length === 1) return { kind: 'owner', owner: { kind: 'speaker', speaker: taker } };
  if (named.length === 0) return ofName(claim.owner, claim, people);
  return ofParticipants(named, claim, people);
}

const isCalled = (said: string, { speakers }: People): boolean =>
  [...speakers.values()].some((name) => spaced(name) === said);

function ofSelf(claim: OwnerClaim, people: People): OwnerVerdict {
  const takers = [...new Set(claim.cited.map(({ utterance }) => utterance.speaker))].filter((speaker) =>
    takesOn(speaker, claim, people),
  );
  const [speaker] = takers;
  if (speaker === undefined || takers.length > 1) return { kind: 'refused' };
  return { kind: 'owner', owner: { kind: 'speaker', speaker } };
}

/** Those whose full name it is; else those whose first or last name it is. */
function participantsNamed(owner: string, speakers: People['speakers']): Speaker[] {
  const wanted = nameWords(owner);
  const of = (fits: (name: string[]) => boolean) =>
    [...speakers].filter(([, name]) => fits(nameWords(name))).map(([speaker]) => speaker);
  const full = of((name) => name.join(' ') === wanted.join(' '));
  if (full.length > 0 && wanted.length > 1) return full;
  return of((name) => wanted.length > 0 && wanted.every((word) => name.includes(word)));
}

const nameWords = (name: string): string[] =>
  tokensOf(name)
    .map((token) => token.text)
    .filter((word) => !TITLES.test(word));

/** One of several who have the name that was said is nobody in particular. */
function ofParticipants(named: readonly Speaker[], claim: OwnerClaim, people: People): OwnerVerdict {
  const spoken = named.map((speaker) => ({ speaker, as: spokenName(speaker, claim, people) }));
  const [one] = spoken.filter(({ as }) => as !== undefined);
  if (!one?.as) return { kind: 'refused' };
  const wanted = nameWords(one.as);
  const fits = [...people.speakers].filter(([, name]) => wanted.every((word) => nameWords(name).includes(word)));
  if (fits.length > 1) return { kind: 'owner', owner: { kind: 'name', name: one.as } };
  return { kind: 'owner', owner: { kind: 'speaker', speaker: one.speaker } };
}

/** The participant's name as it was said: the whole, else the first, else the last. */
function spokenName(speaker: Speaker, claim: OwnerClaim, people: People): string | undefined {
  const name = people.speakers.get(speaker) ?? '';
  const words = tokensOf(name).filter((token) => !TITLES.test(token.text));
  const forms = [words.map((token) => token.raw).join(' '), words[0]?.raw, words.at(-1)?.raw];
  for (const form of forms) {
    const said = form === undefined ? undefined : spokenAs(form, claim, people);
    if (said !== undefined) return said;
  }
  return undefined;
}

function ofName(owner: string, claim: OwnerClaim, people: People): OwnerVerdict {
  const name = spokenAs(owner, claim, people);
  return name === undefined ? { kind: 'refused' } : { kind: 'owner', owner: { kind: 'name', name } };
}

/** A name as it was said: in a quoted line, or in one beside it that speaks to somebody or of the task. */
function spokenAs(name: string, { cited, task }: OwnerClaim, { lines, language }: People): string | undefined {
  const stems = contentStems(task, language);
  const beside = cited.flatMap(({ position }) => [lineAt(lines, position - 1), lineAt(lines, position + 1)]);
  const near = beside.filter(
    (line): line is Line =>
      line !== undefined &&
      (ADDRESSES.test(spaced(line.utterance.text)) || sharesTask(line.utterance.text, stems, language)),
  );
  for (const { utterance } of [...cited, ...near])
    for (const sentence of sentencesAbout(utterance.text, stems, language)) {
      const found = wholeName(sentence, name);
      if (found !== undefined && !isOver(found, sentence)) return found;
    }
  return undefined;
}

/**
 * The sentences of a text that may say whose task it is: where some speak of the task, only those, what is said to somebody, and short
 * ones ("Karim s'en occupe."); a name that comes up in other talk says nothing.
 */
function sentencesAbout(text: string, stems: ReadonlySet<string>, language: Language): string[] {
  const sentences = sentencesOf(text).map((part) => part.text);
  if (!sentences.some((sentence) => sharesTask(sentence, stems, language))) return [text];
  return sentences.filter(
    (sentence) =>
      sharesTask(sentence, stems, language) ||
      ADDRESSES.test(spaced(sentence)) ||
      tokensOf(sentence).length <= SHORT_SENTENCE_WORDS,
  );
}

/** Everything that a sentence says of somebody is past: it was their task. */
function isOver(name: string, sentence: string): boolean {
  const rests = clausesOf(sentence).flatMap(({ text }) => {
    const at = text.indexOf(name);
    return at < 0 ? [] : [text.slice(at + name.length).replace(/^(?:\s\p{Lu}\p{L}+)+/u, '')];
  });
  return rests.length > 0 && rests.every(isPast);
}

function wholeName(text: string, name: string): string | undefined {
  const wanted = tokensOf(name).map((token) => token.text);
  const tokens = tokensOf(text);
  const at = tokens.findIndex((_, index) => wanted.every((word, offset) => tokens[index + offset]?.text === word));
  if (at < 0 || wanted.length === 0) return findQuote(text, name)?.quote;
  return text.slice(tokens[at]?.start, tokens[at + wanted.length - 1]?.end);
}

/** Half of a task's words: it is spoken of. */
function sharesTask(text: string, stems: ReadonlySet<string>, language: Language): boolean {
  const said = contentStems(text, language);
  const shared = [...stems].filter((stem) => said.has(stem)).length;
  return shared > 0 && shared * 2 >= stems.size;
}

/**
 * Says "I" of the task in a quoted line, or takes on what was asked there in a line of theirs that is quoted or comes next.
 */
function takesOn(speaker: Speaker, { cited, task }: OwnerClaim, { lines, language }: People): boolean {
  const stems = contentStems(task, language);
  const isTheirs = (line: Line | undefined): line is Line => line?.utterance.speaker === speaker;
  // Two who promise something in the quoted lines: whoever speaks of this task.
  const promised = (line: Line) => Math.max(0, ...promisesIn(line).map((clause) => shared(clause, stems, language)));
  const most = Math.max(0, ...cited.map(promised));
  const inQuoted = cited
    .filter(isTheirs)
    .some((line) => (most > 0 && promised(line) === most) || isShortPromise(line.utterance.text, stems, language));
  if (inQuoted) return true;
  return cited.some((line) => {
    const next = lineAt(lines, line.position + 1);
    return isTheirs(next) && ADDRESSES.test(spaced(line.utterance.text)) && takesOnTask(next.utterance.text);
  });
}

/** Parts of a line that say "I" of something to be done. */
const promisesIn = ({ utterance }: Line): string[] =>
  clausesOf(utterance.text)
    .filter(
      (part) => !isPast(part.text.replace(/^.*?\b(?:je |j['’]|i )/i, '')) || !/\b(?:je |j['’]|i )/i.test(part.text),
    )
    .map((part) => promising(part.text))
    .filter((clause) => FIRST_PERSON.test(clause) || TAKES_ON.test(clause));

/** Takes on what was said before, and speaks of no other thing. */
function isShortPromise(text: string, stems: ReadonlySet<string>, language: Language): boolean {
  if (!takesOnTask(text)) return false;
  const own = [...contentStems(promising(text), language)].filter((stem) => !stems.has(stem));
  return OF_IT.test(spaced(text)) || own.length <= SHORT_PROMISE_WORDS;
}

const OF_IT = /\b(?:it|that|this|them|m en|m y|je (?:le|la|les|l)|vais (?:le|la|les|l)|ca|cela)\b/;
const SHORT_PROMISE_WORDS = 1;

const shared = (clause: string, stems: ReadonlySet<string>, language: Language): number =>
  [...contentStems(clause, language)].filter((stem) => stems.has(stem)).length;
