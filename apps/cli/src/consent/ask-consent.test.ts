import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageError } from '../commands/exit-codes.ts';
import { askConsent, type ConsentRequest } from './ask-consent.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'eloquence-consent-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const request = (change: Partial<ConsentRequest>): ConsentRequest => ({
  given: undefined,
  by: 'Zoé',
  say: (fr) => fr,
  stateDir,
  meeting: 'Projet X',
  signal: new AbortController().signal,
  terminal: undefined,
  ...change,
});
const log = () => join(stateDir, 'consents.log');

/** A terminal on which somebody types that. */
function typing(answer: string) {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(`${answer}\n`);
  return { input, output };
}

it('is given by the option, or typed, and kept with date and meeting before anything is captured', async () => {
  expect(await askConsent(request({ given: ' Anne, à l’oral ' }))).toEqual({
    recording: true,
    by: 'Zoé',
    told: 'Anne, à l’oral',
  });
  const terminal = typing('Marc, par écrit');
  expect(await askConsent(request({ terminal }))).toMatchObject({ told: 'Marc, par écrit' });
  expect(String(terminal.output.read())).toContain('Qui avez-vous informé');
  const lines = readFileSync(log(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual([
    { at: expect.any(String) as string, meeting: 'Projet X', recording: true, by: 'Zoé', told: 'Anne, à l’oral' },
    { at: expect.any(String) as string, meeting: 'Projet X', recording: true, by: 'Zoé', told: 'Marc, par écrit' },
  ]);
});

it('without it nothing is recorded', async () => {
  await expect(askConsent(request({}))).rejects.toThrow(/--consent/);
  for (const answer of ['', '  ', 'x'.repeat(501), 'non', 'Oui !', 'ok', 'personne']) {
    await expect(askConsent(request({ terminal: typing(answer) }))).rejects.toBeInstanceOf(UsageError);
    await expect(askConsent(request({ given: answer }))).rejects.toThrow(/rien n'est enregistré/);
  }
  expect(existsSync(log())).toBe(false);
  expect(await askConsent(request({ given: 'Nono et Nadia' }))).toMatchObject({ told: 'Nono et Nadia' });
});
