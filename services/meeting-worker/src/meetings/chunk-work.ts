import type { Chunk } from '@eloquence/shared/contracts/meeting';
import { passageOf } from '../chunks/passage.ts';
import { RULES_VERSION, rulesItems } from '../chunks/rules.ts';
import { nextChunk, uncovered, type ChunkInput } from '../chunks/window.ts';
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

/** What rules find in the parts no mini-summary covers, as mini-summaries of their own. */
export function ruledChunks(meeting: Meeting): Chunk[] {
  return uncovered(meeting).map((input) => ruledChunk(meeting, input));
}

function ruledChunk(meeting: Meeting, input: ChunkInput): Chunk {
  return {
    session_id: meeting.sessionId,
    n: input.n,
    revision: 1,
    start_ms: input.startMs,
    end_ms: input.endMs,
    status: 'hole',
    input_hash: input.inputHash,
    writer: { kind: 'rules', rules_version: RULES_VERSION },
    items: rulesItems(passageOf(meeting, input, new Map())),
    unverified: [],
    glossary: [],
  };
}
