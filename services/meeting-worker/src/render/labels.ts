import type { Language } from '@eloquence/shared/contracts/ids';
import type { GapReason, Refusal, Unverified } from '@eloquence/shared/contracts/meeting';
import type { Report } from '@eloquence/shared/contracts/report';

/** Every word of ours in a report. Typeset like the rest, so plain spaces do. */
export interface Labels {
  readonly eyebrow: Record<Report['kind'], string>;
  readonly untitled: string;
  readonly contents: string;
  readonly page: string;
  readonly source: string;
  readonly date: string;
  readonly duration: string;
  readonly participants: string;
  readonly talk: string;
  readonly share: string;
  readonly nobody: string;
  readonly coverage: string;
  readonly heard: (percent: string, length: string) => string;
  readonly noGaps: string;
  readonly everybody: string;
  readonly between: (start: string, end: string) => string;
  readonly gap: Record<GapReason, string>;
  readonly draft: Record<
    NonNullable<Report['draft_reason']>,
    { readonly title: string; readonly why: string; readonly advice: string }
  >;
  readonly silent: { readonly title: string; readonly advice: string };
  readonly silentFrom: (name: string, start: string, end: string | null) => string;
  readonly holes: {
    readonly title: string;
    readonly byRules: (intervals: string) => string;
    readonly byNobody: (intervals: string) => string;
    readonly advice: string;
  };
  readonly missed: { readonly title: string; readonly advice: string };
  readonly nothingSaid: { readonly title: string; readonly advice: string };
  readonly sections: Record<
    | 'summary'
    | 'decisions'
    | 'actions'
    | 'questions'
    | 'chapters'
    | 'quotes'
    | 'retracted'
    | 'unverified'
    | 'provenance'
    | 'transcript'
    | 'extracts',
    string
  >;
  readonly none: Record<'summary' | 'decisions' | 'actions' | 'questions' | 'transcript', string>;
  readonly letters: Record<'decision' | 'action' | 'question', string>;
  readonly columns: Record<'owner' | 'task' | 'due' | 'source' | 'speaker', string>;
  readonly noOwner: string;
  readonly noDue: string;
  readonly asSaid: (words: string) => string;
  readonly takenBack: string;
  readonly unverifiedNote: string;
  readonly kinds: Record<Unverified['kind'], string>;
  readonly refusals: Record<Refusal, string>;
  readonly at: (time: string) => string;
  readonly transcriptNote: (count: number) => string;
  readonly extractsNote: string;
  readonly writtenBy: Record<'synthesis' | 'chunks', string>;
  readonly model: (model: string, prompt: string) => string;
  readonly rules: (version: string) => string;
  readonly nobodyWrote: string;
  readonly intervals: (count: number) => string;
  readonly consent: string;
  readonly consentGiven: string;
  readonly consentRefused: string;
  readonly consentUnknown: string;
  readonly consentBy: (name: string) => string;
  readonly consentTold: (words: string) => string;
  readonly meetingId: string;
  readonly madeFrom: string;
  readonly madeFromText: string;
}

const fr: Labels = {
  eyebrow: { draft: 'Compte rendu de réunion – brouillon', final: 'Compte rendu de réunion' },
  untitled: 'Réunion',
  contents: 'Sommaire',
  page: 'Page',
  source: 'Source',
  date: 'Date',
  duration: 'Durée',
  participants: 'Participants',
  talk: 'Temps de parole',
  share: 'Part',
  nobody: 'Personne n’a parlé.',
  coverage: 'Couverture',
  heard: (share, length) => `${share} de ce qui devait être entendu (${length} écoutées)`,
  noGaps: 'Aucune interruption.',
  everybody: 'tout le monde',
  between: (start, end) => `de ${start} à ${end}`,
  gap: {
    stt_away: 'la transcription était indisponible plus longtemps que le son n’est conservé',
    scribe_away: 'personne n’écoutait : le scribe était absent de la salle',
    sender_away: 'le poste qui enregistrait était absent et n’a rien conservé',
    paused: 'enregistrement mis en pause',
  },
  draft: {
    being_written: {
      title: 'Ceci est un brouillon',
      why: 'Chaque point ci-dessous repose déjà sur une citation, mais le résumé et les titres des chapitres sont encore en cours de rédaction.',
      advice: 'À faire : rouvrez le compte rendu dans quelques secondes, la version définitive le remplacera.',
    },
    model_slow: {
      title: 'Ceci est un brouillon : le modèle de langage n’a pas encore répondu',
      why: 'Il est encore interrogé. Chaque point ci-dessous repose sur une citation ; il manque le résumé rédigé et les titres des chapitres.',
      advice:
        'À faire : rouvrez le compte rendu dans quelques minutes, la version définitive le remplacera dès que le modèle aura répondu.',
    },
    no_model: {
      title: 'Ceci est un brouillon : aucun modèle de langage n’est configuré',
      why: 'Chaque point ci-dessous repose sur une citation, mais il n’y a pas de résumé rédigé.',
      advice:
        'À faire : donnez une clé de modèle au serveur (MISTRAL_API_KEY par exemple) et redémarrez-le, le compte rendu sera réessayé ; d’ici là, relisez la transcription.',
    },
    model_failed: {
      title: 'Ceci est un brouillon : le modèle de langage n’a pas répondu',
      why: 'Chaque point ci-dessous repose sur une citation ; il manque le résumé rédigé et les titres des chapitres. Le modèle est interrogé de nouveau de lui-même, de plus en plus rarement, pendant près d’un jour.',
      advice: 'À faire : vérifiez l’état du modèle sur la page d’accueil du serveur.',
    },
    fault: {
      title: 'Ceci est un brouillon : une erreur de notre logiciel a empêché la suite',
      why: 'Ce qui a pu être relevé est ci-dessous ; la transcription n’est pas touchée.',
      advice:
        'À faire : relisez la transcription, et signalez l’erreur à qui administre le serveur : le journal de meeting-worker la nomme.',
    },
  },
  silent: {
    title: 'Une source est restée muette',
    advice:
      'Ce qui a été dit de ce côté manque dans ce compte rendu. À faire : vérifiez le choix du périphérique et l’autorisation d’enregistrer le son du système avant la prochaine réunion.',
  },
  silentFrom: (name, start, end) =>
    end === null ? `${name} : de ${start} jusqu’à la fin` : `${name} : de ${start} à ${end}`,
  holes: {
    title: 'Des intervalles n’ont pas pu être résumés',
    byRules: (intervals) => `Relevé sans modèle, par des règles simples qui ne comprennent pas tout : ${intervals}.`,
    byNobody: (intervals) => `Rien n’a pu être relevé, à cause d’une erreur de notre logiciel : ${intervals}.`,
    advice:
      'À faire : relisez ces passages dans la transcription ; le modèle est interrogé de nouveau de lui-même, et le compte rendu complété s’il répond.',
  },
  missed: {
    title: 'Une partie de la réunion n’a pas été entendue',
    advice:
      'Les intervalles manquants sont en tête, sous « Couverture ». À faire : demandez aux participants ce qui s’y est dit.',
  },
  nothingSaid: {
    title: 'Rien n’a été dit, ou rien n’a été entendu',
    advice: 'À faire : si quelqu’un a parlé, vérifiez les microphones et le périphérique enregistré.',
  },
  sections: {
    summary: 'Résumé',
    decisions: 'Décisions',
    actions: 'Actions',
    questions: 'Questions ouvertes',
    chapters: 'Chapitres',
    quotes: 'Citations marquantes',
    retracted: 'Ce qui a été annulé',
    unverified: 'Non vérifié (hors compte rendu)',
    provenance: 'Provenance et consentement',
    transcript: 'Transcription',
    extracts: 'Extraits cités',
  },
  none: {
    summary: 'Pas de résumé.',
    decisions: 'Aucune décision relevée.',
    actions: 'Aucune action relevée.',
    questions: 'Aucune question ouverte.',
    transcript: 'La transcription est vide.',
  },
  letters: { decision: 'D', action: 'A', question: 'Q' },
  columns: { owner: 'Responsable', task: 'Action', due: 'Échéance', source: 'Source', speaker: 'Participant' },
  noOwner: 'non précisé',
  noDue: 'non précisée',
  asSaid: (words) => `« ${words} »`,
  takenBack: 'Annulé par :',
  unverifiedNote:
    'Ces affirmations d’un modèle n’ont pas pu être prouvées par la transcription. Elles ne font pas partie du compte rendu : ne les utilisez pas sans les vérifier.',
  kinds: {
    topic: 'Sujet',
    decision: 'Décision',
    action: 'Action',
    question: 'Question',
    highlight: 'Citation',
    retraction: 'Annulation',
    summary: 'Résumé',
    chapter: 'Chapitre',
  },
  refusals: {
    no_quote: 'aucune citation donnée',
    quote_not_found: 'la citation n’est pas dans la transcription',
    text_not_in_quote: 'la citation ne dit pas cela',
    owner_not_named: 'le responsable n’a pas été nommé',
    due_not_said: 'l’échéance n’a pas été dite',
    instruction_in_transcript: 'une consigne glissée dans la conversation',
  },
  at: (time) => `vers ${time}`,
  transcriptNote: (count) => (count === 1 ? '1 prise de parole' : `${count} prises de parole`),
  extractsNote: 'Les paroles sur lesquelles repose ce compte rendu, mot pour mot.',
  writtenBy: { synthesis: 'Résumé et titres', chunks: 'Points relevés' },
  model: (model, prompt) => `modèle ${model} (consigne ${prompt})`,
  rules: (version) => `règles sans modèle, version ${version}`,
  nobodyWrote: 'personne, à cause d’une erreur de notre logiciel',
  intervals: (count) => (count === 1 ? '1 intervalle' : `${count} intervalles`),
  consent: 'Enregistrement',
  consentGiven: 'annoncé aux participants',
  consentRefused: 'non annoncé aux participants',
  consentUnknown: 'Aucune déclaration n’a été donnée à l’ouverture de la réunion.',
  consentBy: (name) => `déclaré par ${name}`,
  consentTold: (words) => `information donnée : ${words}`,
  meetingId: 'Réunion n°',
  madeFrom: 'Méthode',
  madeFromText:
    'Chaque point repose sur une citation retrouvée mot pour mot dans la transcription ; ce qui n’a pas pu l’être est à part.',
};

const en: Labels = {
  eyebrow: { draft: 'Meeting minutes – draft', final: 'Meeting minutes' },
  untitled: 'Meeting',
  contents: 'Contents',
  page: 'Page',
  source: 'Source',
  date: 'Date',
  duration: 'Duration',
  participants: 'Participants',
  talk: 'Talk time',
  share: 'Share',
  nobody: 'Nobody spoke.',
  coverage: 'Coverage',
  heard: (share, length) => `${share} of what should have been heard (${length} listened to)`,
  noGaps: 'No interruption.',
  everybody: 'everybody',
  between: (start, end) => `${start} to ${end}`,
  gap: {
    stt_away: 'transcription was away for longer than sound is kept',
    scribe_away: 'nobody was listening: the scribe was not in the room',
    sender_away: 'the recording machine was away and kept nothing',
    paused: 'recording paused',
  },
  draft: {
    being_written: {
      title: 'This is a draft',
      why: 'Every item below rests on a quote already, but the summary and the chapter titles are still being written.',
      advice: 'What to do: open the minutes again in a few seconds, the final version will replace this one.',
    },
    model_slow: {
      title: 'This is a draft: the language model has not answered yet',
      why: 'It is still being asked. Every item below rests on a quote; the written summary and the chapter titles are missing.',
      advice:
        'What to do: open the minutes again in a few minutes, the final version will replace this one as soon as the model has answered.',
    },
    no_model: {
      title: 'This is a draft: no language model is set up',
      why: 'Every item below rests on a quote, but there is no written summary.',
      advice:
        'What to do: give the server a model’s key (MISTRAL_API_KEY for instance) and restart it, the minutes will be tried again; until then, read the transcript.',
    },
    model_failed: {
      title: 'This is a draft: the language model did not answer',
      why: 'Every item below rests on a quote; the written summary and the chapter titles are missing. The model is asked again by itself, less and less often, for most of a day.',
      advice: 'What to do: look at the state of the model on the home page of the server.',
    },
    fault: {
      title: 'This is a draft: an error of our software kept the rest from being written',
      why: 'What could be found is below; the transcript is not affected.',
      advice:
        'What to do: read the transcript, and report the error to whoever runs the server: the log of meeting-worker names it.',
    },
  },
  silent: {
    title: 'A source stayed silent',
    advice:
      'What was said on that side is missing from these minutes. What to do: check the chosen device and the permission to record the system’s sound before the next meeting.',
  },
  silentFrom: (name, start, end) =>
    end === null ? `${name}: from ${start} to the end` : `${name}: from ${start} to ${end}`,
  holes: {
    title: 'Some intervals could not be summarised',
    byRules: (intervals) => `Found without a model, by simple rules that do not understand everything: ${intervals}.`,
    byNobody: (intervals) => `Nothing could be found, because of an error of our software: ${intervals}.`,
    advice:
      'What to do: read these passages in the transcript; the model is asked again by itself, and the minutes are completed if it answers.',
  },
  missed: {
    title: 'A part of the meeting was not heard',
    advice:
      'The missing intervals stand at the top, under “Coverage”. What to do: ask the participants what was said there.',
  },
  nothingSaid: {
    title: 'Nothing was said, or nothing was heard',
    advice: 'What to do: if somebody did speak, check the microphones and the recorded device.',
  },
  sections: {
    summary: 'Summary',
    decisions: 'Decisions',
    actions: 'Actions',
    questions: 'Open questions',
    chapters: 'Chapters',
    quotes: 'Key quotes',
    retracted: 'Taken back',
    unverified: 'Unverified (not part of the minutes)',
    provenance: 'Provenance and consent',
    transcript: 'Transcript',
    extracts: 'Quoted extracts',
  },
  none: {
    summary: 'No summary.',
    decisions: 'No decision found.',
    actions: 'No action found.',
    questions: 'No open question.',
    transcript: 'The transcript is empty.',
  },
  letters: { decision: 'D', action: 'A', question: 'Q' },
  columns: { owner: 'Owner', task: 'Task', due: 'Due', source: 'Source', speaker: 'Participant' },
  noOwner: 'not said',
  noDue: 'not said',
  asSaid: (words) => `“${words}”`,
  takenBack: 'Taken back by:',
  unverifiedNote:
    'A model claimed these, and the transcript does not prove them. They are no part of the minutes: do not use them unchecked.',
  kinds: {
    topic: 'Topic',
    decision: 'Decision',
    action: 'Action',
    question: 'Question',
    highlight: 'Quote',
    retraction: 'Retraction',
    summary: 'Summary',
    chapter: 'Chapter',
  },
  refusals: {
    no_quote: 'no quote was given',
    quote_not_found: 'the quote is not in the transcript',
    text_not_in_quote: 'the quote does not say so',
    owner_not_named: 'the owner was not named',
    due_not_said: 'the due date was not said',
    instruction_in_transcript: 'an instruction slipped into the conversation',
  },
  at: (time) => `around ${time}`,
  transcriptNote: (count) => (count === 1 ? '1 utterance' : `${count} utterances`),
  extractsNote: 'The words these minutes rest on, verbatim.',
  writtenBy: { synthesis: 'Summary and titles', chunks: 'Items' },
  model: (model, prompt) => `model ${model} (prompt ${prompt})`,
  rules: (version) => `rules without a model, version ${version}`,
  nobodyWrote: 'nobody, because of an error of our software',
  intervals: (count) => (count === 1 ? '1 interval' : `${count} intervals`),
  consent: 'Recording',
  consentGiven: 'announced to the participants',
  consentRefused: 'not announced to the participants',
  consentUnknown: 'No declaration was given when the meeting was opened.',
  consentBy: (name) => `declared by ${name}`,
  consentTold: (words) => `what was told: ${words}`,
  meetingId: 'Meeting no.',
  madeFrom: 'Method',
  madeFromText:
    'Every item rests on a quote found word for word in the transcript; what could not be found is kept apart.',
};

export const labels: Record<Language, Labels> = { fr, en };
