import { AppError } from '@eloquence/shared/runtime/errors';
import type { Report } from '@eloquence/shared/contracts/report';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { cleanText, FIXED, typeset } from './text.ts';

/** What a reader takes in at a glance, as broadcasters have it. */
const LINE_CHARACTERS = 42;
const LINES = 2;
/** Shorter, a cue only flashes. */
const SHORTEST_MS = 400;

interface Cue {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly speaker: string;
  readonly lines: readonly string[];
}

/** @throws AppError `not_found` when the report holds no transcript: {@link offeredFormats} does not offer it then */
export function toSrt(report: Report): string {
  return cuesOf(report)
    .map(({ lines, ...cue }, index) => {
      const text = lines.map(escapeSrt).join('\n');
      return `${index + 1}\n${stamp(cue.start_ms, ',')} --> ${stamp(cue.end_ms, ',')}\n${text}\n`;
    })
    .join('\n');
}

/** @throws AppError `not_found` as {@link toSrt} */
export function toVtt(report: Report): string {
  const cues = cuesOf(report).map(({ lines, speaker, ...cue }) => {
    const text = lines.map(escapeVtt).join('\n');
    return `${stamp(cue.start_ms, '.')} --> ${stamp(cue.end_ms, '.')}\n<v ${escapeVtt(speaker)}>${text}</v>\n`;
  });
  return `WEBVTT\n\n${cues.join('\n')}`;
}

/** SRT has no escapes, and players obey tags and `{\an8}`: look-alikes stand for the marks. */
const escapeSrt = (text: string) =>
  text.replaceAll('-->', '→').replaceAll('<', '‹').replaceAll('>', '›').replaceAll('{', '(').replaceAll('}', ')');

const escapeVtt = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Cues in order of their beginning. Those of one speaker never overlap; two people who speak at once are shown at once, as both
 * formats allow.
 */
function cuesOf({ transcript, speakers, language }: Report): Cue[] {
  if (transcript === null) {
    throw new AppError(
      'not_found',
      'This meeting was opened with include_full_transcript off, so there are no subtitles. Ask for md, html, pdf, docx or json.',
    );
  }
  const names = new Map(speakers.map(({ speaker, name }) => [speaker, cleanText(name)]));
  const colon = language === 'fr' ? `${FIXED}: ` : ': ';
  const cues = transcript.flatMap((utterance) => {
    const speaker = names.get(utterance.speaker) || cleanText(utterance.speaker);
    const parts = split(typeset(speaker + colon + cleanText(utterance.text), language));
    return timed(utterance, parts).map((part) => ({ ...part, speaker }));
  });
  const freeAtMs = new Map<string, number>();
  return cues
    .toSorted((a, b) => a.start_ms - b.start_ms)
    .map((cue) => {
      const start_ms = Math.max(cue.start_ms, freeAtMs.get(cue.speaker) ?? 0);
      const end_ms = Math.max(cue.end_ms, start_ms + SHORTEST_MS);
      freeAtMs.set(cue.speaker, end_ms);
      return { ...cue, start_ms, end_ms };
    })
    .toSorted((a, b) => a.start_ms - b.start_ms);
}

/** Text cut into cues of at most two lines; a word longer than a line is cut. */
function split(text: string): string[][] {
  const lines: string[] = [];
  for (const word of text.split(' ').flatMap(cutWord)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_CHARACTERS)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const cues: string[][] = [];
  for (let at = 0; at < lines.length; at += LINES) cues.push(lines.slice(at, at + LINES));
  return cues;
}

function cutWord(word: string): string[] {
  if (word.length <= LINE_CHARACTERS) return [word];
  const characters = Array.from(word);
  const parts: string[] = [];
  for (let at = 0; at < characters.length; at += LINE_CHARACTERS / 2) {
    parts.push(characters.slice(at, at + LINE_CHARACTERS / 2).join(''));
  }
  return parts;
}

/** Each part gets the share of the utterance's time that its length has of the text. */
function timed({ start_ms, end_ms }: Utterance, parts: readonly string[][]) {
  const lengths = parts.map((lines) => lines.join(' ').length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const long = Math.max(end_ms - start_ms, SHORTEST_MS * parts.length);
  let before = 0;
  return parts.map((lines, index) => {
    const from = start_ms + Math.round((long * before) / total);
    before += lengths[index] ?? 0;
    return { lines, start_ms: from, end_ms: start_ms + Math.round((long * before) / total) };
  });
}

const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');

function stamp(ms: number, point: ',' | '.'): string {
  const seconds = Math.floor(ms / 1_000);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => pad(part));
  return `${time.join(':')}${point}${pad(ms % 1_000, 3)}`;
}
