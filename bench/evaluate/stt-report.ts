import { textTable } from '@eloquence/testkit/text-table';
import { wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { describeMachine, type Machine } from './machine.ts';
import type { SttOptions } from './stt-options.ts';
import type { SttRow } from './stt-row.ts';
import { percent } from './word-errors.ts';

export interface SttReport {
  readonly machine: Machine;
  readonly set: { readonly name: string; readonly clips: number; readonly audioS: number; readonly words: number };
  readonly options: Pick<SttOptions, 'language' | 'endpointingMs' | 'speed' | 'live'>;
  readonly rows: readonly SttRow[];
}

const HEADER = [
  'model',
  'window',
  'WER',
  'live WER',
  'final p50',
  'final p95',
  'call p50',
  'call p95',
  'RTF',
  'memory',
  'load',
  'notes',
];

/** The comparison for people. @param errors also list the clips that were heard wrong */
export function renderSttReport(report: SttReport, errors: boolean): string {
  const { machine, set, options, rows } = report;
  const language = options.language ?? 'detected';
  const lines = [
    describeMachine(machine),
    `set ${set.name}: ${set.clips} clips, ${set.audioS.toFixed(0)} s, ${set.words} words; language ${language}, endpointing ${options.endpointingMs} ms`,
    ...(options.live && options.speed !== 1
      ? [`played at ${options.speed} times the speed of speech: the times to the final are not what a person waits`]
      : []),
    '',
    ...textTable([HEADER, ...rows.map(cells)]),
    '',
    ...LEGEND,
  ];
  if (errors) lines.push(...rows.flatMap(wrongClips));
  return `${lines.join('\n')}\n`;
}

const LEGEND = [
  'WER: wrong words per word said, by the model alone; live WER and final: through the gateway, played as a microphone sends.',
  'final: end of speech to the final text, ms. call, load: s. RTF: seconds of work per second of audio. memory: peak, MB.',
];

function cells(row: SttRow): string[] {
  if (row.outcome === 'failed')
    return [row.model, row.window, ...Array.from({ length: HEADER.length - 3 }, () => '-'), `failed: ${row.reason}`];
  const { direct, live } = row;
  return [
    row.model,
    row.window,
    percent(direct.words),
    percent(live?.words ?? null),
    whole(live?.finalP50Ms),
    whole(live?.finalP95Ms),
    direct.callP50S.toFixed(2),
    direct.callP95S.toFixed(2),
    direct.realTimeFactor.toFixed(2),
    whole(row.memoryMb),
    row.loadS.toFixed(1),
    notes(row),
  ];
}

function notes(row: Extract<SttRow, { outcome: 'measured' }>): string {
  const { live, redecodes } = row;
  const all = [row.runsOn.replace(/^loaded and warm \((.*)\)$/, '$1')];
  if (redecodes.again > 0)
    all.push(`${redecodes.again} of ${redecodes.pieces} pieces decoded again in the full window`);
  if (live && live.unheard > 0) all.push(`no words of ${live.unheard} of ${row.clips} clips live`);
  if (live && live.errors.length > 0) all.push(`${live.errors.length} errors live: ${live.errors[0]}`);
  return all.filter(Boolean).join('; ');
}

function wrongClips(row: SttRow): string[] {
  if (row.outcome === 'failed' || row.direct.words === null) return [];
  const wrong = row.results.flatMap(({ clip, said, heard, live }) => {
    const faults = [
      ...(wordErrorRate(said, heard).errors > 0 ? [`    heard ${heard || '(nothing)'}`] : []),
      ...(live && wordErrorRate(said, live.text).errors > 0 ? [`    live  ${live.text || '(nothing)'}`] : []),
    ];
    return faults.length > 0 ? [`  ${clip}`, `    said  ${said}`, ...faults] : [];
  });
  return wrong.length > 0 ? ['', `${row.model}, window ${row.window}:`, ...wrong] : [];
}

function whole(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(0);
}
