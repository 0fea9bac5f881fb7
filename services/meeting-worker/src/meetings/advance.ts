import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Report } from '@eloquence/shared/contracts/report';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { JobQueue } from '../jobs/job-queue.ts';
import { draftReport, endOf, factsHash, renamed, type Draft } from '../report/draft.ts';
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
    const ending = { meeting, standing, due };
    if (await publishNext(ending, deps)) return true;
    await seekFinal(ending, deps);
  }
  if (due)
    await queue.add('summarise_chunk', `m-${sessionId}-c${due.n}-${due.inputHash}`, {
      session_id: sessionId,
      n: due.n,
    });
  await follow(meeting, standing, deps);
  if (await files.syncNotes(meeting)) await store.markSeen(sessionId, standing.changed);
  return false;
}

/** Publishes what code alone can: the draft of a new end, other names, a draft nobody made a final of. */
async function publishNext({ meeting, standing, due }: Ending, deps: AdvanceDeps): Promise<boolean> {
  const { store, files, telemetry } = deps;
  const { published, revision: after } = standing;
  const { sessionId } = meeting;
  // Hours that no mini-summary covers take a while: what nobody needs is not made.
  const draftNow = (): Draft => draftReport(meeting, due ? ruledChunks(meeting) : []);
  if (published?.endedAtMs !== endOf(meeting)) {
    const draft = draftNow();
    const publication = { report: draft.report, hash: factsHash(draft), after, newEnd: true };
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
  const draft = draftNow();
  const report: Report = { ...draft.report, draft_reason: 'model_failed' };
  await store.publish(sessionId, { report, hash: factsHash(draft), after, retryInMs: retryLaterMs(standing.tries) });
  return true;
}

/** Puts on the queue what is missing between what is published and a complete final. */
async function seekFinal({ meeting, standing, due }: Ending, { store, queue }: AdvanceDeps): Promise<void> {
  const { sessionId } = meeting;
  const { published, retryAtMs, state } = standing;
  const payload = { session_id: sessionId };
  const stands =
    published?.kind === 'final' ? 'done' : published?.draftReason === 'being_written' ? 'writing' : 'partial';
  if (due) {
    if (stands === 'done' || state === 'recording') await store.setState(sessionId, 'writing');
    // What can be asked before is asked once, while the last minutes are summarised.
    if (Date.now() - (standing.draftAtMs ?? 0) > PREPARE_WITHIN_MS) return;
    return queue.add('write_report', `m-${sessionId}-prepare-${due.inputHash}`, payload);
  }
  const draft = draftReport(meeting);
  const hash = factsHash(draft);
  const retryDue = retryAtMs !== null && retryAtMs <= Date.now();
  if (standing.reportHash === hash && stands !== 'writing' && !retryDue) {
    if (state !== stands) await store.setState(sessionId, stands);
    return;
  }
  if (state === 'done' || state === 'recording') await store.setState(sessionId, 'writing');
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
