import { expect, test } from 'vitest';
import type { Machine } from './machine.ts';
import type { Spoken } from './speak.ts';
import { renderTtsReport } from './tts-report.ts';
import { voiceRow } from './tts-row.ts';

const spoken = (firstByteMs: number, engine = 'espeak-ng'): Spoken => ({
  engine,
  pcm: new Int16Array(24_000),
  firstByteMs,
  totalMs: firstByteMs + 100,
});

const row = voiceRow({
  provider: 'auto',
  voice: 'coach-fr',
  spoken: [spoken(100), spoken(300, 'piper/upmc'), spoken(200)],
  said: ['bonjour', 'au revoir', "c'est parfait"],
  heard: ['bonjour', 'au revoir', "c'est pas fait"],
  loudness: { integratedLufs: -17.24, truePeakDb: -1.5 },
});

test('a row has times, pace, understood words and everybody who spoke', () => {
  expect(row).toMatchObject({
    outcome: 'measured',
    engines: ['espeak-ng', 'piper/upmc'],
    sentences: 3,
    audioS: 3,
    firstByteP50Ms: 200,
    firstByteP95Ms: 300,
    words: { errors: 2, referenceWords: 6 },
  });
  expect(row.outcome === 'measured' && row.realTimeFactor).toBeCloseTo(0.3, 10);
});

test("the table names the listener's own errors beside the voices'", () => {
  const machine: Machine = { date: '2026-11-21T12:00:00.000Z', cpu: 'AMD EPYC', cores: 2, memoryGb: 25, load: 0 };
  const floor = { errors: 1, referenceWords: 50, rate: 0.02 };
  const listener = { model: 'demo', label: 'demo speech model', floor };
  const failed = { outcome: 'failed', provider: 'piper', voice: '-', reason: 'no voice' } as const;
  const set = { name: 'demo', sentences: 3, words: 5 };
  const text = renderTtsReport({ machine, set, listener, rows: [row, failed] }, true);
  expect(text).toContain('it gets 2.0 % wrong (1 of 50 words)');
  expect(text).toMatch(/auto {2}coach-fr +200 +300 +0\.30 +\d+\.\d % +-17\.2 +-1\.5 {2}espeak-ng, piper\/upmc/);
  expect(text).toMatch(/piper +- .*failed: no voice/);
  expect(text).toContain("  said  c'est parfait\n  heard c'est pas fait");
});
