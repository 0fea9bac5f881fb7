import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Report } from '@eloquence/shared/contracts/report';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { JobQueue } from '../jobs/job-queue.ts';
import { draftOf, endOf, factsHash, renamed, type Draft } from '../report/draft.ts';
import type { Announcer } from './announcer.ts';
import { dueChunk, holeToFill, ruledChunks, type DueChunk } from './chunk-work.ts';
import type { MeetingFaults, MeetingPart } from './meeting-faults.ts';
import type { MeetingFiles } from './meeting-files.ts';
import type { MeetingStore, Standing } from './meeting-store.ts';
import type { Meeting } from './meeting.ts';

export interface AdvanceDeps {
  readonly store: MeetingStore;
  readonly files: MeetingFiles;
  readonly queue: JobQueue;
  readonly announcer: Announcer;
  readonly telemetry: Telemetry;
  readonly faults: MeetingFaults;
}

/** A part that threw; the others were done. */
export interface FailedPart {
  readonly part: MeetingPart;
  readonly error: unknown;
}

/** A meeting that is over and what is known of its report. */
interface Ending {
  readonly meeting: Meeting;
  readonly standing: Standing;
  /** `unknown`: finding it failed. */
  readonly due: DueChunk | 'unknown' | undefined;
}

/** So long after its draft a report is expected from a model; then the draft is said to stand. */
const FINAL_EXPECTED_MS = 18_000;
const PREPARE_WITHIN_MS = 2_000;
/** Steps of one call: a draft is published, then announced, then rendered. */
const MAX_STEPS = 4;

/**
 * Looks at a meeting in Postgres and sees to it that whatever is missing or out of date gets done: files, the next mini-summary,
 * draft, final report, rendering. Nothing is remembered between calls and doing it again changes nothing, so it may be called by
 * anybody at any time, and after any crash. Slow work goes on the queue, under the identity of the work.
 *
 * @returns the parts that threw: one keeps no other from being done
 */
export async function advance(sessionId: SessionId, deps: AdvanceDeps): Promise<readonly FailedPart[]> {
  for (let step = 1; ; step += 1) {
    const parts = new Parts();
    const read = await parts.attempt('read', () => deps.store.read(sessionId));
    if (!read && parts.failed.length === 0) await parts.attempt('files', () => deps.files.remove(sessionId));
    const changed = read && (await advanceOnce(sessionId, { ...read, parts }, deps));
    if (!changed || step === MAX_STEPS) return parts.failed;
  }
}

class Parts {
  readonly failed: FailedPart[] = [];

  async attempt<T>(part: MeetingPart, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.failed.push({ part, error });
      return undefined;
    }
  }
}

interface Look {
  readonly meeting: Meeting;
  readonly standing: Standing;
  readonly parts: Parts;
}

/** @returns true when something was published, so that there may be more to do */
async function advanceOnce(
  sessionId: SessionId,
  { meeting, standing, parts }: Look,
  deps: AdvanceDeps,
): Promise<boolean> {
  const { store, files } = deps;
  const due = await parts.attempt('notes', () => dueChunk(meeting));
  if (meeting.endedAtMs === null) {
    await parts.attempt('notes', () => keepFilling(meeting, standing, due, deps));
  } else {
    const ending: Ending = { meeting, standing, due: parts.failed.length > 0 ? 'unknown' : due };
    if (await parts.attempt('report', () => publishNext(ending, deps))) return true;
    await parts.attempt('report', () => seekFinal(ending, deps));
  }
  if (due) await parts.attempt('notes', () => summarise(sessionId, due, deps.queue));
  await parts.attempt('report', () => follow(meeting, standing, deps));
  await parts.attempt('files', async () => {
    const isWritten = await files.syncNotes(meeting);
    if (isWritten && parts.failed.length === 0) await store.markSeen(sessionId, standing.changed);
  });
  return false;
}

function summarise(sessionId: SessionId, { n, inputHash }: DueChunk, queue: JobQueue): Promise<void> {
  return queue.add('summarise_chunk', `m-${sessionId}-c${n}-${inputHash}`, { session_id: sessionId, n });
}

/** While it goes on: a model may be there again for what it left out. */
async function keepFilling(
  meeting: Meeting,
  { state, retryAtMs, tries }: Standing,
  due: DueChunk | undefined,
  { store, queue }: AdvanceDeps,
): Promise<void> {
  const { sessionId } = meeting;
  if (state !== 'recording') return store.setState(sessionId, 'recording');
  const hole = holeToFill(meeting, tries);
  if (!hole) return retryAtMs === null ? undefined : store.stopRetrying(sessionId);
  if (retryAtMs === null) return store.postpone(sessionId);
  if (due || retryAtMs > Date.now()) return undefined;
  return fill(sessionId, hole, tries, queue);
}

/** Whoever does it says when it is to be tried again. */
function fill(sessionId: SessionId, hole: Meeting['chunks'][number], tries: number, queue: JobQueue): Promise<void> {
  const { n, input_hash: hash } = hole;
  return queue.add('summarise_chunk', `m-${sessionId}-c${n}-${hash}-${tries}`, { session_id: sessionId, n });
}

/** Publishes what code alone can: the draft of a new end, other names, a draft nobody made a final of. */
async function publishNext({ meeting, standing, due }: Ending, deps: AdvanceDeps): Promise<boolean> {
  const { store, files, telemetry } = deps;
  const { published, revision: after, tries } = standing;
  const { sessionId } = meeting;
  if (published?.endedAtMs !== endOf(meeting)) {
    const draft = draftNow({ meeting, standing, due }, deps);
    const publication = {
      report: draft.report,
      hash: factsHash(draft),
      after,
      newEnd: true,
      retryInMs: null,
      tries: 0,
    };
    const revision = await store.publish(sessionId, publication);
    if (revision !== undefined && meeting.endedAtMs !== null) {
      telemetry.observe('eloquence_report_seconds', { kind: 'draft' }, (Date.now() - meeting.endedAtMs) / 1000);
      await deps.announcer.reportReady(sessionId, revision, 'draft');
    }
    return true;
  }
  if (Object.entries(published.names).some(([speaker, name]) => (meeting.speakers.get(speaker) ?? name) !== name)) {
    const before = await store.published(sessionId);
    if (before?.revision === after) await store.republish(sessionId, renamed(before.report, meeting.speakers), after);
    await files.renameSpeakers(meeting);
    return true;
  }
  const waitedMs = Date.now() - (standing.draftAtMs ?? 0);
  if (published.draftReason !== 'being_written' || waitedMs < FINAL_EXPECTED_MS) return false;
  const draft = draftNow({ meeting, standing, due }, deps);
  const report: Report = { ...draft.report, draft_reason: due === 'unknown' ? 'fault' : 'model_slow' };
  // Who asks a model is still at it, and is looked after as before.
  await store.publish(sessionId, { report, hash: factsHash(draft), after, retryInMs: 0, tries });
  return true;
}

/** Hours that no mini-summary covers take a while: what nobody needs is not made. */
function draftNow({ meeting, due }: Ending, { faults }: AdvanceDeps): Draft {
  const onFault = (error: unknown) => faults.say(meeting.sessionId, 'report', error);
  // What is not even known to be missing cannot be looked through.
  const tail = due === undefined || due === 'unknown' ? [] : ruledChunks(meeting, onFault);
  return draftOf(meeting, { tail, onFault });
}

/** Puts on the queue what is missing between what is published and a complete final. */
async function seekFinal({ meeting, standing, due }: Ending, { store, queue, faults }: AdvanceDeps): Promise<void> {
  const { sessionId } = meeting;
  const { published, retryAtMs, state, tries } = standing;
  if (due === 'unknown' || !published) return;
  const payload = { session_id: sessionId };
  const stands = standsOf(published);
  if (due) {
    if (stands === 'done' || state === 'recording') await store.setState(sessionId, 'writing');
    // What can be asked before is asked once, while the last minutes are summarised.
    if (Date.now() - (standing.draftAtMs ?? 0) > PREPARE_WITHIN_MS) return;
    return queue.add('write_report', `m-${sessionId}-prepare-${due.inputHash}`, payload);
  }
  const draft = draftOf(meeting, { onFault: (error) => faults.say(sessionId, 'report', error) });
  const hash = factsHash(draft);
  const retryDue = retryAtMs !== null && retryAtMs <= Date.now();
  if (stands !== 'open') {
    // A draft becomes a final first, if there is anything to write about.
    const hole = retryDue && (stands === 'done' || draft.items.length === 0) && holeToFill(meeting, tries);
    if (hole) return fill(sessionId, hole, tries, queue);
    if (standing.reportHash === hash && !retryDue) {
      if (state !== stands) await store.setState(sessionId, stands);
      return;
    }
  }
  if (state === 'done' || state === 'recording') await store.setState(sessionId, 'writing');
  await queue.add('write_report', `m-${sessionId}-report-${hash}-${tries}`, payload);
}

/** `open`: a model is still being asked about the end that is published. */
function standsOf({ kind, draftReason }: NonNullable<Standing['published']>): 'open' | 'done' | 'partial' {
  if (kind === 'final') return 'done';
  return draftReason === 'being_written' || draftReason === 'model_slow' ? 'open' : 'partial';
}

/** What follows from a publication: it is said, rendered, and laid on the disk. */
async function follow(meeting: Meeting, standing: Standing, deps: AdvanceDeps): Promise<void> {
  const { sessionId } = meeting;
  const { revision, announced, rendered, filed, published } = standing;
  if (!published) return;
  if (announced < revision) await deps.announcer.reportReady(sessionId, revision, published.kind);
  if (rendered < revision) {
    await deps.queue.add('render_report', `m-${sessionId}-render-${revision}`, { session_id: sessionId, revision });
  } else if (filed < revision) {
    // Who died may have held the news of who is called what until its lines were written.
    const isWritten = (await deps.files.renameSpeakers(meeting)) && (await deps.files.syncReport(sessionId));
    if (!isWritten) return;
    await deps.store.markFiled(sessionId, revision);
  }
}
