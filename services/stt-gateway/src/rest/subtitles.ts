import type { TimedWord, Transcript } from '../session/session-events.ts';

/** One caption: one or two lines, seconds of the recording. */
export interface Cue {
  readonly startS: number;
  readonly endS: number;
  readonly lines: readonly string[];
}

/** What broadcasters agree on: two lines of 42 characters, no longer on the screen than one reads them. */
const LINE_CHARACTERS = 42;
const MAX_CUE_S = 7;
const MIN_CUE_S = 0.5;
/** A pause after which a new caption begins. */
const PAUSE_S = 0.8;
const SENTENCE_END = /[.!?…。！？]["'»”)]*$/;

/** Captions of a recording, in order, none overlapping the next. */
export function cuesOf(windows: readonly Transcript[]): Cue[] {
  const groups = windows.flatMap((window) => group(wordsOf(window)));
  const cues: Cue[] = [];
  for (const [index, words] of groups.entries()) {
    const first = words[0];
    const last = words.at(-1);
    if (!first || !last) continue;
    const startS = Math.max(first.startS, cues.at(-1)?.endS ?? 0);
    const nextS = groups[index + 1]?.[0]?.startS ?? Infinity;
    const endS = Math.max(last.endS, Math.min(startS + MIN_CUE_S, nextS), startS + 0.001);
    cues.push({ startS, endS, lines: wrap(words.map(({ word }) => word)) });
  }
  return cues;
}

type Word = Pick<TimedWord, 'word' | 'startS' | 'endS'>;

/** The words with their times; where the engine gives none, the text spread evenly over its segments. */
function wordsOf({ words, segments, text, startS, endS }: Transcript): readonly Word[] {
  if (words.length > 0) return words;
  const stretches = segments.length > 0 ? segments : [{ startS, endS, text }];
  return stretches.flatMap((stretch) => {
    const parts = stretch.text.split(/\s+/).filter(Boolean);
    const partS = (stretch.endS - stretch.startS) / Math.max(1, parts.length);
    return parts.map((word, index) => ({
      word,
      startS: stretch.startS + index * partS,
      endS: stretch.startS + (index + 1) * partS,
    }));
  });
}

function group(words: readonly Word[]): Word[][] {
  const groups: Word[][] = [];
  for (const word of words) {
    const current = groups.at(-1);
    if (current && belongs(word, current)) current.push(word);
    else groups.push([word]);
  }
  return groups;
}

function belongs(word: Word, cue: readonly Word[]): boolean {
  const first = cue[0];
  const last = cue.at(-1);
  if (!first || !last) return false;
  if (word.endS - first.startS > MAX_CUE_S || word.startS - last.endS >= PAUSE_S) return false;
  const written = cue.map((entry) => entry.word);
  if (SENTENCE_END.test(last.word) && written.join(' ').length >= LINE_CHARACTERS / 2) return false;
  return wrap([...written, word.word]).every((line) => line.length <= LINE_CHARACTERS);
}

/** One line, or two of about the same length. Only a word that is longer by itself makes a line too long. */
function wrap(words: readonly string[]): readonly string[] {
  const whole = words.join(' ');
  if (whole.length <= LINE_CHARACTERS) return [whole];
  let best: readonly string[] = [whole];
  for (let cut = 1; cut < words.length; cut += 1) {
    const lines = [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
    if (longest(lines) < longest(best)) best = lines;
  }
  return best;
}

const longest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));

/** SubRip: numbered, commas in times. */
export function toSrt(cues: readonly Cue[]): string {
  return cues
    .map(
      ({ startS, endS, lines }, index) =>
        `${index + 1}\n${clock(startS, ',')} --> ${clock(endS, ',')}\n${lines.join('\n')}\n\n`,
    )
    .join('');
}

/** WebVTT; `-->` and markup in a text are written so that they stay text. */
export function toVtt(cues: readonly Cue[]): string {
  const body = cues.map(
    ({ startS, endS, lines }) => `${clock(startS, '.')} --> ${clock(endS, '.')}\n${lines.map(escaped).join('\n')}\n\n`,
  );
  return `WEBVTT\n\n${body.join('')}`;
}

function clock(seconds: number, separator: string): string {
  const ms = Math.round(seconds * 1000);
  return `${pad(ms / 3_600_000, 2)}:${pad((ms / 60_000) % 60, 2)}:${pad((ms / 1000) % 60, 2)}${separator}${pad(ms % 1000, 3)}`;
}

const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');

const escaped = (line: string) => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
