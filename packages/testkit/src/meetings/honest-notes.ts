import type { ChunkAnswer, SynthesisAnswer } from '@eloquence/shared/contracts/meeting-llm';
import type { UtteranceId } from '@eloquence/shared/contracts/ids';
import { hasKeys } from './fact-words.ts';
import type { Mention, PlantedFact, SaidWords } from './planted-meeting.ts';
import { linesById, type Asked, type ItemLine, type TranscriptLine } from './prompt-lines.ts';

export type ChunkAsked = Extract<Asked, { of: 'chunk' }>;
export type ReportAsked = Extract<Asked, { of: 'report' }>;
export type Claims = ChunkAnswer['topics'][number]['evidence'];

const MAX_SUMMARY = 5;
const MAX_CHAPTERS = 6;
const MAX_TITLE_WORDS = 8;
const MAX_CHAPTER_ITEMS = 12;

/** A number of a text, always the same: what makes one model's answer differ from another without chance. */
export function numberOf(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return hash >>> 0;
}

/** An answer without anything in it. */
export const noNotes = (): ChunkAnswer => ({
  topics: [],
  decisions: [],
  actions: [],
  questions: [],
  highlights: [],
  retractions: [],
  glossary: [],
});

/** What a careful writer notes of the lines it is shown. */
export function honestChunk(asked: ChunkAsked): ChunkAnswer {
  const { meeting, lines, openItems } = asked;
  const shown = linesById(lines);
  const notes = noNotes();
  for (const fact of meeting.facts) {
    noteFact(fact, asked, shown, notes);
    if (fact.undone && isShown(fact.undone, shown))
      notes.retractions.push({
        text: fact.undone.note,
        takes_back: openItemOf(openItems, fact)?.id ?? null,
        settles: fact.kind === 'question',
        evidence: claims(fact.undone.words, shown),
      });
  }
  const talk = chatter(asked);
  const topic = talk.find(({ text }) => text.split(' ').length > 8);
  if (topic) notes.topics.push({ text: opening(topic.text), evidence: [claim(topic)] });
  const figure = talk.find((line) => line !== topic && /\d/.test(line.text));
  if (figure) notes.highlights.push({ text: sentenceWithFigure(figure.text), evidence: [claim(figure)] });
  notes.glossary.push(...namesIn(asked));
  return notes;
}

function noteFact(
  fact: PlantedFact,
  asked: ChunkAsked,
  shown: ReadonlyMap<UtteranceId, TranscriptLine>,
  notes: ChunkAnswer,
): void {
  const whole = fact.mentions.filter((mention) => isShown(mention, shown));
  const open = openItemOf(asked.openItems, fact);
  // Half of the writers note again what they were told is noted.
  if (whole.length > 0 && open && open.kind === fact.kind && numberOf(`${fact.id} again`) % 2 === 0) return;
  const asking = fact.kind === 'action' && open?.kind === 'question' ? open : undefined;
  if (whole.length > 0) {
    const evidence = whole.flatMap(({ words }) => claims(words, shown));
    push(fact, { text: worded(fact, whole[0]?.note ?? fact.statement), evidence }, notes);
    if (asking) settle(asking, fact, evidence, notes);
  } else notePart(fact, shown, { asking, notes });
}

/** Of question and answer only one is shown. */
function notePart(
  fact: PlantedFact,
  shown: ReadonlyMap<UtteranceId, TranscriptLine>,
  { asking, notes }: { readonly asking: ItemLine | undefined; readonly notes: ChunkAnswer },
): void {
  const part = fact.mentions.find(
    (mention) => mention.words.length > 1 && mention.words.some(({ utteranceId }) => shown.has(utteranceId)),
  );
  const [ask, answer] = part?.words ?? [];
  if (!ask || !answer) return;
  if ((shown.get(ask.utteranceId)?.position ?? 0) > 0) {
    // Nobody has answered yet.
    notes.questions.push({ text: ask.quote, evidence: claims([ask], shown) });
  } else if (asking && (shown.get(answer.utteranceId)?.position ?? 0) > 0) {
    const evidence = claims([answer], shown);
    push(fact, { text: fact.statement, evidence }, notes);
    settle(asking, fact, evidence, notes);
  }
}

function settle(asking: ItemLine, fact: PlantedFact, evidence: Claims, notes: ChunkAnswer): void {
  notes.retractions.push({ text: fact.statement, takes_back: asking.id, settles: true, evidence });
}

function push(fact: PlantedFact, note: { text: string; evidence: Claims }, notes: ChunkAnswer): void {
  if (fact.kind === 'decision') notes.decisions.push(note);
  else if (fact.kind === 'question') notes.questions.push(note);
  else
    notes.actions.push({
      text: note.text,
      owner: fact.owner && (fact.owner.kind === 'speaker' ? fact.owner.said : fact.owner.name),
      due: fact.due?.text ?? null,
      evidence: note.evidence,
    });
}

/** Writers do not all say it with the same words. */
function worded(fact: PlantedFact, note: string): string {
  const french = /^(?:[A-ZÉÈ]\S*er|\S+ir|\S+re)\b/.test(note);
  const way = numberOf(`${fact.id}${note}`) % 3;
  if (fact.kind !== 'decision' || way === 0 || note !== fact.statement) return note;
  return french ? `Décision : ${note.charAt(0).toLowerCase()}${note.slice(1)}` : note;
}

/** All of it, and not only among what was shown before. */
const isShown = (mention: Mention, shown: ReadonlyMap<UtteranceId, TranscriptLine>): boolean =>
  mention.words.every(({ utteranceId }) => shown.has(utteranceId)) &&
  mention.words.some(({ utteranceId }) => (shown.get(utteranceId)?.position ?? 0) > 0);

const openItemOf = (items: readonly ItemLine[], fact: PlantedFact): ItemLine | undefined =>
  items.find((item) => item.kind === fact.kind && hasKeys(item.text, fact.keys)) ??
  items.find((item) => hasKeys(item.text, fact.keys));

function claims(words: readonly SaidWords[], shown: ReadonlyMap<UtteranceId, TranscriptLine>): Claims {
  return words.flatMap(({ utteranceId, quote }) => {
    const line = shown.get(utteranceId);
    return line ? [{ segment: line.position, quote }] : [];
  });
}

export const claim = (line: TranscriptLine): Claims[number] => ({ segment: line.position, quote: line.text });

/** Lines that plant nothing. */
export function chatter({ meeting, lines }: ChunkAsked): TranscriptLine[] {
  const planted = new Set([
    ...meeting.facts
      .flatMap((fact) => [...fact.mentions, ...(fact.undone ? [fact.undone] : [])])
      .flatMap(({ words }) => words.map(({ utteranceId }) => utteranceId)),
    ...meeting.traps.map(({ words }) => words.utteranceId),
  ]);
  return lines.filter(({ position, utterance }) => position > 0 && !planted.has(utterance.utterance_id));
}

/** The first clause, without an opener like "Oui,". */
function opening(text: string): string {
  const clauses = (text.split(/[.!?]/, 1)[0] ?? text).split(', ');
  const clause = clauses.find((part) => part.split(' ').length > 3) ?? clauses[0] ?? text;
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}

const sentenceWithFigure = (text: string): string =>
  text.split(/(?<=[.!?]) /).find((sentence) => /\d/.test(sentence)) ?? text;

/** Proper names of facts that are shown. */
function namesIn({ meeting, lines }: ChunkAsked): string[] {
  const said = lines.map(({ text }) => text).join(' ');
  const names = meeting.facts.flatMap(({ keys }) => keys.filter((key) => /^\p{Lu}/u.test(key)));
  return [...new Set(names.filter((name) => said.includes(name)))].slice(0, 10);
}

/** The items that matter most, as they are, and chapters for topics. */
export function honestReport({ items, part }: ReportAsked): SynthesisAnswer {
  return {
    summary: part === 'chapters' ? [] : summaryOf(items),
    chapters: part === 'summary' ? [] : chaptersOf(items),
  };
}

function summaryOf(items: readonly ItemLine[]): SynthesisAnswer['summary'] {
  const first = ['decision', 'action', 'question', 'topic', 'highlight'];
  return items
    .toSorted((one, other) => first.indexOf(one.kind) - first.indexOf(other.kind))
    .slice(0, MAX_SUMMARY)
    .map(({ id, text }) => ({ text, items: [id] }));
}

/** Every so many topics give a chapter its name. */
function chaptersOf(items: readonly ItemLine[]): SynthesisAnswer['chapters'] {
  const topics = items.filter(({ kind }) => kind === 'topic');
  const every = Math.ceil(topics.length / MAX_CHAPTERS);
  const heads = topics.filter((_, index) => index % every === 0);
  return heads.map((topic, index) => ({
    title: topic.text.split(' ').slice(0, MAX_TITLE_WORDS).join(' '),
    items: items
      .filter((item) => inChapter(item, topic, heads[index + 1]))
      .slice(0, MAX_CHAPTER_ITEMS)
      .map(({ id }) => id),
  }));
}

function inChapter(item: ItemLine, topic: ItemLine, next: ItemLine | undefined): boolean {
  if (item === topic) return true;
  const time = item.timeMs ?? 0;
  return item.kind !== 'topic' && time >= (topic.timeMs ?? 0) && time < (next?.timeMs ?? Infinity);
}
