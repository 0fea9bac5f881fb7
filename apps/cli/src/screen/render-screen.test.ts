import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { bar, clockText, renderScreen } from './render-screen.ts';
import type { ScreenState } from './screen-state.ts';
import { wordsOf } from './words.ts';

const health = {
  state: 'capturing',
  realFrames: 500,
  filledFrames: 50,
  reopened: 1,
  droppedFrames: 0,
  problem: null,
} as const;
const STATE: ScreenState = {
  name: 'Réunion Projet X',
  sessionId: 'ses_abc',
  phase: 'recording',
  elapsedMs: 3_723_000,
  pausedMs: 0,
  sources: [
    { source: 'them', device: 'Monitor of Built-in', level: { peak: 0.5, rms: 0.1 }, health, alarmed: false },
    { source: 'me', device: 'USB', level: { peak: 0, rms: 0 }, health, alarmed: false },
  ],
  room: { kind: 'connected', scribe: true },
  serverThere: true,
  waitingMs: 2_000,
  spoolBytes: 1_234_567,
  spoolFull: false,
  words: 42,
  lastSummary: null,
  clockAccuracyMs: 3.4,
  rssBytes: 98_000_000,
};

const show = (change: Partial<ScreenState>, language: 'fr' | 'en' = 'fr', look = { columns: 100, details: false }) =>
  stripVTControlCharacters(renderScreen({ ...STATE, ...change }, wordsOf(language), look)).split('\n');

test('the screen says what is recorded, how loud, how long, and that the server listens', () => {
  expect(show({})).toEqual([
    'Réunion Projet X  ● enregistrement  1:02:03',
    'Eux  ███████████████████·····▏··· Monitor of Built-in',
    'Moi  ···························· USB',
    '42 mots · serveur à l’écoute',
    'p pause · s détails · q arrêter et faire le compte rendu',
  ]);
});

test('a server that is away, a silent far side and a full disk are said in words', () => {
  const [them, me] = STATE.sources;
  const lines = show({
    serverThere: false,
    waitingMs: 75_000,
    spoolFull: true,
    sources: [{ ...them!, alarmed: true }, me!],
  }).join('\n');
  expect(lines).toContain('serveur absent : 75 s de son sur le disque');
  expect(lines).toContain('LES AUTRES SONT MUETS');
  expect(lines).toContain('DISQUE DE SECOURS PLEIN');
  expect(show({ phase: 'paused' }, 'en').join('\n')).toContain('p go on');
});

test('details show the device, what was real and what was filled, memory and clock', () => {
  const lines = show({}, 'en', { columns: 120, details: true }).join('\n');
  expect(lines).toContain('10 s of sound, 1 s filled, opened again 1 time(s)');
  expect(lines).toContain('1.2 MB on disk · clock ± 3 ms · 98.0 MB of memory');
});

test('no line is wider than the terminal, and names cannot command it', () => {
  const lines = show({ name: '\u001b[2Jevil\u0007\nname', lastSummary: 'x'.repeat(400) }, 'fr', {
    columns: 60,
    details: true,
  });
  expect(lines[0]).toBe('evil name  ● enregistrement  1:02:03');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  // Two cells a letter: a line that wrapped would leave copies of itself behind.
  const [wide = ''] = show({ name: '会議'.repeat(60) }, 'fr', { columns: 60, details: false });
  expect(wide).toHaveLength(30);
  expect(wide.endsWith('…')).toBe(true);
});

test('the bar is 28 cells wide at any level', () => {
  for (const size of [0, 1e-9, 0.001, 0.1, 0.9, 1]) {
    expect(stripVTControlCharacters(bar({ peak: size, rms: size / 2 }))).toHaveLength(28);
  }
  expect(clockText(59_999)).toBe('0:00:59');
});
