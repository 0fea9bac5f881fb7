import type { Chunk } from '@eloquence/shared/contracts/meeting';
import { notesByRules } from '../chunks/notes.ts';
import { passageOf } from '../chunks/passage.ts';
import { nextChunk, uncovered } from '../chunks/window.ts';
import type { Meeting } from './meeting.ts';

/** A mini-summary that is to be written. */
export interface DueChunk {
  readonly n: number;
  readonly inputHash: string;
  readonly startMs: number;
}

/** The first mini-summary that is due and missing or out of date. */
export function dueChunk(meeting: Meeting): DueChunk | undefined {
  const next = nextChunk(meeting, Date.now());
  return next && { n: next.n, inputHash: next.input.inputHash, startMs: next.input.startMs };
}

/**
 * A mini-summary a model is to be asked about once more: one after the other, because what one brings is carried over to the next;
 * after one that failed another, because it may be the text that no model can do.
 */
export function holeToFill({ chunks }: Meeting, tries: number): Chunk | undefined {
  const holes = chunks.filter(({ status }) => status === 'hole');
  return holes[tries % holes.length];
}

/** What rules find in the parts no mini-summary covers, as mini-summaries of their own. */
export function ruledChunks(meeting: Meeting, onFault: (error: unknown) => void): Chunk[] {
  return uncovered(meeting).map((input) => ({
    session_id: meeting.sessionId,
    n: input.n,
    revision: 1,
    start_ms: input.startMs,
    end_ms: input.endMs,
    input_hash: input.inputHash,
    ...notesByRules(() => passageOf(meeting, input), onFault),
  }));
}
