import { expect, test } from 'vitest';
import { renderSttReport, type SttReport } from './stt-report.ts';
import { summarize, type ClipResult, type SttRow } from './stt-row.ts';

const clip: ClipResult = {
  clip: '001 fr-fr',
  said: "c'est parfait",
  audioS: 2,
  heard: 'c’est parfait',
  callS: 0.25,
  live: { text: 'ces parfaits', finalMs: 612, errors: [] },
};

const measured = (judged: boolean): SttRow => ({
  outcome: 'measured',
  model: judged ? 'small' : 'random:small',
  window: '10',
  engine: 'Whisper small',
  runsOn: 'loaded and warm (cpu int8, 2 threads)',
  loadS: 3.21,
  redecodes: { pieces: 5, again: judged ? 0 : 2 },
  memoryMb: judged ? 812 : null,
  ...summarize([clip], judged),
  results: [clip],
});

const report: SttReport = {
  machine: { date: '2026-11-21T12:00:00.000Z', cpu: 'AMD EPYC', cores: 2, memoryGb: 25, load: 1.2 },
  set: { name: 'demo', clips: 1, audioS: 2, words: 3 },
  options: { language: 'fr', endpointingMs: 300, speed: 1, live: true },
  rows: [
    measured(true),
    measured(false),
    { outcome: 'failed', model: 'huge', window: 'auto', reason: 'it is unknown' },
  ],
};

const cellsOf = (text: string, model: string) =>
  text
    .split('\n')
    .find((line) => line.trim().startsWith(`${model} `))
    ?.trim()
    .split(/ {2,}/);

test('a row has errors, times, memory and what it ran on', () => {
  const text = renderSttReport(report, false);
  expect(cellsOf(text, 'small')).toEqual([
    'small',
    '10',
    '0.0 %',
    '100.0 %',
    '612',
    '612',
    '0.25',
    '0.25',
    '0.13',
    '812',
    '3.2',
    'cpu int8, 2 threads',
  ]);
  expect(text).toContain('2 cores of AMD EPYC, 25 GB, load 1.2');
});

test('random weights have times and no word errors', () => {
  expect(cellsOf(renderSttReport(report, false), 'random:small')?.slice(2, 6)).toEqual(['-', '-', '612', '612']);
});

test('what was decoded twice is told, because it took the time of two calls', () => {
  expect(cellsOf(renderSttReport(report, false), 'random:small')?.at(-1)).toContain('2 of 5 pieces decoded again');
});

test('a model that failed is a row with the reason', () => {
  expect(cellsOf(renderSttReport(report, false), 'huge')?.at(-1)).toBe('failed: it is unknown');
});

test('what was heard wrong is listed on request, for each way it was heard', () => {
  const text = renderSttReport(report, true);
  expect(text).toContain("  001 fr-fr\n    said  c'est parfait\n    live  ces parfaits\n");
  expect(text).not.toContain('heard c’est parfait');
  expect(text).not.toContain('random:small, window 10:');
});

test('figures of a run faster than speech say so', () => {
  const fast = { ...report, options: { ...report.options, speed: 4 } };
  expect(renderSttReport(fast, false)).toContain('4 times the speed of speech');
});
