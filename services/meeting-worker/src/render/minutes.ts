import type { Language } from '@eloquence/shared/contracts/ids';
import type { Evidence, Gap, Writer } from '@eloquence/shared/contracts/meeting';
import type { Report, ReportItem } from '@eloquence/shared/contracts/report';
import type { Cell, Entry, FactsBlock, Minutes, Notice, Proof, Rich, Run, Section, TableBlock } from './document.ts';
import { labels, type Labels } from './labels.ts';
import { clock, cleanText, dayInWords, lengthInWords, momentInWords, percent, typeset } from './text.ts';

/** Quotes that stand beside an item; of what was said more often, the others are links. */
const SHOWN_QUOTES = 2;
const HASH_CHARACTERS = 12;

/** What writing one report needs at every turn. */
interface Writing {
  readonly report: Report;
  readonly words: Labels;
  readonly language: Language;
  /** Between a label and what it says. */
  readonly colon: string;
  readonly names: ReadonlyMap<string, string>;
  /** `D1` of every item, also under the ids it was merged from. */
  readonly references: ReadonlyMap<string, { readonly label: string; readonly target: string }>;
  /** Clean and typeset. */
  readonly say: (text: string) => string;
}

/** The minutes of a report, complete, in reading order. */
export function minutesOf(report: Report): Minutes {
  const writing = startWriting(report);
  const { words, say } = writing;
  return {
    language: report.language,
    eyebrow: say(words.eyebrow[report.kind]),
    title: say(report.title) || words.untitled,
    sessionId: report.session_id,
    madeAt: new Date(report.ended_at),
    facts: headOf(writing),
    participants: participantsOf(writing),
    notices: noticesOf(writing),
    sections: sectionsOf(writing),
    words: { contents: words.contents, page: words.page, source: words.source },
  };
}

function startWriting(report: Report): Writing {
  const { language } = report;
  const words = labels[language];
  const say = (text: string) => typeset(cleanText(text), language);
  const references = new Map<string, { label: string; target: string }>();
  const number = (items: readonly ReportItem[], letter: string) => {
    for (const [index, item] of items.entries()) {
      const reference = { label: `${letter}${index + 1}`, target: `${letter.toLowerCase()}${index + 1}` };
      for (const id of [item.item_id, ...item.merged_from]) {
        if (!references.has(id)) references.set(id, reference);
      }
    }
  };
  number(report.decisions, words.letters.decision);
  number(report.actions, words.letters.action);
  number(report.questions, words.letters.question);
  const names = new Map(report.speakers.map(({ speaker, name }) => [speaker, say(name) || speaker]));
  return { report, words, language, colon: language === 'fr' ? '\u00A0: ' : ': ', names, references, say };
}

const nameOf = ({ names, say }: Writing, speaker: string) => names.get(speaker) ?? say(speaker);
const plain = (text: string): Rich => [{ text }];
const muted = (text: string): Rich => [{ text, mark: 'muted' }];

/** Anchor of an utterance. */
const utteranceAnchor = (utteranceId: string) => `s${utteranceId}`;

function headOf(writing: Writing): FactsBlock {
  const { report, words, say, language } = writing;
  const { coverage } = report;
  const share = percent(coverage.percent, language);
  const gaps = coverage.gaps.map((gap) => muted(gapInWords(writing, gap)));
  return {
    kind: 'facts',
    facts: [
      { label: words.date, lines: [plain(momentInWords(report.started_at, language, report.time_zone))] },
      { label: words.duration, lines: [plain(lengthInWords(report.duration_ms))] },
      {
        label: words.coverage,
        lines: [
          [{ text: say(words.heard(share, lengthInWords(coverage.heard_ms))) }],
          ...(gaps.length > 0 ? gaps : [muted(words.noGaps)]),
        ],
      },
    ],
  };
}

function gapInWords(writing: Writing, gap: Gap): string {
  const { words, say } = writing;
  const who = gap.speaker === null ? words.everybody : nameOf(writing, gap.speaker);
  const when = words.between(clock(gap.start_ms), clock(gap.end_ms));
  return say(`${when} (${who})${writing.colon}${words.gap[gap.reason]}`);
}

function participantsOf(writing: Writing): TableBlock | null {
  const { report, words, language } = writing;
  if (report.speakers.length === 0) return null;
  return {
    kind: 'table',
    caption: words.participants,
    columns: [
      { title: words.columns.speaker, share: 0.5 },
      { title: words.talk, share: 0.28, end: true },
      { title: words.share, share: 0.22, end: true },
    ],
    rows: report.speakers.map(({ speaker, talk_ms, share }) => ({
      cells: [
        [plain(nameOf(writing, speaker))],
        [plain(lengthInWords(talk_ms))],
        [plain(percent(Math.round(share * 100), language))],
      ],
    })),
  };
}

function noticesOf(writing: Writing): Notice[] {
  const { report, words, say } = writing;
  const notices: Notice[] = [];
  const add = (title: string, lines: readonly string[]) =>
    notices.push({ title: say(title), lines: lines.map((line) => plain(say(line))) });
  if (report.kind === 'draft') {
    const { title, why, advice } = words.draft[report.draft_reason ?? 'being_written'];
    add(title, [why, ...holesOf(report, words), advice]);
  }
  if (report.silent_sources.length > 0) {
    const sources = report.silent_sources.map(({ speaker, start_ms, end_ms }) =>
      words.silentFrom(nameOf(writing, speaker), clock(start_ms), end_ms === null ? null : clock(end_ms)),
    );
    add(words.silent.title, [...sources, words.silent.advice]);
  }
  if (report.coverage.percent < 100) {
    add(words.missed.title, [words.missed.advice]);
  }
  if (report.kind === 'final' && report.holes.length > 0) {
    add(words.holes.title, [...holesOf(report, words), words.holes.advice]);
  }
  if (report.speakers.every(({ talk_ms }) => talk_ms === 0) && (report.transcript ?? []).length === 0) {
    add(words.nothingSaid.title, [words.nothingSaid.advice]);
  }
  return notices;
}

function holesOf({ holes }: Report, words: Labels): string[] {
  const line = (of: Report['holes'], label: (intervals: string) => string) =>
    of.length === 0
      ? []
      : [label(of.map(({ start_ms, end_ms }) => words.between(clock(start_ms), clock(end_ms))).join(', '))];
  const unnoted = holes.filter((hole) => !hole.by_rules);
  return [
    ...line(
      holes.filter((hole) => hole.by_rules),
      words.holes.byRules,
    ),
    ...line(unnoted, words.holes.byNobody),
  ];
}

function sectionsOf(writing: Writing): Section[] {
  const { report, words } = writing;
  const sections: Section[] = [
    listed(
      writing,
      'summary',
      report.summary.map((line) => summaryLine(writing, line)),
    ),
    listed(
      writing,
      'decisions',
      report.decisions.map((item) => itemEntry(writing, item)),
    ),
    actionsOf(writing),
    listed(
      writing,
      'questions',
      report.questions.map((item) => itemEntry(writing, item)),
    ),
    listed(
      writing,
      'chapters',
      report.chapters.map((chapter) => chapterEntry(writing, chapter)),
    ),
    listed(
      writing,
      'quotes',
      report.quotes.map((evidence) => ({ body: [], proofs: [proofOf(writing, evidence)] })),
    ),
    listed(
      writing,
      'retracted',
      report.retracted.map((retraction) => retractedEntry(writing, retraction)),
    ),
    unverifiedOf(writing),
    { id: 'provenance', title: words.sections.provenance, folded: false, blocks: [provenanceOf(writing)] },
    ...speechOf(writing),
  ];
  return sections.filter(({ blocks }) => blocks.length > 0);
}

type ListedId = 'summary' | 'decisions' | 'questions' | 'chapters' | 'quotes' | 'retracted';

/** A section of entries. Those a reader looks for say that they are empty; the others are left out. */
function listed({ words }: Writing, id: ListedId, entries: readonly Entry[]): Section {
  const none = id === 'summary' || id === 'decisions' || id === 'questions' ? words.none[id] : null;
  const empty = none === null ? [] : [{ kind: 'paragraph' as const, runs: muted(none) }];
  const blocks = entries.length > 0 ? [{ kind: 'entries' as const, entries }] : empty;
  return { id, title: words.sections[id], folded: false, blocks };
}

function summaryLine(writing: Writing, line: Report['summary'][number]): Entry {
  return { body: [{ text: writing.say(line.text) }, ...referencesTo(writing, line.items)], proofs: [] };
}

/** ` D1 A3`, each a link, each once. */
function referencesTo({ references }: Writing, ids: readonly string[]): Run[] {
  const found = ids.flatMap((id) => references.get(id) ?? []);
  return [...new Set(found)].flatMap(({ label, target }) => [
    { text: ' ' },
    { text: label, target, mark: 'muted' as const },
  ]);
}

function itemEntry(writing: Writing, item: ReportItem): Entry {
  const reference = writing.references.get(item.item_id);
  return {
    ...(reference && { id: reference.target, label: reference.label }),
    body: plain(writing.say(item.text)),
    proofs: item.evidence.map((evidence, index) => proofOf(writing, evidence, index < SHOWN_QUOTES)),
  };
}

function proofOf(writing: Writing, evidence: Evidence, quoted = true): Proof {
  return {
    quote: quoted ? writing.say(writing.words.asSaid(cleanText(evidence.quote))) : null,
    speaker: nameOf(writing, evidence.speaker),
    time: clock(evidence.start_ms),
    target: utteranceAnchor(evidence.utterance_id),
  };
}

function actionsOf(writing: Writing): Section {
  const { report, words } = writing;
  const title = words.sections.actions;
  if (report.actions.length === 0) {
    return { id: 'actions', title, folded: false, blocks: [{ kind: 'paragraph', runs: muted(words.none.actions) }] };
  }
  const table: TableBlock = {
    kind: 'table',
    caption: title,
    columns: [
      { title: words.columns.owner, share: 0.22 },
      { title: words.columns.task, share: 0.43 },
      { title: words.columns.due, share: 0.22 },
      { title: words.columns.source, share: 0.13 },
    ],
    rows: report.actions.map((item) => actionRow(writing, item)),
  };
  return { id: 'actions', title, folded: false, blocks: [table] };
}

function actionRow(writing: Writing, item: ReportItem): TableBlock['rows'][number] {
  const { words, say } = writing;
  const reference = writing.references.get(item.item_id);
  const [first] = item.evidence;
  const task: Cell = [
    [...(reference ? [{ text: `${reference.label} `, mark: 'muted' as const }] : []), { text: say(item.text) }],
    ...(first ? [[{ text: say(words.asSaid(cleanText(first.quote))), mark: 'quote' as const }]] : []),
  ];
  const sources: Cell = item.evidence.map((evidence) => [
    { text: clock(evidence.start_ms), target: utteranceAnchor(evidence.utterance_id) },
  ]);
  return {
    ...(reference && { id: reference.target }),
    cells: [ownerCell(writing, item), task, dueCell(writing, item), sources],
  };
}

function ownerCell(writing: Writing, item: ReportItem): Cell {
  const owner = item.kind === 'action' ? item.owner : null;
  if (owner === null) return [muted(writing.words.noOwner)];
  const name = owner.kind === 'speaker' ? nameOf(writing, owner.speaker) : writing.say(owner.name);
  return [[{ text: name, mark: 'strong' }]];
}

function dueCell({ words, say, language }: Writing, item: ReportItem): Cell {
  const due = item.kind === 'action' ? item.due : null;
  if (due === null) return [muted(words.noDue)];
  const said = muted(say(words.asSaid(cleanText(due.text))));
  return due.date === null ? [said] : [plain(say(dayInWords(due.date, language))), said];
}

function chapterEntry(writing: Writing, chapter: Report['chapters'][number]): Entry {
  const { say, report } = writing;
  const first = report.transcript?.find(
    ({ start_ms, end_ms }) => start_ms >= chapter.start_ms || end_ms > chapter.start_ms,
  );
  const within = first && first.start_ms < chapter.end_ms ? { target: utteranceAnchor(first.utterance_id) } : {};
  return {
    body: [
      { text: clock(chapter.start_ms), ...within },
      { text: ` – ${clock(chapter.end_ms)}`, mark: 'muted' },
      { text: '  ' },
      { text: say(chapter.title), mark: 'strong' },
      ...referencesTo(writing, chapter.items),
    ],
    proofs: [],
  };
}

function retractedEntry(writing: Writing, { item, by }: Report['retracted'][number]): Entry {
  const kind = writing.words.kinds[item.kind];
  return {
    body: [
      { text: kind + writing.colon, mark: 'muted' },
      { text: writing.say(item.text), mark: 'struck' },
      { text: ` ${writing.say(writing.words.takenBack)}`, mark: 'muted' },
    ],
    proofs: [proofOf(writing, by)],
  };
}

function unverifiedOf(writing: Writing): Section {
  const { report, words, say } = writing;
  const entries = report.unverified.map(({ kind, text, refusal, start_ms }) => ({
    body: [
      { text: words.kinds[kind] + writing.colon, mark: 'muted' as const },
      { text: say(text) },
      {
        text: ` (${[say(words.refusals[refusal]), ...(start_ms === null ? [] : [words.at(clock(start_ms))])].join(', ')})`,
        mark: 'muted' as const,
      },
    ],
    proofs: [],
  }));
  const blocks = entries.length === 0 ? [] : [{ kind: 'entries' as const, entries }];
  return { id: 'unverified', title: words.sections.unverified, folded: true, note: say(words.unverifiedNote), blocks };
}

function provenanceOf(writing: Writing): FactsBlock {
  const { report, words, say } = writing;
  const { consent } = report;
  const perWriter = new Map<string, number>();
  for (const { writer } of report.provenance.chunks) {
    const key = writerInWords(writing, writer);
    perWriter.set(key, (perWriter.get(key) ?? 0) + 1);
  }
  const chunks = [...perWriter].map(([writer, count]) => plain(say(`${words.intervals(count)} – ${writer}`)));
  const declared = consent && [
    consent.recording ? words.consentGiven : words.consentRefused,
    ...(consent.by === null ? [] : [words.consentBy(cleanText(consent.by))]),
    ...(consent.told === null ? [] : [words.consentTold(cleanText(consent.told))]),
  ];
  return {
    kind: 'facts',
    facts: [
      {
        label: words.consent,
        lines: declared ? declared.map((line) => plain(say(line))) : [plain(words.consentUnknown)],
      },
      { label: words.madeFrom, lines: [plain(say(words.madeFromText))] },
      { label: words.writtenBy.synthesis, lines: [plain(say(writerInWords(writing, report.provenance.synthesis)))] },
      ...(chunks.length > 0 ? [{ label: words.writtenBy.chunks, lines: chunks }] : []),
      { label: words.meetingId, lines: [plain(report.session_id)] },
    ],
  };
}

function writerInWords({ words }: Writing, writer: Writer): string {
  switch (writer.kind) {
    case 'model':
      return words.model(cleanText(writer.model), cleanText(writer.prompt_hash).slice(0, HASH_CHARACTERS));
    case 'rules':
      return words.rules(cleanText(writer.rules_version));
    case 'nobody':
      return words.nobodyWrote;
  }
}

/** The transcript; and the quoted words that it does not hold, so that every source time leads somewhere. */
function speechOf(writing: Writing): Section[] {
  const { report, words, say } = writing;
  const sections: Section[] = [];
  const held = new Set(report.transcript?.map(({ utterance_id }) => utterance_id));
  const quoted = new Map<string, Evidence>();
  for (const evidence of evidenceOf(report)) {
    const known = quoted.get(evidence.utterance_id);
    const longer = !known || evidence.quote.length > known.quote.length;
    if (longer && !held.has(evidence.utterance_id)) quoted.set(evidence.utterance_id, evidence);
  }
  if (quoted.size > 0) {
    const lines = [...quoted.values()]
      .toSorted((a, b) => a.start_ms - b.start_ms || (a.utterance_id < b.utterance_id ? -1 : 1))
      .map(({ utterance_id, quote, ...spoken }) => spokenLine(writing, { ...spoken, utterance_id, text: quote }));
    const title = words.sections.extracts;
    sections.push({
      id: 'extracts',
      title,
      folded: false,
      note: words.extractsNote,
      blocks: [{ kind: 'speech', lines }],
    });
  }
  if (report.transcript !== null) {
    const lines = report.transcript.map((utterance) => spokenLine(writing, utterance));
    const empty = { kind: 'paragraph' as const, runs: muted(words.none.transcript) };
    sections.push({
      id: 'transcript',
      title: words.sections.transcript,
      folded: true,
      note: say(words.transcriptNote(lines.length)),
      blocks: lines.length > 0 ? [{ kind: 'speech', lines }] : [empty],
    });
  }
  return sections;
}

function spokenLine(
  writing: Writing,
  spoken: { utterance_id: string; speaker: string; start_ms: number; text: string },
) {
  return {
    id: utteranceAnchor(spoken.utterance_id),
    time: clock(spoken.start_ms),
    speaker: nameOf(writing, spoken.speaker),
    text: writing.say(spoken.text),
  };
}

/** All evidence a reader can follow, in no order. */
function evidenceOf(report: Report): Evidence[] {
  const items = [...report.decisions, ...report.actions, ...report.questions];
  return [...items.flatMap(({ evidence }) => evidence), ...report.retracted.map(({ by }) => by), ...report.quotes];
}
