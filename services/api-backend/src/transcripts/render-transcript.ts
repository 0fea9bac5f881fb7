import type { Language } from '@eloquence/shared/contracts/ids';
import type { Transcript, Utterance } from '@eloquence/shared/contracts/sessions';

/** A rendering of a transcript: media type and function. */
interface Format {
  readonly mediaType: string;
  readonly render: (transcript: Transcript, names: UserNames) => string;
}

/** What to call people: one name for all of them, as there is one person in a call; names by speaker; null = nothing is known. */
export type UserNames = string | ReadonlyMap<string, string> | null;

const speakers: Record<Language, { readonly user: string; readonly agent: string }> = {
  fr: { user: 'Vous', agent: 'Assistant' },
  en: { user: 'You', agent: 'Assistant' },
};

/** Subtitles with no length are not shown; half a second is the least that can be read. */
const MIN_CUE_MS = 500;

/** File name extension -> rendering. */
export const transcriptFormats = {
  txt: { mediaType: 'text/plain; charset=utf-8', render: renderText },
  srt: { mediaType: 'application/x-subrip; charset=utf-8', render: renderSrt },
  vtt: { mediaType: 'text/vtt; charset=utf-8', render: renderVtt },
} as const satisfies Record<string, Format>;

function renderText({ language, utterances }: Transcript, names: UserNames): string {
  return utterances
    .map((utterance) => {
      const time = clock(utterance.start_ms, '.').slice(0, 8);
      return `[${time}] ${speakerOf(utterance, language, names)}${language === 'fr' ? ' ' : ''}: ${oneLine(utterance.text)}\n`;
    })
    .join('');
}

function renderSrt({ language, utterances }: Transcript, names: UserNames): string {
  return utterances
    .map((utterance, index) => {
      const speaker = speakerOf(utterance, language, names);
      // A line with an arrow would be read as a time line.
      const line = `${speaker}: ${oneLine(utterance.text)}`.replaceAll('-->', '→');
      return `${index + 1}\n${cueTimes(utterance, ',')}\n${line}\n\n`;
    })
    .join('');
}

function renderVtt({ language, utterances }: Transcript, names: UserNames): string {
  const cues = utterances.map((utterance) => {
    const speaker = escapeVtt(speakerOf(utterance, language, names));
    return `${utterance.utterance_id}\n${cueTimes(utterance, '.')}\n<v ${speaker}>${escapeVtt(oneLine(utterance.text))}\n\n`;
  });
  return `WEBVTT\n\n${cues.join('')}`;
}

function speakerOf(utterance: Utterance, language: Language, names: UserNames): string {
  const { agent, user } = speakers[language];
  if (utterance.role === 'agent') return agent;
  const name =
    typeof names === 'string' ? names : (names?.get(utterance.speaker) ?? (names ? utterance.speaker : user));
  return oneLine(name);
}

function cueTimes({ start_ms: startMs, end_ms: endMs }: Utterance, separator: string): string {
  return `${clock(startMs, separator)} --> ${clock(Math.max(endMs, startMs + MIN_CUE_MS), separator)}`;
}

/** `HH:MM:SS<separator>mmm`; hours grow beyond two digits. */
function clock(timeMs: number, separator: string): string {
  const seconds = timeMs / 1000;
  const fraction = String(timeMs % 1000).padStart(3, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${separator}${fraction}`;
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** Control characters could steer the terminal a text is read in. */
const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();

const escapeVtt = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
