import { textTable } from '@eloquence/testkit/text-table';
import { wordErrorRate, type WordErrors } from '@eloquence/testkit/word-error-rate';
import { describeMachine, type Machine } from './machine.ts';
import type { TtsRow } from './tts-row.ts';
import { percent } from './word-errors.ts';

export interface TtsReport {
  readonly machine: Machine;
  readonly set: { readonly name: string; readonly sentences: number; readonly words: number };
  /** Who judged the words, and its own word errors on the recordings of the set. */
  readonly listener: { readonly model: string; readonly label: string; readonly floor: WordErrors };
  readonly rows: readonly TtsRow[];
}

const HEADER = [
  'provider',
  'voice',
  'first p50',
  'first p95',
  'RTF',
  'understood wrong',
  'loudness',
  'peak',
  'spoken by',
];

/** The comparison for people. @param errors also list the sentences that were understood wrong */
export function renderTtsReport({ machine, set, listener, rows }: TtsReport, errors: boolean): string {
  const { floor } = listener;
  const lines = [
    describeMachine(machine),
    `set ${set.name}: ${set.sentences} sentences, ${set.words} words`,
    `listener: ${listener.label}; of the set's own recordings it gets ${percent(floor)} wrong (${floor.errors} of ${floor.referenceWords} words)`,
    '',
    ...textTable([HEADER, ...rows.map(cells)]),
    '',
    'first: request to first sound, ms. RTF: seconds of work per second of speech. loudness: LUFS, peak: dBTP.',
    "understood wrong: of the listener; what is above its rate on the set's own recordings is the voice's share.",
  ];
  if (errors) lines.push(...rows.flatMap(wrongSentences));
  return `${lines.join('\n')}\n`;
}

function cells(row: TtsRow): string[] {
  if (row.outcome === 'failed')
    return [row.provider, row.voice, ...Array.from({ length: HEADER.length - 3 }, () => '-'), `failed: ${row.reason}`];
  return [
    row.provider,
    row.voice,
    row.firstByteP50Ms.toFixed(0),
    row.firstByteP95Ms.toFixed(0),
    row.realTimeFactor.toFixed(2),
    percent(row.words),
    row.loudness?.integratedLufs.toFixed(1) ?? '-',
    row.loudness?.truePeakDb.toFixed(1) ?? '-',
    row.engines.join(', '),
  ];
}

function wrongSentences(row: TtsRow): string[] {
  if (row.outcome === 'failed') return [];
  const wrong = row.results.filter(({ said, heard }) => wordErrorRate(said, heard).errors > 0);
  if (wrong.length === 0) return [];
  const lines = wrong.flatMap(({ said, heard }) => [`  said  ${said}`, `  heard ${heard || '(nothing)'}`]);
  return ['', `${row.provider}, ${row.voice}:`, ...lines];
}
