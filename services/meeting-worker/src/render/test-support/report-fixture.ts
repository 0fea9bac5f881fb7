import type { Language } from '@eloquence/shared/contracts/ids';
import type { Evidence } from '@eloquence/shared/contracts/meeting';
import { reportSchema, type Report, type ReportItem } from '@eloquence/shared/contracts/report';
import type { Utterance } from '@eloquence/shared/contracts/sessions';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** `utt_` and the number in base 32, so that fixtures are the same at every time. */
function utteranceId(n: number): string {
  let text = '';
  for (let rest = n, digit = 0; digit < 16; digit += 1, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return `utt_${text}`;
}

const speech: Record<Language, readonly [speaker: string, seconds: number, text: string][]> = {
  fr: [
    ['claire', 4, 'Bonjour à tous, on commence par la maquette du nouveau site.'],
    ['marc', 12, 'La maquette est prête : on l’adopte telle quelle ?'],
    ['claire', 19, 'Oui, on garde la maquette de Marc. C’est décidé.'],
    ['ines', 27, 'Je prépare le cahier des charges pour vendredi, avec le cœur du budget : 12 000 €.'],
    ['marc', 38, 'Et pour l’hébergement, on prend le serveur de Lyon.'],
    ['claire', 47, 'Finalement non, on ne prend pas le serveur de Lyon, c’est trop cher.'],
    ['ines', 56, 'Qui appelle le client avant la fin du mois ?'],
    ['marc', 63, 'Je m’occupe de l’appeler. « Toujours rappeler le client », comme dit mon père !'],
  ],
  en: [
    ['claire', 4, 'Good morning, let us begin with the mock-up of the new site.'],
    ['marc', 12, 'The mock-up is ready: do we take it as it is?'],
    ['claire', 19, 'Yes, we keep Marc’s mock-up. That is decided.'],
    ['ines', 27, 'I will write the specification by Friday, with the budget of 12,000 euros.'],
    ['marc', 38, 'And for hosting we take the server in Lyon.'],
    ['claire', 47, 'Actually no, we do not take the server in Lyon, it costs too much.'],
    ['ines', 56, 'Who calls the customer before the end of the month?'],
    ['marc', 63, 'I will call them. "Always call back", as my father says!'],
  ],
};

const texts = {
  fr: {
    title: 'Réunion Projet X – refonte du site',
    adopt: 'La maquette de Marc est adoptée.',
    specification: 'Préparer le cahier des charges, budget compris.',
    friday: 'pour vendredi',
    call: 'Appeler le client.',
    month: 'avant la fin du mois',
    lyon: 'L’hébergement se fait sur le serveur de Lyon.',
    question: 'Quel hébergement à la place de Lyon ?',
    summary: [
      'La maquette de Marc est retenue.',
      'Le cahier des charges est attendu vendredi ; Marc appelle le client.',
    ],
    chapters: ['Maquette et cahier des charges', 'Hébergement et suivi du client'],
    invented: 'Le budget passe à 20 000 €.',
    told: 'Annoncé à l’oral au début de la réunion',
  },
  en: {
    title: 'Project X – redesign of the site',
    adopt: 'Marc’s mock-up is adopted.',
    specification: 'Write the specification, with the budget.',
    friday: 'by Friday',
    call: 'Call the customer.',
    month: 'before the end of the month',
    lyon: 'Hosting goes to the server in Lyon.',
    question: 'Which hosting instead of Lyon?',
    summary: ['Marc’s mock-up is kept.', 'The specification is due on Friday; Marc calls the customer.'],
    chapters: ['Mock-up and specification', 'Hosting and the customer'],
    invented: 'The budget rises to 20,000 euros.',
    told: 'Said aloud at the beginning',
  },
};

const base = (item_id: string, text: string, ...evidence: Evidence[]) => ({
  item_id,
  text,
  evidence,
  merged_from: [item_id],
  start_ms: evidence[0]!.start_ms,
});

const meeting = {
  session_id: 'ses_abcdefghijklmnopqrst',
  kind: 'final',
  draft_reason: null,
  started_at: '2026-01-19T14:30:00.000Z',
  ended_at: '2026-01-19T14:32:10.000Z',
  time_zone: 'Europe/Paris',
  duration_ms: 130_000,
  speakers: [
    { speaker: 'claire', name: 'Claire Lefèvre', talk_ms: 18_000, share: 0.375 },
    { speaker: 'marc', name: 'Marc', talk_ms: 18_000, share: 0.375 },
    { speaker: 'ines', name: 'Inès Cœurdacier', talk_ms: 12_000, share: 0.25 },
  ],
  coverage: {
    percent: 96.2,
    heard_ms: 125_000,
    gaps: [
      { speaker: 'marc', start_ms: 90_000, end_ms: 95_000, reason: 'stt_away' },
      { speaker: null, start_ms: 100_000, end_ms: 120_000, reason: 'paused' },
    ],
  },
  silent_sources: [],
  holes: [],
  provenance: {
    chunks: [
      {
        n: 0,
        input_hash: 'a'.repeat(64),
        writer: { kind: 'model', model: 'mistral-small', prompt_hash: 'b'.repeat(64) },
      },
    ],
    synthesis: { kind: 'model', model: 'mistral-small', prompt_hash: 'c'.repeat(64) },
  },
} satisfies Partial<Report>;

/**
 * A small report that has one of everything: three speakers, decisions, actions, what was taken back, a gap, a pause, an
 * unverified claim. `change` overrides whole members.
 */
export function reportFixture(language: Language = 'fr', change: Partial<Report> = {}): Report {
  const words = texts[language];
  const transcript: Utterance[] = speech[language].map(([speaker, seconds, text], index) => ({
    utterance_id: utteranceId(index + 1),
    speaker,
    role: 'user',
    text,
    start_ms: seconds * 1_000,
    end_ms: seconds * 1_000 + 6_000,
  }));
  const proof = (n: number, quote?: string): Evidence => {
    const { utterance_id, speaker, start_ms, end_ms, text } = transcript[n]!;
    return { utterance_id, speaker, start_ms, end_ms, quote: quote ?? text };
  };
  const lyon: ReportItem = { kind: 'decision', ...base('c0-d2', words.lyon, proof(4)) };
  const report: Report = {
    ...meeting,
    language,
    title: words.title,
    summary: [
      { text: words.summary[0]!, items: ['c0-d1'] },
      { text: words.summary[1]!, items: ['c0-a1', 'c0-a2'] },
    ],
    decisions: [{ kind: 'decision', ...base('c0-d1', words.adopt, proof(2), proof(1)) }],
    actions: [
      {
        kind: 'action',
        ...base('c0-a1', words.specification, proof(3)),
        owner: { kind: 'speaker', speaker: 'ines' },
        due: { text: words.friday, date: '2026-01-23' },
      },
      {
        kind: 'action',
        ...base('c0-a2', words.call, proof(7), proof(6)),
        owner: { kind: 'speaker', speaker: 'marc' },
        due: { text: words.month, date: null },
      },
      { kind: 'action', ...base('c0-a3', words.question, proof(5)), owner: null, due: null },
    ],
    questions: [{ kind: 'question', ...base('c0-q1', words.question, proof(5)) }],
    retracted: [{ item: lyon, by: proof(5) }],
    chapters: [
      { title: words.chapters[0]!, start_ms: 0, end_ms: 38_000, items: ['c0-d1', 'c0-a1'] },
      { title: words.chapters[1]!, start_ms: 38_000, end_ms: 130_000, items: ['c0-a2', 'c0-q1'] },
    ],
    quotes: [proof(7)],
    unverified: [{ kind: 'decision', text: words.invented, refusal: 'quote_not_found', start_ms: 27_000 }],
    consent: { recording: true, by: 'Claire Lefèvre', told: words.told },
    transcript,
    ...change,
  };
  return reportSchema.parse(report);
}

/** A report of four hours: 24 chapters, 40 actions, 3,000 utterances. */
export function longReportFixture(language: Language = 'fr'): Report {
  const small = reportFixture(language);
  const said = speech[language];
  const transcript: Utterance[] = Array.from({ length: 3_000 }, (_, index) => {
    const [speaker, , text] = said[index % said.length]!;
    const start_ms = index * 4_800;
    const common = { utterance_id: utteranceId(index + 1), speaker, role: 'user' as const };
    return { ...common, text: `${index + 1} : ${text}`, start_ms, end_ms: start_ms + 4_500 };
  });
  const moved = (item: ReportItem, id: string, at: number): ReportItem => {
    const { utterance_id, speaker, start_ms, end_ms, text } = transcript[at]!;
    const evidence = [{ utterance_id, speaker, start_ms, end_ms, quote: text }];
    return { ...item, item_id: id, merged_from: [id], start_ms, evidence };
  };
  const many = (items: readonly ReportItem[], letter: string, count: number) =>
    Array.from({ length: count }, (_, index) =>
      moved(items[index % items.length]!, `c${index % 24}-${letter}${index + 1}`, Math.floor((index * 3_000) / count)),
    );
  return reportSchema.parse({
    ...small,
    duration_ms: 14_400_000,
    ended_at: '2026-01-19T18:30:00.000Z',
    decisions: many(small.decisions, 'd', 20),
    actions: many(small.actions, 'a', 40),
    questions: many(small.questions, 'q', 15),
    chapters: Array.from({ length: 24 }, (_, index) => ({
      title: small.chapters[index % 2]!.title,
      start_ms: index * 600_000,
      end_ms: (index + 1) * 600_000,
      items: [`c${index}-a${index + 1}`, `c${index % 24}-d${index + 1}`],
    })),
    summary: small.summary.map((line) => ({ ...line, items: ['c0-d1'] })),
    transcript,
  });
}
