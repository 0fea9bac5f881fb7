import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { idOf } from './context.ts';
import { folderName, generatedName } from './meeting-name.ts';
import { RecordingStates, type RecordingState } from './recording-state.ts';
import { durationText, table } from './table.ts';

let dir: string;
let states: RecordingStates;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eloquence-states-'));
  states = new RecordingStates(dir);
});
afterEach(() => rmSync(dir, { recursive: true }));

const state = (change: Partial<RecordingState> = {}): RecordingState => ({
  session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
  name: 'Réunion',
  api: 'http://127.0.0.1:8000',
  pid: process.pid,
  started_at: '2026-01-19T14:30:00.000Z',
  folder: '/x',
  state: 'recording',
  words: 0,
  updated_at: new Date().toISOString(),
  checkpoint_s: 30,
  ...change,
});

it('other terminals see a recording, until its process is gone or says nothing any more', () => {
  expect([states.last(), states.list()]).toEqual([undefined, []]);
  states.write(state());
  states.write(
    state({ session_id: 'ses_bbbbbbbbbbbbbbbbbbbb', started_at: '2026-01-20T14:30:00.000Z', state: 'finished' }),
  );
  expect(states.last()?.session_id).toBe('ses_bbbbbbbbbbbbbbbbbbbb');
  expect(states.list().map((one) => states.isRunning(one))).toEqual([false, true]);
  expect(states.isRunning(state({ pid: 2 ** 30 }))).toBe(false);
  expect(states.isRunning(state({ updated_at: '2026-01-19T14:30:00.000Z' }))).toBe(false);
});

it('a disk that takes no state stops no recording', () => {
  writeFileSync(join(dir, 'recordings'), 'no folder');
  expect(() => states.write(state())).toThrow(/EEXIST|ENOTDIR/);
  expect(() => states.checkpoint(state())).not.toThrow();
});

it('stopping is asked for once', () => {
  states.write(state());
  expect(states.takeStop(state().session_id)).toBe(false);
  states.askToStop(state().session_id);
  expect([states.takeStop(state().session_id), states.takeStop(state().session_id)]).toEqual([true, false]);
});

it('names of folders are fit for every system, and hold the date once', () => {
  const date = new Date(2026, 0, 19, 14, 30);
  expect(generatedName(date)).toBe('Reunion_2026-01-19_14-30');
  expect(folderName(generatedName(date), date)).toBe('Reunion_2026-01-19_14-30');
  expect(folderName('Réunion : Projet/X', date)).toBe('Reunion-Projet-X_2026-01-19_14-30');
  for (const odd of ['..', '///', 'CON', '会議', '']) expect(folderName(odd, date)).toBe('Reunion_2026-01-19_14-30');
});

it('names become ids of speakers', () => {
  expect([idOf('Élodie Durand'), idOf('a.b'), idOf('会議'), idOf('-x-')]).toEqual(['Elodie-Durand', 'a-b', 'moi', 'x']);
});

it('tables line up wide letters and marks', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['é\u0301', 'x'],
        ['会議', 'y\nz'],
      ],
    ),
  ).toBe('A     B\né\u0301     x\n会議  y z');
  expect([durationText(12_000), durationText(185_000), durationText(3_720_000)]).toEqual([
    '12 s',
    '3 min 05 s',
    '1 h 02 min',
  ]);
});
