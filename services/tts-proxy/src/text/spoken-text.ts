import type { Language } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import { expand } from './expand.ts';

/** Part of cache keys: to be raised when the cutter, `expand` or this file changes what a voice is given for the same text. */
export const NORMALISER_VERSION = 2;

/**
 * What of a text can be spoken: Markdown marks, tags, emoji, links' addresses and control characters taken out, white
 * space (narrow and no-break space too) joined. `[[`, which espeak-ng reads as phonemes, loses its brackets here too.
 *
 * @param language of the voice, for abbreviations, dates and units to be written out as in `expand`
 * @throws AppError `invalid_request` when nothing to speak is left
 */
export function spokenText(input: string, language?: Language): string {
  const text = spokenPiece(input, language);
  if (text === undefined)
    throw new AppError('invalid_request', 'input: there is nothing to speak in it. Send at least one word.', {
      issues: [{ path: 'body.input', message: 'holds no word' }],
    });
  return text;
}

/**
 * The same for a piece of a stream, whose marks may open in one piece and close in another: `undefined` when nothing to
 * speak is left.
 */
export function spokenPiece(input: string, language?: Language): string | undefined {
  const text = input
    .normalize('NFC')
    .replaceAll(/```[^\n]*\n?/g, ' ')
    .replaceAll(/!?\[([^\][]*)\]\((?:[^()\s]*)\)/g, '$1')
    // A link that began in the piece before.
    .replaceAll(/\]\((?:https?:|\/|#)[^()\s]*\)/g, ' ')
    .replaceAll(/<\/?[a-z!][^<>]*>/gi, ' ')
    // A heading, a paragraph or an item without its own mark ends with a pause all the same.
    .replaceAll(/^([ \t]{0,3}#{1,6}[ \t].*[\p{L}\p{N}])[*_ \t]*\n/gmu, '$1.\n')
    .replaceAll(/(?<=[\p{L}\p{N}])[*_ \t]*\r?\n(?=[ \t]*\r?\n\s*\S)/gu, '.\n')
    .replaceAll(/(?<=[\p{L}\p{N}])[*_ \t]*\r?\n(?=[ \t]*[-*+•][ \t])/gu, ',\n')
    .replaceAll(/^[ \t]{0,8}(?:#{1,6}|>|[-*+•])[ \t]+/gm, '')
    .replaceAll(/(?<=\p{L}['’]?)\*+(?=\p{L})/gu, '')
    .replaceAll(/(?<!\p{L})#+|[*_~`|[\]{}<>\\^]+/gu, ' ')
    .replaceAll(/\p{Extended_Pictographic}|[\uFE0F\u20E3]|[\u{1F1E6}-\u{1F1FF}]|[\u{1F3FB}-\u{1F3FF}]/gu, ' ')
    .replaceAll(/\p{Cf}+/gu, '')
    // espeak-ng takes some control characters as commands.
    .replaceAll(/[\p{Cc}\p{Co}\p{Cn}\p{Cs}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ (?=[.,)])|(?<=\() /g, '')
    .trim();
  if (!/[\p{L}\p{N}]/u.test(text)) return undefined;
  return language ? expand(text, language) : text;
}
