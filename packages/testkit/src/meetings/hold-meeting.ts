import type { SessionEventBody } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { reportSchema, type MeetingState, type Report, type ReportFormat } from '@eloquence/shared/contracts/report';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Pool } from 'pg';
import { waitFor } from '../wait-for.ts';
import { toEvents } from './meeting-events.ts';
import type { PlantedMeeting } from './planted-meeting.ts';

const AGAIN_MS = 20;
const OUTAGE_MS = 60_000;
/** Appends under way at once: order is the log's own, which gives numbers by arrival on one connection. */
const AT_ONCE = 200;

/** The row api-backend writes when it opens a session of kind `meeting`. */
export async function openMeeting(pool: Pool, meeting: PlantedMeeting): Promise<SessionId> {
  const { sessionId, language, title, intervalMs, startedAtMs } = meeting;
  await pool.query(
    `insert into sessions (session_id, user_id, scenario_id, kind, language, name, options, consent, room_name, state, created_at)
     values ($1, 'user', 'meeting', 'meeting', $2, $3, $4, $5, $1, 'created', $6)`,
    [
      sessionId,
      language,
      title,
      { meeting: { summary_interval_min: intervalMs / 60_000 } },
      { recording: true, by: meeting.participants[0]?.name, told: 'all, aloud' },
      new Date(startedAtMs),
    ],
  );
  return sessionId;
}

/** Says events as fast as Redis takes them, in order. */
export async function say(log: EventLog, sessionId: SessionId, events: readonly SessionEventBody[]): Promise<void> {
  for (let at = 0; at < events.length; at += AT_ONCE)
    await Promise.all(events.slice(at, at + AT_ONCE).map((event) => log.append(sessionId, event)));
}

/** Says events one after the other; one that fails is said again until Redis is back, as an agent does. */
export async function sayThroughOutages(
  log: EventLog,
  sessionId: SessionId,
  events: readonly SessionEventBody[],
): Promise<void> {
  for (const event of events) {
    await waitFor(() => log.append(sessionId, event), {
      what: `event ${event.type}`,
      timeoutMs: OUTAGE_MS,
      intervalMs: AGAIN_MS,
    });
  }
}

/** All of a meeting but its end, and the end. */
export function untilEnd(meeting: PlantedMeeting): [before: SessionEventBody[], end: SessionEventBody[]] {
  const events = toEvents(meeting);
  const end = events.findIndex(({ type }) => type === 'session.ended');
  return [events.slice(0, end), events.slice(end)];
}

/** A report as it was published, with every format of that revision. */
export interface PublishedReport {
  readonly state: MeetingState;
  readonly revision: number;
  readonly report: Report;
  /** Of the report as JSON, byte for byte. */
  readonly text: string;
  readonly files: ReadonlyMap<ReportFormat, Buffer>;
}

interface Row {
  readonly state: MeetingState;
  readonly revision: number;
  readonly report: Report | null;
  readonly text: string | null;
  readonly settled: boolean;
}

/** What Postgres has of a report now; undefined before anything was published. */
export async function publishedReport(
  pool: Pool,
  sessionId: SessionId,
): Promise<(PublishedReport & { readonly settled: boolean }) | undefined> {
  const { rows } = await pool.query<Row>(
    `select state, revision, report, report::text as text, changed <= seen and announced >= revision and filed >= revision as settled
     from meetings where session_id = $1`,
    [sessionId],
  );
  const row = rows[0];
  if (!row?.report || row.text === null) return undefined;
  const { rows: files } = await pool.query<{ format: ReportFormat; bytes: Buffer }>(
    'select format, bytes from meeting_files where session_id = $1 and revision = $2',
    [sessionId, row.revision],
  );
  return {
    state: row.state,
    revision: row.revision,
    report: reportSchema.parse(row.report),
    text: row.text,
    settled: row.settled,
    files: new Map(files.map(({ format, bytes }) => [format, bytes])),
  };
}

/**
 * Waits until nothing more is to be done for a meeting: its last report stands and all seven formats are there.
 *
 * @param states those it may stand in; a draft that stands for want of a final may still be followed by one
 */
export function settledReport(
  pool: Pool,
  sessionId: SessionId,
  timeoutMs = 60_000,
  states: readonly MeetingState[] = ['done', 'partial'],
): Promise<PublishedReport> {
  const look = async () => {
    const published = await publishedReport(pool, sessionId);
    if (published === undefined) throw new Error('nothing is published');
    const isOver = states.includes(published.state);
    if (isOver && published.settled && published.files.size === 7) return published;
    const { state, revision, settled, files, report } = published;
    throw new Error(
      `it is ${state}, ${report.kind} (${report.draft_reason}), r${revision}, ${files.size} files, settled: ${settled}`,
    );
  };
  return waitFor(look, { what: 'the report, rendered', timeoutMs, intervalMs: 50 });
}
