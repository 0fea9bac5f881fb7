import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Chunk, MeetingItem, Writer } from '@eloquence/shared/contracts/meeting';
import { chunkAnswerSchema, type ChunkAnswer } from '@eloquence/shared/contracts/meeting-llm';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { ModelClient } from '../llm/model-client.ts';
import { isOurFault } from '../meetings/meeting-faults.ts';
import type { Meeting } from '../meetings/meeting.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { Line, Passage } from './lines.ts';
import { notesByRules, type Notes } from './notes.ts';
import { passageOf } from './passage.ts';
import { chunkSystemPrompt, chunkUserPrompt } from './prompt.ts';
import { verifyAnswer } from './verify/verify-answer.ts';
import { chunkInputs, nextChunk, type ChunkInput } from './window.ts';

export interface SummariseDeps {
  /** The meeting as it is now; undefined when it is gone. */
  readonly readMeeting: (sessionId: SessionId) => Promise<Meeting | undefined>;
  readonly store: Pick<ChunkStore, 'words' | 'commit'>;
  readonly client: ModelClient;
  /** Says that revision `revision` of chunk `n` is there; said again it is the same event. */
  readonly announce: (sessionId: SessionId, n: number, revision: number) => Promise<void>;
  readonly logger: Logger;
  /** Our own code failed on this meeting; what can be made is made. */
  readonly onFault: (sessionId: SessionId, error: unknown) => void;
  /** ms since epoch. */
  readonly now: () => number;
}

export interface SummariseRun {
  readonly signal: AbortSignal;
  /** Nobody tries again: what no model writes now becomes a hole. */
  readonly isLastAttempt: boolean;
  /** Since the chunk was first asked for, ms. */
  readonly ageMs: number;
}

/** `unfilled`: a hole is still one. */
export type SummariseOutcome = 'summarised' | 'hole' | 'unfilled';

/** About 3,000 words of notes. */
const MAX_TOKENS = 4_096;
/** Of all halves together: shorter than the job may take, so that its last attempt has the time to make a hole. */
const ASKING_MS = 165_000;
/**
 * A model that fails is asked again at once for so long; then there is a hole, and it is asked again now and then. One that is only
 * slow gets the time above once. After the end somebody waits: all chunks together get that patience.
 */
const AGAIN_WITHIN_MS = { recording: 60_000, ended: 12_000 } as const;
/** Text is halved so often, and parts have at least so many utterances. */
const MAX_HALVINGS = 5;
const MIN_UTTERANCES = 2;
/** That much was said without a single note: the model did not do its work. */
const WORTH_A_NOTE_WORDS = 80;

/** An answer of the schema that has notes where there is something to note. */
const answerSchema = (passage: Passage) =>
  chunkAnswerSchema.refine((answer) => countOf(answer) > 0 || wordsOf(passage) < WORTH_A_NOTE_WORDS);

/**
 * Writes chunk `n` of a meeting, if it is the one that is due, and says so. Doing it again does nothing more: an answer is kept,
 * a commit replaces only what it was made to replace, and an event is said once.
 *
 * @returns what came of it; undefined where nothing was to be done, or somebody else did it
 * @throws AppError what the model client throws, while another attempt may do better
 */
export async function summariseChunk(
  { session_id: sessionId, n }: { readonly session_id: SessionId; readonly n: number },
  run: SummariseRun,
  deps: SummariseDeps,
): Promise<SummariseOutcome | undefined> {
  const meeting = await deps.readMeeting(sessionId);
  if (!meeting) return undefined;
  const next = nextChunk(meeting, deps.now());
  const there = meeting.chunks.find((chunk) => chunk.n === n);
  if (next?.n !== n) {
    // Whoever wrote it may have died before saying so.
    if (there) await deps.announce(sessionId, n, there.revision);
    return there?.status === 'hole' ? fillHole(meeting, there, { run, deps }) : undefined;
  }
  const chunk = await writeChunk(meeting, next.input, { run, deps, revision: (there?.revision ?? 0) + 1 });
  run.signal.throwIfAborted();
  if (!(await deps.store.commit(chunk, there?.revision ?? 0))) return undefined;
  await deps.announce(sessionId, n, chunk.revision);
  return chunk.status === 'hole' ? 'hole' : 'summarised';
}

/** A model may be there again: what rules made of a chunk gives way to its notes. */
async function fillHole(
  meeting: Meeting,
  hole: Chunk,
  { run, deps }: Omit<Writing, 'revision'>,
): Promise<SummariseOutcome | undefined> {
  const input = chunkInputs(meeting).find(({ n, inputHash }) => n === hole.n && inputHash === hole.input_hash);
  if (!input) return undefined;
  const revision = hole.revision + 1;
  const chunk = await writeChunk(meeting, input, { run: { ...run, isLastAttempt: true }, deps, revision });
  run.signal.throwIfAborted();
  if (chunk.status === 'hole') return 'unfilled';
  if (!(await deps.store.commit(chunk, hole.revision))) return undefined;
  await deps.announce(meeting.sessionId, hole.n, revision);
  return 'summarised';
}

interface Writing {
  readonly run: SummariseRun;
  readonly deps: SummariseDeps;
  readonly revision: number;
}

async function writeChunk(meeting: Meeting, input: ChunkInput, writing: Writing): Promise<Chunk> {
  const ids = [...input.utterances, ...input.carried.before].map((utterance) => utterance.utterance_id);
  const words = await writing.deps.store.words(meeting.sessionId, ids);
  return {
    session_id: meeting.sessionId,
    n: input.n,
    revision: writing.revision,
    start_ms: input.startMs,
    end_ms: input.endMs,
    input_hash: input.inputHash,
    ...(await notesOf(meeting, () => passageOf(meeting, input, words), writing)),
  };
}

async function notesOf(
  { sessionId, endedAtMs, chunks }: Meeting,
  passage: () => Passage,
  { run, deps }: Writing,
): Promise<Notes> {
  using abort = new ChildAbort(run.signal, { timeoutMs: ASKING_MS });
  try {
    const { signal } = abort;
    const written = await ask(passage(), { sessionId, signal, client: deps.client, halvings: 0, before: [] });
    return { status: 'summarised', ...written };
  } catch (thrown) {
    run.signal.throwIfAborted();
    const isOurs = isOurFault(thrown);
    // Postgres is away, say: no model has failed.
    if (!(thrown instanceof AppError || isAbort(thrown) || isOurs)) throw thrown;
    const error = AppError.from(thrown);
    const isFirst = endedAtMs === null || chunks.every(({ status }) => status !== 'hole');
    const isYoung = run.ageMs < AGAIN_WITHIN_MS[endedAtMs === null ? 'recording' : 'ended'];
    if (error.retryable && error.code !== 'unavailable' && isFirst && isYoung && !run.isLastAttempt) throw error;
    deps.logger.warn({ code: error.code, sessionId }, 'no model wrote a chunk, rules did');
    if (isOurs) deps.onFault(sessionId, thrown);
    return notesByRules(passage, (fault) => deps.onFault(sessionId, fault));
  }
}

interface Asking {
  readonly sessionId: SessionId;
  readonly signal: AbortSignal;
  readonly client: ModelClient;
  readonly halvings: number;
  /** Items of the same chunk from what was said before this part. */
  readonly before: readonly MeetingItem[];
}

type Written = Omit<Notes, 'status'>;

/** Asks about a passage; one that is too much for the model is asked about in two halves, the second knowing the first's items. */
async function ask(passage: Passage, asking: Asking): Promise<Written> {
  const { sessionId, signal, client, before } = asking;
  try {
    const answer = await client.complete<ChunkAnswer>({
      sessionId,
      purpose: 'summarise',
      system: chunkSystemPrompt(passage.language),
      user: chunkUserPrompt(passage),
      schemaName: 'chunk_notes',
      schema: answerSchema(passage),
      maxTokens: MAX_TOKENS,
      signal,
    });
    const writer: Writer = { kind: 'model', model: answer.model, prompt_hash: answer.promptHash };
    const { items, unverified, glossary } = verifyAnswer(answer.value, passage, before);
    return { writer, items: [...items], unverified: [...unverified], glossary: [...glossary] };
  } catch (error) {
    const halves = isTooMuch(error) ? halvesOf(passage) : undefined;
    if (!halves || asking.halvings === MAX_HALVINGS) throw error;
    const [firstPart, secondPart] = halves;
    const deeper = { ...asking, halvings: asking.halvings + 1 };
    const first = await ask(firstPart, deeper);
    const second = await ask(following(secondPart, first), { ...deeper, before: first.items });
    return { ...second, unverified: [...first.unverified, ...second.unverified] };
  }
}

const isTooMuch = (error: unknown): boolean => error instanceof AppError && error.code === 'payload_too_large';

/** Two parts of about the same length; each sees the last lines before it. */
function halvesOf(passage: Passage): readonly [Passage, Passage] | undefined {
  const said = passage.lines.filter(({ position }) => position > 0);
  if (said.length < MIN_UTTERANCES * 2) return undefined;
  const earlier = passage.lines.filter(({ position }) => position < 1);
  const half = said.reduce((sum, { utterance }) => sum + utterance.text.length, 0) / 2;
  let letters = 0;
  const cut = said.findIndex(({ utterance }) => (letters += utterance.text.length) >= half);
  const at = Math.min(said.length - MIN_UTTERANCES, Math.max(MIN_UTTERANCES, cut));
  const shown = said.slice(at - MIN_UTTERANCES, at);
  return [
    { ...passage, lines: [...earlier, ...said.slice(0, at)] },
    { ...passage, lines: [...numbered(shown, 1 - shown.length), ...numbered(said.slice(at), 1)] },
  ];
}

const numbered = (lines: readonly Line[], from: number): Line[] =>
  lines.map((line, index) => ({ ...line, position: from + index }));

/** The second part, told what the first has brought. */
function following(passage: Passage, { items, glossary }: Written): Passage {
  const known = new Set(passage.carried.map(({ itemId }) => itemId));
  const news = items.flatMap((item): Passage['carried'] => {
    const { item_id: itemId, kind, text } = item;
    if (known.has(itemId) || (kind !== 'decision' && kind !== 'action' && kind !== 'question')) return [];
    const isAction = item.kind === 'action';
    return [{ itemId, kind, text, hasOwner: isAction && item.owner !== null, hasDue: isAction && item.due !== null }];
  });
  return { ...passage, glossary, carried: [...passage.carried, ...news] };
}

function countOf(answer: ChunkAnswer): number {
  const { topics, decisions, actions, questions, highlights, retractions } = answer;
  return [topics, decisions, actions, questions, highlights, retractions].flat().length;
}

const wordsOf = ({ lines }: Passage): number =>
  lines.reduce((sum, { utterance, position }) => sum + (position > 0 ? utterance.text.split(/\s+/).length : 0), 0);
