import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Report } from '@eloquence/shared/contracts/report';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { ModelClient } from '../llm/model-client.ts';
import type { Announcer } from '../meetings/announcer.ts';
import { dueChunk } from '../meetings/chunk-work.ts';
import { isOurFault, type MeetingFaults } from '../meetings/meeting-faults.ts';
import type { Meeting } from '../meetings/meeting.ts';
import type { MeetingStore, Standing } from '../meetings/meeting-store.ts';
import { draftOf, factsHash, type Draft } from './draft.ts';
import { retryLaterMs } from './retry-later.ts';
import { prepareSynthesis, synthesise } from './synthesis.ts';

export interface WriteReportDeps {
  readonly store: MeetingStore;
  readonly model: ModelClient;
  readonly announcer: Announcer;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly faults: MeetingFaults;
}

/** A model that fails is asked again at once for so long after the end; then the draft stands. */
const PATIENCE_MS = 12_000;

/**
 * Writes the final report of a meeting that is over, once all its mini-summaries are up to date; before, it only asks for what will
 * be needed. Where no model answers, the draft is published as what stands, and a model is asked again later.
 *
 * @throws what the model client throws, while trying again soon makes sense
 */
export async function writeReport(sessionId: SessionId, signal: AbortSignal, deps: WriteReportDeps): Promise<void> {
  const read = await deps.store.read(sessionId);
  if (!read || read.meeting.endedAtMs === null) return;
  const { meeting, standing } = read;
  const due = dueChunk(meeting);
  const draft = draftOf(meeting, { onFault: (error) => deps.faults.say(sessionId, 'report', error) });
  if (due) {
    const options = { model: deps.model, signal, beforeMs: due.startMs };
    // Asking again is the final's own business.
    return prepareSynthesis(draft, options).catch(() => undefined);
  }
  const hash = factsHash(draft);
  const { published } = standing;
  const isPublished = standing.reportHash === hash;
  if (published?.kind === 'final' && isPublished) {
    // It has holes, which are tried again beside this.
    if (standing.retryAtMs !== null) await deps.store.postpone(sessionId);
    return;
  }
  const report = await finalOf(draft, { signal, standing, deps });
  if (report.kind === 'draft' && isPublished && report.draft_reason === published?.draftReason)
    await deps.store.postpone(sessionId);
  else await publish(report, { meeting, standing, hash, deps });
}

interface Work {
  readonly signal: AbortSignal;
  readonly standing: Standing;
  readonly deps: WriteReportDeps;
}

/** The final, or a draft that says why there is none. */
async function finalOf(draft: Draft, { signal, standing, deps }: Work): Promise<Report> {
  const { report, items } = draft;
  if (items.length === 0) {
    const { holes } = report;
    if (holes.length === 0) return { ...report, kind: 'final', draft_reason: null };
    return { ...report, draft_reason: holes.some(({ by_rules: byRules }) => byRules) ? 'model_failed' : 'fault' };
  }
  try {
    return await synthesise(draft, { model: deps.model, signal });
  } catch (error) {
    const reason = reasonOf(error);
    if (!reason) throw error;
    const sinceDraftMs = Date.now() - (standing.draftAtMs ?? 0);
    if (reason !== 'no_model' && sinceDraftMs < PATIENCE_MS) throw error;
    if (reason === 'fault') deps.faults.say(report.session_id, 'report', error);
    const { code } = AppError.from(error);
    deps.logger.warn({ code, tries: standing.tries }, 'no model wrote the summary of a report, the draft stands');
    return { ...report, draft_reason: reason };
  }
}

/** Undefined for what no model, and no code of ours, has failed with: we were stopped, or Postgres is away. */
function reasonOf(error: unknown): 'no_model' | 'model_failed' | 'fault' | undefined {
  if (isOurFault(error)) return 'fault';
  if (!(error instanceof AppError)) return undefined;
  return error.code === 'unavailable' ? 'no_model' : 'model_failed';
}

interface Publishing {
  readonly meeting: Meeting;
  readonly standing: Standing;
  readonly hash: string;
  readonly deps: WriteReportDeps;
}

async function publish(report: Report, { meeting, standing, hash, deps }: Publishing): Promise<void> {
  const complete = report.kind === 'final' && report.holes.length === 0;
  const retryInMs = complete ? null : retryLaterMs(standing.tries);
  const revision = await deps.store.publish(meeting.sessionId, {
    report,
    hash,
    after: standing.revision,
    retryInMs,
    tries: retryInMs === null ? 0 : standing.tries + 1,
  });
  if (revision !== undefined) await deps.announcer.reportReady(meeting.sessionId, revision, report.kind);
  // Late sound writes reports again: only the first final of an end says how long people waited.
  const first = standing.published?.kind === 'draft' && standing.tries === 0;
  if (revision !== undefined && report.kind === 'final' && first && meeting.endedAtMs !== null) {
    deps.telemetry.observe('eloquence_report_seconds', { kind: 'final' }, (Date.now() - meeting.endedAtMs) / 1000);
  }
}
