import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Report } from '@eloquence/shared/contracts/report';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { JobQueue } from '../jobs/job-queue.ts';
import { draftReport, factsHash, renamed, type Draft } from '../report/draft.ts';
import { retryLaterMs } from '../report/retry-later.ts';
import type { Announcer } from './announcer.ts';
import { dueChunk, ruledChunks, type DueChunk } from './chunk-work.ts';
import type { MeetingFiles } from './meeting-files.ts';
import type { MeetingStore, Standing } from './meeting-store.ts';
import type { Meeting } from './meeting.ts';

export interface AdvanceDeps {
  readonly store: MeetingStore;
  readonly files: MeetingFiles;
  readonly queue: JobQueue;
  readonly announcer: Announcer;
  readonly telemetry: Telemetry;
}

/** A meeting that is over and what is known of its report. */
interface Ending {
  readonly meeting: Meeting;
  readonly standing: Standing;
  readonly draft: Draft;
  readonly hash: string;
  readonly due: DueChunk | undefined;
}

/** So long after its draft a report is expected from a model; then the draft is said to stand. */
const FINAL_EXPECTED_MS = 22_000;
const PREPARE_WITHIN_MS = 2_000;
/** Steps of one call: a draft is published, then announced, then rendered. */
const MAX_STEPS = 4;

/**
 * Looks at a meeting in Postgres and sees to it that whatever is missing or out of date gets done: files, the next mini-summary,
 * draft, final report, rendering. Nothing is remembered between calls and doing it again changes nothing, so it may be called by
 * anybody at any time, and after any crash. Slow work goes on the queue, under the identity of the work.
 */
export async function advance(sessionId: SessionId, deps: AdvanceDeps): Promise<void> {
  for (let step = 1; step <= MAX_STEPS; step += 1) {
    const read = await deps.store.read(sessionId);
    if (!read) return deps.files.remove(sessionId);
    const changed = await advanceOnce(sessionId, read, deps);
    if (!changed) return;
  }
}

/** @returns true when something was published, so that there may be more to do */
async function advanceOnce(
  sessionId: SessionId,
  { meeting, standing }: { meeting: Meeting; standing: Standing },
  deps: AdvanceDeps,
): Promise<boolean> {
  const { store, files, queue } = deps;
  const due = dueChunk(meeting);
  if (meeting.endedAtMs === null) {
    if (standing.state !== 'recording') await store.setState(sessionId, 'recording');
  } else {
    const draft = draftReport(meeting, due ? ruledChunks(meeting) : []);
    const ending = { meeting, standing, draft, hash: factsHash(draft), due };
    if (await publishNext(ending, deps)) return true;
    await seekFinal(ending, deps);
  }
  if (due)
    await queue.add('summarise_chunk', `m-${sessionId}-c${due.n}-${due.inputHash}`, {
      session_id: sessionId,
      n: due.n,
    });
  await follow(sessionId, standing, deps);
  if (await files.syncNotes(meeting)) await store.markSeen(sessionId, standing.changed);
  return false;
}

/** Publishes what code alone can: the draft of a new end, other names, a draft nobody made a final of. */
async function publishNext({ meeting, standing, draft, hash }: Ending, deps: AdvanceDeps): Promise<boolean> {
  const { store, files, telemetry } = deps;
  const { published, revision: after } = standing;
  const { sessionId } = meeting;
  if (published?.endedAtMs !== Date.parse(draft.report.ended_at)) {
    const revision = await store.publish(sessionId, { report: draft.report, hash, after, newEnd: true });
    if (revision !== undefined && meeting.endedAtMs !== null) {
      telemetry.observe('eloquence_report_seconds', { kind: 'draft' }, (Date.now() - meeting.endedAtMs) / 1000);
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
  const report: Report = { ...draft.report, draft_reason: 'model_failed' };
  await store.publish(sessionId, { report, hash, after, retryInMs: retryLaterMs(standing.tries) });
  return true;
}

/** Puts on the queue what is missing between what is published and a complete final. */
async function seekFinal(
  { meeting, standing, draft, hash, due }: Ending,
  { store, queue }: AdvanceDeps,
): Promise<void> {
  const { sessionId } = meeting;
  const current = standing.reportHash === hash;
  const retryDue = standing.retryAtMs !== null && standing.retryAtMs <= Date.now();
  const tried = standing.published?.kind === 'final' || standing.published?.draftReason !== 'being_written';
  if (current && tried && !retryDue) {
    const state = standing.published?.kind === 'final' ? 'done' : 'partial';
    if (standing.state !== state) await store.setState(sessionId, state);
    return;
  }
  if (standing.state === 'done' || standing.state === 'recording') await store.setState(sessionId, 'writing');
  const payload = { session_id: sessionId };
  if (due) {
    // What can be asked before is asked once, while the last minutes are summarised.
    const fresh = Date.now() - (standing.draftAtMs ?? 0) < PREPARE_WITHIN_MS;
    return fresh ? queue.add('write_report', `m-${sessionId}-prepare-${hash}`, payload) : undefined;
  }
  if (retryDue && draft.report.holes.length > 0) await retryHoles(meeting, standing, queue);
  await queue.add('write_report', `m-${sessionId}-report-${hash}-${standing.tries}`, payload);
}

/** A model may be there again for what it left out. */
async function retryHoles({ sessionId, chunks }: Meeting, { tries }: Standing, queue: JobQueue): Promise<void> {
  for (const { n, status, input_hash: hash } of chunks) {
    if (status !== 'hole') continue;
    await queue.add('summarise_chunk', `m-${sessionId}-c${n}-${hash}-${tries}`, { session_id: sessionId, n });
  }
}

/** What follows from a publication: it is said, rendered, and laid on the disk. */
async function follow(sessionId: SessionId, standing: Standing, deps: AdvanceDeps): Promise<void> {
  const { revision, announced, rendered, filed, published } = standing;
  if (!published) return;
  if (announced < revision) await deps.announcer.reportReady(sessionId, revision, published.kind);
  if (rendered < revision) {
    await deps.queue.add('render_report', `m-${sessionId}-render-${revision}`, { session_id: sessionId, revision });
  } else if (filed < revision && (await deps.files.syncReport(sessionId))) {
    await deps.store.markFiled(sessionId, revision);
  }
}
