import { stripVTControlCharacters } from 'node:util';

const MARK = /\p{M}/u;
/** East Asian letters, and emoji from their block on. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{1f000}-\u{1faff}]/u;

/** Cells a text takes in a terminal: two for wide letters, none for marks and commands. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const letter of stripVTControlCharacters(text)) width += WIDE.test(letter) ? 2 : MARK.test(letter) ? 0 : 1;
  return width;
}

/** The longest beginning that fits; commands are left out of it. */
export function fitting(text: string, cells: number): string {
  let width = 0;
  let fit = '';
  for (const letter of stripVTControlCharacters(text)) {
    width += cellWidth(letter);
    if (width > cells) break;
    fit += letter;
  }
  return fit;
}
