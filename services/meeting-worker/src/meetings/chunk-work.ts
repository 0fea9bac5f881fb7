import type { Chunk } from '@eloquence/shared/contracts/meeting';
import type { Meeting } from './meeting.ts';

/** A mini-summary that is to be written. */
export interface DueChunk {
  readonly n: number;
  readonly inputHash: string;
  readonly startMs: number;
}

/** What must be known of mini-summaries to say what a meeting lacks. Pure: all of it follows from the meeting. */
export interface ChunkWork {
  /** The first mini-summary that is due and missing or out of date. @param atMs now, on the meeting's own clock */
  readonly next: (meeting: Meeting, atMs: number) => DueChunk | undefined;
  /** What rules find in the parts no mini-summary covers, as mini-summaries of their own. */
  readonly uncovered: (meeting: Meeting) => readonly Chunk[];
}
