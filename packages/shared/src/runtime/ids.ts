import { randomBytes } from 'node:crypto';
import type { SessionId, UtteranceId } from '../contracts/ids.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Random base-32 text of `length` characters: 5 bits each, so 20 characters cannot be guessed. */
export function randomText(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += ALPHABET[byte & 31];
  return text;
}

export const newSessionId = (): SessionId => `ses_${randomText(20)}`;
export const newUtteranceId = (): UtteranceId => `utt_${randomText(16)}`;
