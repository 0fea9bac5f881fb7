import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../providers/find-program.ts';
import { expand } from './expand.ts';

const program = findProgram('espeak-ng', process.env['PATH'] ?? '');

/** What is heard, without its pauses for emphasis; a line for each clause. */
async function phonemes(text: string, language: 'fr' | 'en'): Promise<string> {
  const voice = language === 'fr' ? 'fr-fr' : 'en-gb';
  const { stdout } = await promisify(execFile)(program ?? '', ['-q', '-x', '-b', '1', '-v', voice, '--', text]);
  return stdout.trim();
}

describe.skipIf(!program)('what espeak-ng says', () => {
  it.each([
    ['Bonjour M. Dupont.', 'Bonjour monsieur Dupont.'],
    ['le n° 12', 'le numéro douze'],
    ['12 av. Foch', 'douze avenue Foch'],
    ['p. ex. le chat', 'par exemple le chat'],
    ['en 52 av. J.-C.', 'en cinquante-deux avant Jésus-Christ'],
    ['3 m²', 'trois mètres carrés'],
    ['20 °C', 'vingt degrés Celsius'],
    ['le 14/07/2026', 'le quatorze juillet deux mille vingt-six'],
    ['le 01/03/2026', 'le premier mars deux mille vingt-six'],
    ['à 14h30', 'à quatorze heures trente'],
    ['à 21h', 'à vingt et une heures'],
    ['Louis XIV', 'Louis quatorze'],
    ['François Ier', 'François premier'],
    ['il fait -5 degrés', 'il fait moins cinq degrés'],
  ])('is for %j the same as for %j, and was not before', async (written, heard) => {
    const wanted = sounds(await phonemes(heard, 'fr'));
    expect(sounds(await phonemes(expand(written, 'fr'), 'fr'))).toBe(wanted);
    expect(sounds(await phonemes(written, 'fr'))).not.toBe(wanted);
  });

  it.each([
    ['Hello Mr. Smith', 'Hello mister Smith'],
    ['room No. 5', 'room number five'],
    ['3 m²', 'three square metres'],
  ])('is for %j the same as for %j in English, and was not before', async (written, heard) => {
    const wanted = sounds(await phonemes(heard, 'en'));
    expect(sounds(await phonemes(expand(written, 'en'), 'en'))).toBe(wanted);
    expect(sounds(await phonemes(written, 'en'))).not.toBe(wanted);
  });

  it.each([
    'Mme Dupont',
    'le Dr Roux',
    '12,5 %',
    '1 234,56 €',
    'le 1er',
    'à 14:30',
    '5 kg',
    '01 23 45 67 89',
    'bd Foch',
  ])('needs no help with %j', (written) => {
    expect(expand(written, 'fr')).toBe(written);
  });
});

/** Digits and words differ in their liaisons and stress; a new line is a pause. */
function sounds(heard: string): string {
  return heard.replaceAll(/['_,|!]|[zt]2/gu, '').replaceAll(/ +/gu, '');
}
