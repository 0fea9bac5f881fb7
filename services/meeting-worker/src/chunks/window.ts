import { createHash } from 'node:crypto';
import type { Speaker } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { Meeting } from '../meetings/meeting.ts';
import { carryOver, type CarryOver } from './carry-over.ts';
import { PROMPT_VERSION } from './prompt.ts';

/** Everything a chunk is made of. Times are ms since the meeting's `started_at`. */
export interface ChunkInput {
  readonly n: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Said in the interval (by their beginning), in order. */
  readonly utterances: readonly Utterance[];
  readonly carried: CarryOver;
  /**
   * Of all that, names of speakers excepted: a renaming makes no chunk out of date. What is fixed when a meeting is opened (its time zone) is
   * no part of it. Whatever else changes it has every finished meeting that is looked at again written anew.
   */
  readonly inputHash: string;
}

export interface NextChunk {
  readonly n: number;
  readonly input: ChunkInput;
}

/** Text that begins so long after a chunk's end shows that the chunk's is complete. */
const LATER_MS = 15_000;
/** So long after a chunk's end it is made of what there is: somebody's sound may never come. */
const PATIENCE_MS = 60_000;
const MINUTE_MS = 60_000;

/**
 * The first chunk that is due and is missing or out of date. Chunks are written in order, because each carries over what those
 * before it leave open: where one is not due, none behind it is. An interval in which nothing was said has no chunk.
 *
 * @param nowMs ms since epoch
 */
export function nextChunk(meeting: Meeting, nowMs: number): NextChunk | undefined {
  for (const input of chunkInputs(meeting)) {
    const there = meeting.chunks.find(({ n }) => n === input.n);
    if (there?.input_hash === input.inputHash) continue;
    return isDue(meeting, input, nowMs) ? { n: input.n, input } : undefined;
  }
  return undefined;
}

/** What is said that no chunk covers as it is: for a draft of the whole. In order. */
export function uncovered(meeting: Meeting): readonly ChunkInput[] {
  return chunkInputs(meeting).filter(
    ({ n, inputHash }) => meeting.chunks.find((chunk) => chunk.n === n)?.input_hash !== inputHash,
  );
}

/** What each interval's chunk would be made of as the chunks before it are now. */
export function chunkInputs(meeting: Meeting): ChunkInput[] {
  const intervalMs = meeting.options.summary_interval_min * MINUTE_MS;
  const said = meeting.utterances.filter(({ role, text }) => role === 'user' && /[\p{L}\p{N}]/u.test(text));
  const byChunk = Map.groupBy(said, ({ start_ms: startMs }) => Math.floor(startMs / intervalMs));
  return [...byChunk.keys()]
    .toSorted((a, b) => a - b)
    .map((n) => {
      const utterances = byChunk.get(n) ?? [];
      const chunks = meeting.chunks.filter((chunk) => chunk.n < n);
      const earlier = said.filter(({ start_ms: startMs }) => startMs < n * intervalMs);
      const carried = carryOver(chunks, earlier);
      const [startMs, endMs] = [n * intervalMs, (n + 1) * intervalMs];
      return { n, startMs, endMs, utterances, carried, inputHash: hashOf(meeting, { n, utterances, carried }) };
    });
}

function hashOf({ language }: Meeting, input: Pick<ChunkInput, 'n' | 'utterances' | 'carried'>): string {
  const { items, glossary, before } = input.carried;
  const parts = [PROMPT_VERSION, language, input.n, input.utterances.map(said), items, glossary, before.map(said)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const said = ({ utterance_id: id, speaker, text }: Utterance): string[] => [id, speaker, text];

function isDue(meeting: Meeting, { startMs, endMs }: ChunkInput, nowMs: number): boolean {
  if (meeting.endedAtMs !== null) return true;
  const heard = heardUntil(meeting, startMs);
  if (heard.size > 0 && [...heard.values()].every((untilMs) => untilMs >= endMs)) return true;
  const later = [...meeting.utterances.map((one) => one.start_ms), ...heard.values()];
  if (later.some((ms) => ms >= endMs + LATER_MS)) return true;
  return meeting.startedAtMs !== null && nowMs >= meeting.startedAtMs + endMs + PATIENCE_MS;
}

/** Up to where everybody who was heard since then has been transcribed. */
function heardUntil({ spans }: Meeting, sinceMs: number): Map<Speaker, number> {
  const until = new Map<Speaker, number>();
  for (const { speaker, end_ms: endMs } of spans)
    if (endMs > sinceMs) until.set(speaker, Math.max(endMs, until.get(speaker) ?? 0));
  return until;
}
