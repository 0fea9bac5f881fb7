import type { SourceId } from '../recorder/recording.ts';
import type { ScreenEvent } from './screen-state.ts';

export type Language = 'fr' | 'en';

/** Every text of the screen, in both languages. */
export interface Words {
  readonly sources: Readonly<Record<SourceId, string>>;
  readonly phases: Readonly<Record<'starting' | 'recording' | 'paused' | 'finishing', string>>;
  readonly roomConnected: string;
  readonly roomWithoutScribe: string;
  readonly connecting: string;
  readonly serverAway: (seconds: number) => string;
  readonly catchingUp: (seconds: number) => string;
  readonly spoolFull: string;
  readonly words: (count: number) => string;
  readonly lastSummary: string;
  readonly silent: Readonly<Record<SourceId, string>>;
  readonly away: (problem: string) => string;
  readonly keys: string;
  readonly keysPaused: string;
  readonly finishingKeys: string;
  readonly details: {
    readonly session: string;
    readonly device: string;
    readonly frames: (realS: number, filledS: number, reopened: number) => string;
    readonly disk: (megabytes: string) => string;
    readonly clock: (ms: string) => string;
    readonly memory: (megabytes: string) => string;
  };
  readonly event: (event: ScreenEvent) => string;
}

const HEADSET_FR = 'sortie audio différente, ou casque passé en mode « mains libres » ?';
const HEADSET_EN = 'another output device, or a headset in hands-free mode?';

const fr: Words = {
  sources: { them: 'Eux ', me: 'Moi ' },
  phases: { starting: 'démarrage', recording: '● enregistrement', paused: '❚❚ en pause', finishing: 'fin de réunion' },
  roomConnected: 'serveur à l’écoute',
  roomWithoutScribe: 'salle ouverte, personne n’y transcrit encore : le son est gardé sur le disque',
  connecting: 'connexion au serveur',
  serverAway: (s) => `serveur absent : ${s} s de son sur le disque, rien n’est perdu`,
  catchingUp: (s) => `rattrapage : encore ${s} s de son à transmettre`,
  spoolFull:
    'DISQUE DE SECOURS PLEIN : le son nouveau n’est plus gardé. Libérez de la place ou rétablissez le serveur.',
  words: (count) => `${count} ${count > 1 ? 'mots' : 'mot'}`,
  lastSummary: 'Dernier résumé',
  silent: {
    them: `LES AUTRES SONT MUETS : aucun son de la machine depuis plus de 30 s (${HEADSET_FR})`,
    me: 'VOTRE MICRO EST MUET : que des zéros depuis plus de 30 s (coupé, ou autre micro ?)',
  },
  away: (problem) => `périphérique absent : ${problem}`,
  keys: 'p pause · s détails · q arrêter et faire le compte rendu',
  keysPaused: 'p reprendre · s détails · q arrêter et faire le compte rendu',
  finishingKeys: 'Ctrl-C : quitter tout de suite, le son reste sur le disque',
  details: {
    session: 'Réunion',
    device: 'périphérique',
    frames: (realS, filledS, reopened) => `${realS} s de son, ${filledS} s comblées, ${reopened} réouverture(s)`,
    disk: (mb) => `${mb} Mo sur le disque`,
    clock: (ms) => `horloge à ± ${ms} ms`,
    memory: (mb) => `${mb} Mo de mémoire`,
  },
  event: (event) => frenchLine(event),
};

const en: Words = {
  sources: { them: 'Them', me: 'Me  ' },
  phases: { starting: 'starting', recording: '● recording', paused: '❚❚ paused', finishing: 'finishing' },
  roomConnected: 'the server listens',
  roomWithoutScribe: 'the room is open, nobody transcribes yet: the sound is kept on disk',
  connecting: 'connecting to the server',
  serverAway: (s) => `server away: ${s} s of sound on disk, nothing is lost`,
  catchingUp: (s) => `catching up: ${s} s of sound still to deliver`,
  spoolFull: 'THE SPOOL IS FULL: new sound is not kept any more. Free some space or bring the server back.',
  words: (count) => `${count} ${count === 1 ? 'word' : 'words'}`,
  lastSummary: 'Last summary',
  silent: {
    them: `THE OTHERS ARE SILENT: no sound of this machine for more than 30 s (${HEADSET_EN})`,
    me: 'YOUR MICROPHONE IS SILENT: nothing but zeros for more than 30 s (muted, or another microphone?)',
  },
  away: (problem) => `device away: ${problem}`,
  keys: 'p pause · s details · q stop and report',
  keysPaused: 'p go on · s details · q stop and report',
  finishingKeys: 'Ctrl-C: leave at once, the sound stays on disk',
  details: {
    session: 'Meeting',
    device: 'device',
    frames: (realS, filledS, reopened) => `${realS} s of sound, ${filledS} s filled, opened again ${reopened} time(s)`,
    disk: (mb) => `${mb} MB on disk`,
    clock: (ms) => `clock ± ${ms} ms`,
    memory: (mb) => `${mb} MB of memory`,
  },
  event: (event) => englishLine(event),
};

export const wordsOf = (language: Language): Words => (language === 'fr' ? fr : en);

function frenchLine(event: ScreenEvent): string {
  switch (event.type) {
    case 'started':
      return `Enregistrement : ${devices(event.devices)}`;
    case 'paused':
      return 'En pause.';
    case 'continued':
      return 'Reprise.';
    case 'spool_full':
      return fr.spoolFull;
    case 'spool_room':
      return 'De nouveau de la place pour le son.';
    case 'server_away':
      return 'Serveur absent : le son va sur le disque.';
    case 'server_back':
      return 'Le serveur est revenu.';
    case 'room_connected':
      return 'Le serveur est à l’écoute.';
    case 'room_away':
      return 'Salle perdue : le son va sur le disque.';
    case 'source_away':
      return `${fr.sources[event.source].trim()} : ${fr.away(event.problem)}`;
    case 'source_back':
      return `${fr.sources[event.source].trim()} : périphérique de retour.`;
    case 'silent':
      return fr.silent[event.source];
    case 'sound_again':
      return `${fr.sources[event.source].trim()} : le son est revenu.`;
    case 'summary':
      return `${fr.lastSummary} : ${event.text}`;
    case 'refused':
      return `Le serveur refuse : ${event.problem}`;
    case 'finishing':
      return `Fin de réunion : ${seconds(event.waitingMs)} s de son restent à transmettre.`;
  }
}

function englishLine(event: ScreenEvent): string {
  switch (event.type) {
    case 'started':
      return `Recording: ${devices(event.devices)}`;
    case 'paused':
      return 'Paused.';
    case 'continued':
      return 'Going on.';
    case 'spool_full':
      return en.spoolFull;
    case 'spool_room':
      return 'There is room for sound again.';
    case 'server_away':
      return 'Server away: the sound goes to disk.';
    case 'server_back':
      return 'The server is back.';
    case 'room_connected':
      return 'The server listens.';
    case 'room_away':
      return 'The room is lost: the sound goes to disk.';
    case 'source_away':
      return `${en.sources[event.source].trim()}: ${en.away(event.problem)}`;
    case 'source_back':
      return `${en.sources[event.source].trim()}: the device is back.`;
    case 'silent':
      return en.silent[event.source];
    case 'sound_again':
      return `${en.sources[event.source].trim()}: there is sound again.`;
    case 'summary':
      return `${en.lastSummary}: ${event.text}`;
    case 'refused':
      return `The server refuses: ${event.problem}`;
    case 'finishing':
      return `Finishing: ${seconds(event.waitingMs)} s of sound still to deliver.`;
  }
}

function devices(named: Readonly<Record<string, string>>): string {
  return Object.entries(named)
    .map(([source, device]) => `${source} = ${device}`)
    .join(', ');
}

export const seconds = (ms: number): number => Math.ceil(ms / 1000);
