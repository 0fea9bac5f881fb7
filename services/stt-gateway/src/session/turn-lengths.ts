import type { SegmenterOptions } from '../utterance/segmenter.ts';
import type { SessionOptions } from './speech-session.ts';

/** Whisper takes 30 s at once: a sentence that never ends is cut where 5 s of choice are left. */
const UTTERANCE = { cutFromMs: 20_000, cutAtMs: 25_000 } as const;
/** Long enough for Whisper to lose no words, and no longer than its window. */
const WINDOW = { cutFromMs: 20_000, cutAtMs: 30_000 } as const;
/** A pause that closes a window early, so that its text is durable and its audio free. */
const WINDOW_PAUSE_MS = 4_000;
/** Drafts wait for a silence from this part of the longest draft on. */
const DRAFT_SILENCE_PART = 0.6;

/** Where the utterances of a session are cut. */
export function utteranceLengths({ turn, utteranceEndMs }: SessionOptions): SegmenterOptions {
  switch (turn.type) {
    case 'silence':
      return { ...UTTERANCE, utteranceEndMs, endpointingMs: turn.endpointingMs };
    case 'manual':
      return { ...UTTERANCE, utteranceEndMs, endpointingMs: undefined };
    case 'windows':
      return { ...WINDOW, utteranceEndMs, endpointingMs: WINDOW_PAUSE_MS };
  }
}

/** Where the speech of a window is cut for drafts of at most `longestMs`. */
export function draftLengths(longestMs: number): SegmenterOptions {
  return {
    cutFromMs: longestMs * DRAFT_SILENCE_PART,
    cutAtMs: longestMs,
    endpointingMs: undefined,
    utteranceEndMs: undefined,
  };
}
