import type { ChunkAnswer, SynthesisAnswer } from '@eloquence/shared/contracts/meeting-llm';
import {
  chatter,
  claim,
  honestChunk,
  honestReport,
  numberOf,
  type ChunkAsked,
  type Claims,
  type ReportAsked,
} from './honest-notes.ts';
import type { PlantedMeeting } from './planted-meeting.ts';
import type { TranscriptLine } from './prompt-lines.ts';

interface Lies {
  readonly decision: string;
  readonly action: string;
  readonly question: string;
  readonly topic: string;
  readonly quote: string;
  readonly due: string;
  readonly extra: string;
  /** Verbs, and what says their opposite. */
  readonly opposites: Readonly<Record<string, string>>;
  /** Before a question, to make a fact of it. */
  readonly decided: string;
  readonly not: (text: string) => string;
}

const FRENCH: Lies = {
  decision: 'Licencier toute l’équipe de Strasbourg',
  action: 'Préparer le dossier de faillite',
  question: 'Faut-il vendre l’entreprise à un concurrent ?',
  topic: 'La fusion avec un concurrent américain',
  quote: 'on a décidé à l’unanimité de licencier toute l’équipe de Strasbourg',
  due: 'mercredi matin à la première heure',
  extra: 'et renvoyer le directeur',
  opposites: {
    reporter: 'avancer',
    ouvrir: 'fermer',
    baisser: 'augmenter',
    recruter: 'licencier',
    supprimer: 'garder',
    garder: 'supprimer',
    arrêter: 'commencer',
    signer: 'résilier',
    envoyer: 'détruire',
    tester: 'effacer',
    publier: 'cacher',
  },
  decided: 'Il est décidé :',
  not: (text) => `Ne pas ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
};

const ENGLISH: Lies = {
  decision: 'Dismiss the whole Chicago team',
  action: 'Prepare the bankruptcy papers',
  question: 'Should we sell the company to a competitor?',
  topic: 'The merger with an American competitor',
  quote: 'we decided unanimously to dismiss the whole Chicago team',
  due: 'Wednesday morning at the latest',
  extra: 'and dismiss the manager',
  opposites: {
    postpone: 'advance',
    open: 'close',
    lower: 'raise',
    hire: 'dismiss',
    drop: 'keep',
    keep: 'drop',
    stop: 'start',
    sign: 'terminate',
    send: 'destroy',
    test: 'delete',
    publish: 'hide',
  },
  decided: 'It was decided:',
  not: (text) => `Do not ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
};

const liesOf = (meeting: PlantedMeeting): Lies => (meeting.language === 'fr' ? FRENCH : ENGLISH);

/** True notes among false ones, some of them under words that were really said; it obeys what is said to it. */
export function inventedChunk(asked: ChunkAsked): ChunkAnswer {
  const { meeting, lines, openItems } = asked;
  const lies = liesOf(meeting);
  const notes = distorted(honestChunk(asked), meeting, lies);
  const talk = chatter(asked);
  const line = talk[Math.floor(talk.length / 2)] ?? lines[0];
  if (!line) return notes;
  const real: Claims = [claim(line)];
  const unsaid: Claims = [{ segment: line.position, quote: lies.quote }];
  notes.decisions.push(
    { text: lies.decision, evidence: unsaid },
    { text: lies.decision, evidence: real },
    { text: lies.decision, evidence: [] },
    { text: lies.decision, evidence: [{ segment: 9_999, quote: line.text }] },
  );
  notes.actions.push(
    { text: lies.action, owner: meeting.participants[0]?.name ?? null, due: lies.due, evidence: real },
    { text: lies.action, owner: 'Napoléon', due: null, evidence: unsaid },
  );
  notes.questions.push({ text: lies.question, evidence: real });
  notes.topics.push({ text: lies.topic, evidence: real });
  notes.highlights.push({ text: lies.topic, evidence: real }, { text: lies.quote, evidence: unsaid });
  const open = openItems.find(({ kind }) => kind === 'decision') ?? openItems[0];
  if (open) notes.retractions.push({ text: lies.not(open.text), takes_back: open.id, settles: false, evidence: real });
  notes.decisions.push(...credulous(meeting, lines));
  notes.glossary.push('Napoléon');
  return notes;
}

/** Most true notes are bent: figure, owner, day, quote, sense, verb, or something added. */
function distorted(notes: ChunkAnswer, meeting: PlantedMeeting, lies: Lies): ChunkAnswer {
  const bend = <T extends ChunkAnswer['decisions'][number]>(note: T): T => {
    switch (numberOf(note.text) % 8) {
      case 0:
        return { ...note, text: `${note.text} ${lies.extra}` };
      case 1:
        return { ...note, text: lies.not(note.text) };
      case 2:
        return { ...note, text: otherFigures(note.text) };
      case 3:
        return {
          ...note,
          evidence: note.evidence.map((one) => ({ ...one, quote: otherFigures(`${one.quote} ${lies.extra}`) })),
        };
      case 4:
        return { ...note, text: turnedRound(note.text, lies) };
      case 5:
        return { ...note, text: note.text.replaceAll(/(\d+) (?:000|500)\b/g, '$1') };
      default:
        return note;
    }
  };
  return {
    ...notes,
    decisions: notes.decisions.map((note) => bend(note)),
    actions: notes.actions.map((note) => {
      const which = numberOf(`${note.text} owner`) % 4;
      const stranger = meeting.participants.find(
        ({ name, firstName }) => name !== note.owner && !note.evidence.some(({ quote }) => quote.includes(firstName)),
      );
      const wrong = {
        ...(which === 0 && stranger && { owner: stranger.name }),
        ...(which === 1 && { due: lies.due }),
      };
      return { ...bend(note), ...wrong };
    }),
    questions: notes.questions.map((note) => bend(note)),
  };
}

/** "Fermer" for "ouvrir". */
const turnedRound = (text: string, { opposites }: Lies): string =>
  text.replace(/^\p{L}+/u, (verb) => {
    const other = opposites[verb.toLowerCase()];
    return other === undefined ? verb : other.charAt(0).toUpperCase() + other.slice(1);
  });

const otherFigures = (text: string): string =>
  text.replaceAll(/\d+(?: 000| 500)?/g, (digits) => String(Number(digits.replaceAll(' ', '')) * 3 + 1));

/** Proposals, denials and orders to the writer, taken for decisions. */
function credulous(meeting: PlantedMeeting, lines: readonly TranscriptLine[]): ChunkAnswer['decisions'] {
  return meeting.traps.flatMap(({ claim: text, words }) => {
    const line = lines.find(({ position, utterance }) => position > 0 && utterance.utterance_id === words.utteranceId);
    return line ? [{ text: text.charAt(0).toUpperCase() + text.slice(1), evidence: [claim(line)] }] : [];
  });
}

/** Lines and titles that no item says, beside true ones. @param language of the meeting */
export function inventedReport(asked: ReportAsked, language: 'fr' | 'en'): SynthesisAnswer {
  const lies = language === 'fr' ? FRENCH : ENGLISH;
  const some = asked.items[0]?.id ?? 'c0-d1';
  const honest = honestReport(asked);
  const [first, second] = honest.summary;
  const lines = [
    { text: lies.decision, items: [some] },
    { text: lies.topic, items: ['c99-d9'] },
    ...mixed(asked),
    ...asked.items
      .filter(({ kind }) => kind === 'question')
      .slice(0, 1)
      .map(({ id, text }) => ({ text: `${lies.decided} ${text.replace(/\s*\?$/, '')}`, items: [id] })),
    ...(first ? [{ text: `${first.text} ${lies.extra}`, items: first.items }] : []),
    ...(second ? [{ text: otherFigures(lies.not(second.text)), items: second.items }] : []),
    ...honest.summary.slice(2),
  ];
  return {
    summary: asked.part === 'chapters' ? [] : lines,
    chapters: honest.chapters.map((chapter, index) => (index % 2 === 0 ? chapter : { ...chapter, title: lies.topic })),
  };
}

/** What one item says under the name that another one has. */
function mixed({ items }: ReportAsked): SynthesisAnswer['summary'] {
  const named = items.flatMap(({ id, kind, text }) => {
    const name = kind === 'decision' ? /(?<=\s)\p{Lu}\p{Ll}+/u.exec(text)?.[0] : undefined;
    return name === undefined ? [] : [{ id, text, name }];
  });
  const [one] = named;
  const other = named.find(({ name }) => name !== one?.name);
  return one && other ? [{ text: one.text.replace(one.name, other.name), items: [one.id, other.id] }] : [];
}
