import { stripVTControlCharacters, styleText } from 'node:util';
import type { Level } from '../capture/level.ts';
import { cellWidth, fitting } from './cell-width.ts';
import type { ScreenState, SourceView } from './screen-state.ts';
import { seconds, type Words } from './words.ts';

const BAR_CELLS = 28;
/** Quietest sound that shows, dBFS. */
const FLOOR_DB = -60;
/** From here on it is too loud. */
const LOUD_DB = -3;
/** Less than a second or two is always on its way. */
const WORTH_TELLING_MS = 20_000;

/** The live screen as lines, none longer than `columns`. */
export function renderScreen(state: ScreenState, words: Words, look: { columns: number; details: boolean }): string {
  const lines = [
    `${styleText('bold', plain(state.name))}  ${phaseOf(state, words)}  ${clockText(state.elapsedMs)}`,
    ...state.sources.map((source) => sourceLine(source, words)),
    `${words.words(state.words)} · ${linkOf(state, words)}`,
    ...(state.lastSummary === null ? [] : [`${words.lastSummary} : ${plain(state.lastSummary)}`]),
    ...alarmsOf(state, words).map((line) => styleText(['red', 'bold'], `⚠ ${line}`)),
    ...(look.details ? detailsOf(state, words) : []),
    styleText('dim', keysOf(state, words)),
  ];
  return lines.map((line) => cut(line, look.columns)).join('\n');
}

/** A bar on a scale of decibels: 28 cells from -60 dBFS to full scale. */
export function bar({ peak, rms }: Level): string {
  const cells = cellsOf(rms);
  const mark = Math.max(cells, cellsOf(peak));
  const full = '█'.repeat(cells);
  const rest = Array.from({ length: BAR_CELLS - cells }, (_, n) => (n + cells + 1 === mark ? '▏' : '·'));
  const colour = decibels(peak) > LOUD_DB ? 'red' : 'green';
  return `${styleText(colour, full)}${styleText('dim', rest.join(''))}`;
}

/** h:mm:ss */
export function clockText(ms: number): string {
  const all = Math.floor(ms / 1000);
  return `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
}

/** Text of others without what a terminal would take for commands. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, ' ');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function phaseOf({ phase }: ScreenState, words: Words): string {
  return styleText(phase === 'recording' ? 'red' : 'yellow', words.phases[phase]);
}

function sourceLine({ source, level, health, device }: SourceView, words: Words): string {
  if (health.state === 'away')
    return `${words.sources[source]} ${styleText('yellow', words.away(plain(health.problem ?? '')))}`;
  return `${words.sources[source]} ${bar(level)} ${styleText('dim', plain(device))}`;
}

function linkOf({ room, serverThere, waitingMs, phase }: ScreenState, words: Words): string {
  if (!serverThere || room.kind === 'away') return styleText('yellow', words.serverAway(seconds(waitingMs)));
  if (phase === 'finishing' || waitingMs > WORTH_TELLING_MS) return words.catchingUp(seconds(waitingMs));
  if (room.kind === 'connecting') return words.connecting;
  return room.scribe ? words.roomConnected : styleText('yellow', words.roomWithoutScribe);
}

function alarmsOf({ sources, spoolFull }: ScreenState, words: Words): string[] {
  return [
    ...sources.filter(({ alarmed }) => alarmed).map(({ source }) => words.silent[source]),
    ...(spoolFull ? [words.spoolFull] : []),
  ];
}

function detailsOf(state: ScreenState, { details, sources }: Words): string[] {
  return [
    `${details.session} ${state.sessionId}`,
    ...state.sources.map(({ source, device, health }) => {
      const frames = details.frames(
        Math.round(health.realFrames / 50),
        Math.round(health.filledFrames / 50),
        health.reopened,
      );
      return `${sources[source]} ${details.device} ${plain(device)} : ${frames}`;
    }),
    [
      details.disk(megabytes(state.spoolBytes)),
      ...(state.clockAccuracyMs === null ? [] : [details.clock(state.clockAccuracyMs.toFixed(0))]),
      details.memory(megabytes(state.rssBytes)),
    ].join(' · '),
  ];
}

function keysOf({ phase }: ScreenState, words: Words): string {
  if (phase === 'finishing') return words.finishingKeys;
  return phase === 'paused' ? words.keysPaused : words.keys;
}

function decibels(size: number): number {
  return size <= 0 ? -Infinity : 20 * Math.log10(size);
}

function cellsOf(size: number): number {
  const share = (decibels(size) - FLOOR_DB) / -FLOOR_DB;
  return Math.max(0, Math.min(BAR_CELLS, Math.round(share * BAR_CELLS)));
}

/** Cut to the width of the terminal: a wrapped line would leave copies of itself behind. Styles are not counted. */
function cut(line: string, columns: number): string {
  return cellWidth(line) <= columns ? line : `${fitting(line, columns - 1)}…`;
}
