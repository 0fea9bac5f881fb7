import { AppError } from '@eloquence/shared/runtime/errors';

/** Part of cache keys: to be raised when the cutter or this file changes what a voice is given for the same text. */
export const NORMALISER_VERSION = 1;

/**
 * What of a text can be spoken: Markdown marks, tags, emoji, links' addresses and control characters taken out, white
 * space joined. `[[`, which espeak-ng reads as phonemes, loses its brackets here too.
 *
 * @throws AppError `invalid_request` when nothing to speak is left
 */
export function spokenText(input: string): string {
  const text = spokenPiece(input);
  if (text === undefined)
    throw new AppError('invalid_request', 'input: there is nothing to speak in it. Send at least one word.', {
      issues: [{ path: 'body.input', message: 'holds no word' }],
    });
  return text;
}

/** The same for a piece of a stream: `undefined` when nothing to speak is left. */
export function spokenPiece(input: string): string | undefined {
  const text = input
    .normalize('NFC')
    .replaceAll(/```[^\n]*\n?/g, ' ')
    .replaceAll(/!?\[([^\][]*)\]\((?:[^()\s]*)\)/g, '$1')
    .replaceAll(/<\/?[a-z!][^<>]*>/gi, ' ')
    .replaceAll(/^[ \t]{0,3}(?:#{1,6}|>|[-*+])[ \t]+/gm, '')
    .replaceAll(/[*_~`#|[\]{}<>\\^]+/g, ' ')
    .replaceAll(/\p{Extended_Pictographic}|[\uFE0F\u20E3]|[\u{1F1E6}-\u{1F1FF}]|[\u{1F3FB}-\u{1F3FF}]/gu, ' ')
    .replaceAll(/\p{Cf}+/gu, '')
    // espeak-ng takes some control characters as commands.
    .replaceAll(/[\p{Cc}\p{Co}\p{Cn}\p{Cs}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([.,])/g, '$1')
    .trim();
  return /[\p{L}\p{N}]/u.test(text) ? text : undefined;
}
