import type { Report, ReportItem } from '@eloquence/shared/contracts/report';
import { expect, test } from 'vitest';
import { generateMeeting } from './generate-meeting.ts';
import { judgeReport, type Judgement } from './judge-report.ts';
import type { PlantedFact, PlantedMeeting } from './planted-meeting.ts';

const meeting = generateMeeting({ seed: 33, hours: 1, language: 'fr', speakers: 5 });
const NONE: Omit<Judgement, 'facts' | 'found'> = {
  missed: [],
  unsupported: [],
  duplicates: [],
  wrongOwners: [],
  wrongDues: [],
  brokenLinks: [],
  retractedInBody: [],
  answeredLeftOpen: [],
  gapsNotListed: [],
};

function itemOf(fact: PlantedFact, from: PlantedMeeting): ReportItem {
  const evidence = fact.mentions.flatMap(({ words }) =>
    words.map(({ utteranceId, quote }) => {
      const said = from.utterances.find(({ utterance_id: id }) => id === utteranceId);
      return {
        utterance_id: utteranceId,
        speaker: said?.speaker ?? '',
        start_ms: said?.start_ms ?? 0,
        end_ms: said?.end_ms ?? 0,
        quote,
      };
    }),
  );
  const id = `c0-${fact.kind.charAt(0)}${fact.id.slice(1)}`;
  const common = {
    item_id: id,
    text: fact.statement,
    evidence,
    merged_from: [id],
    start_ms: evidence[0]?.start_ms ?? 0,
  };
  if (fact.kind !== 'action') return { kind: fact.kind, ...common };
  const { owner, due } = fact;
  return {
    kind: 'action',
    ...common,
    owner:
      owner &&
      (owner.kind === 'speaker' ? { kind: 'speaker', speaker: owner.speaker } : { kind: 'name', name: owner.name }),
    due: due && { text: due.text, date: due.dates[0] ?? null },
  };
}

/** The report nobody could better. */
function perfect(from: PlantedMeeting): Report {
  const of = (kind: string) =>
    from.facts.filter((fact) => fact.kind === kind && !fact.undone).map((fact) => itemOf(fact, from));
  const [decision] = of('decision');
  return {
    session_id: from.sessionId,
    kind: 'final',
    draft_reason: null,
    language: from.language,
    title: from.title,
    started_at: new Date(from.startedAtMs).toISOString(),
    ended_at: new Date(from.endedAtMs).toISOString(),
    time_zone: 'Europe/Paris',
    duration_ms: from.endedAtMs - from.startedAtMs,
    speakers: [],
    coverage: { percent: 100, heard_ms: 0, gaps: [...from.gaps] },
    silent_sources: [],
    summary: [{ text: decision?.text ?? '', items: [decision?.item_id ?? ''] }],
    decisions: of('decision'),
    actions: of('action'),
    questions: of('question'),
    retracted: [],
    chapters: [],
    quotes: [],
    unverified: [],
    holes: [],
    provenance: { chunks: [], synthesis: { kind: 'rules', rules_version: '1' } },
    consent: null,
    transcript: null,
  };
}

const report = perfect(meeting);
const judged = (changes: Partial<Report>) => judgeReport({ ...report, ...changes }, meeting);

function action(fits: (fact: PlantedFact) => boolean): { item: ReportItem & { kind: 'action' }; others: ReportItem[] } {
  const fact = meeting.facts.find((one) => one.kind === 'action' && !one.undone && fits(one));
  const item = report.actions.find(({ text }) => text === fact?.statement);
  if (item?.kind !== 'action') throw new Error('the meeting has no such action');
  return { item, others: report.actions.filter((one) => one !== item) };
}

test.each(['fr', 'en'] as const)('the truth itself is without fault, over many seeds in %s', (language) => {
  for (let seed = 0; seed < 25; seed += 1) {
    const planted = generateMeeting({ seed, hours: [0.15, 1, 2][seed % 3] ?? 1, language });
    const { facts, found, ...faults } = judgeReport(perfect(planted), planted);
    expect(faults).toEqual(NONE);
    expect(found).toBe(facts);
  }
});

test('what is left out is missed, what stands twice is a duplicate', () => {
  const [first, ...others] = report.decisions;
  expect(judged({ decisions: others }).missed).toHaveLength(1);
  expect(judged({ decisions: [...report.decisions, first as ReportItem] }).duplicates).toHaveLength(1);
});

test('a false figure, a word added, a sense turned and a proposal taken for a decision are seen', () => {
  const [first, ...others] = report.decisions as [ReportItem, ...ReportItem[]];
  const turned = `Ne pas ${first.text.charAt(0).toLowerCase()}${first.text.slice(1)}`;
  for (const text of [`${first.text} et renvoyer le directeur`, turned, `${first.text} 417`])
    expect(judged({ decisions: [...others, { ...first, text }] }).unsupported, text).toEqual([`decision: ${text}`]);
  for (const trap of meeting.traps) {
    const said = meeting.utterances.find(({ utterance_id: id }) => id === trap.words.utteranceId);
    const evidence = [{ ...first.evidence[0]!, utterance_id: trap.words.utteranceId, speaker: said?.speaker ?? '' }];
    const taken: ReportItem = { ...first, text: trap.claim, evidence };
    expect(judged({ decisions: [...report.decisions, taken] }).unsupported, trap.kind).toHaveLength(1);
  }
});

test('another owner, another day and no owner are seen; leaving out may be allowed', () => {
  const { item, others } = action(({ owner, due }) => owner?.kind === 'speaker' && due !== null);
  const stranger = meeting.participants.find(
    ({ speaker }) => item.owner?.kind !== 'speaker' || speaker !== item.owner.speaker,
  );
  const wrong = { ...item, owner: { kind: 'speaker', speaker: stranger?.speaker ?? '' } } as const;
  expect(judged({ actions: [...others, wrong] }).wrongOwners).toHaveLength(1);
  const late = { ...item, due: { text: item.due?.text ?? '', date: '2031-01-01' } };
  expect(judged({ actions: [...others, late] }).wrongDues).toHaveLength(1);
  const bare = { ...report, actions: [...others, { ...item, owner: null, due: null }] };
  expect(judgeReport(bare, meeting).wrongOwners).toHaveLength(1);
  const lenient = judgeReport(bare, meeting, { mayLeaveOut: true });
  expect([lenient.wrongOwners, lenient.wrongDues]).toEqual([[], []]);
});

test('what was taken back, what was answered, a link to nothing and a gap that is not listed are seen', () => {
  const undone = meeting.facts.filter((fact) => fact.undone);
  const items = undone.map((fact) => itemOf(fact, meeting));
  const dead = judged({
    decisions: [...report.decisions, ...items.filter(({ kind }) => kind === 'decision')],
    questions: [...report.questions, ...items.filter(({ kind }) => kind === 'question')],
    coverage: { ...report.coverage, gaps: [] },
  });
  expect(dead.retractedInBody).toHaveLength(undone.filter(({ kind }) => kind === 'decision').length);
  expect(dead.answeredLeftOpen).toHaveLength(undone.filter(({ kind }) => kind === 'question').length);
  expect(dead.gapsNotListed).toHaveLength(meeting.gaps.length);
  const [first, ...others] = report.decisions as [ReportItem, ...ReportItem[]];
  const elsewhere = { ...first, evidence: [{ ...first.evidence[0]!, quote: 'jamais de la vie' }] };
  expect(judged({ decisions: [...others, elsewhere] }).brokenLinks).toHaveLength(1);
});

test.each([
  ['a question as a fact', (asked: string) => `Il est décidé : ${asked.replace(/\s*\?$/, '')}`],
  ['its own "not"', (asked: string) => `Ne pas savoir : ${asked}`],
])('a summary line with %s is seen', (_, line) => {
  const [question] = report.questions;
  expect(question).toBeDefined();
  const summary = [{ text: line(question?.text ?? ''), items: [question?.item_id ?? ''] }];
  expect(judged({ summary }).unsupported).toHaveLength(1);
});

test('summary lines and titles with words nobody said are seen', () => {
  const [line] = report.summary;
  const summary = [{ text: 'Licencier toute l’équipe de Strasbourg', items: line?.items ?? [] }];
  expect(judged({ summary }).unsupported).toHaveLength(1);
  const chapters = [{ title: 'La fusion avec un concurrent américain', start_ms: 0, end_ms: 1, items: [] }];
  expect(judged({ chapters }).unsupported).toHaveLength(1);
});
