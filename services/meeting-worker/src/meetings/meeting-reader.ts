import { languageSchema, type Language, type SessionId } from '@eloquence/shared/contracts/ids';
import {
  chunkSchema,
  meetingOptionsSchema,
  type Chunk,
  type Gap,
  type SilentSource,
  type Span,
  type Speaker,
} from '@eloquence/shared/contracts/meeting';
import type { SessionEventBody } from '@eloquence/shared/contracts/events';
import { meetingStateSchema, type Report } from '@eloquence/shared/contracts/report';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { Pool, PoolClient } from '@eloquence/shared/runtime/postgres';
import { speakerNames } from '@eloquence/shared/runtime/speaker-names';
import { NO_NOTES } from '../chunks/notes.ts';
import type { Meeting } from './meeting.ts';

interface SessionRow {
  readonly language: string;
  readonly name: string | null;
  readonly options: { readonly meeting?: unknown } | null;
  readonly consent: { readonly recording: boolean; readonly by?: string; readonly told?: string } | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly state: string | null;
}

interface ChunkRow {
  readonly n: number;
  readonly revision: number;
  readonly body: unknown;
}

interface EventRow {
  readonly at: Date;
  readonly body: SessionEventBody;
}

/** Facts a meeting is made of; all others (measurements, states, our own announcements) are not read. */
const FACTS = [
  'session.ended',
  'session.resumed',
  'participant.joined',
  'recording.paused',
  'recording.continued',
  'audio.missed',
  'source.silent',
];

/**
 * Transcribed spans, put together where they touch: there is one for every speaker and ten seconds, which a look at a meeting of hours
 * need not hold. In order of who was heard first.
 */
const SPANS = `
  select speaker, lower(span)::float8 as start_ms, upper(span)::float8 as end_ms
  from (select speaker, min(array[seq, place]) as first, range_agg(int8range(start_ms, end_ms)) as heard
    from events, rows from (jsonb_to_recordset(body -> 'spans') as (speaker text, start_ms bigint, end_ms bigint))
      with ordinality as said (speaker, start_ms, end_ms, place)
    where session_id = $1 and type = 'audio.transcribed' and end_ms > start_ms group by speaker) as heard_of, unnest(heard) as span
  order by first, start_ms`;

/** Hears of what is stored of a meeting and cannot be read; the rest is read. */
export type OnUnreadable = (sessionId: SessionId, error: unknown) => void;

/** Reads a meeting as it was at one moment; undefined for a session that is no meeting, or is deleted. */
export async function readMeeting(
  pool: Pool,
  sessionId: SessionId,
  onUnreadable: OnUnreadable,
): Promise<Meeting | undefined> {
  return inSnapshot(pool, (client) => readMeetingIn(client, sessionId, onUnreadable));
}

/** Runs `task` so that all it reads is of one moment. */
export async function inSnapshot<T>(pool: Pool, task: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const result = await task(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // A broken connection cannot roll back; dropping it does.
    client.release(true);
    throw error;
  }
}

/** @param client in a transaction whose reads are of one moment */
export async function readMeetingIn(
  client: PoolClient,
  sessionId: SessionId,
  onUnreadable: OnUnreadable,
): Promise<Meeting | undefined> {
  const sessions = await client.query<SessionRow>(
    `select s.language, s.name, s.options, s.consent, s.created_at, s.started_at, m.state
     from sessions s left join meetings m using (session_id)
     where session_id = $1 and kind = 'meeting' and deleted_at is null`,
    [sessionId],
  );
  const session = sessions.rows[0];
  if (!session) return undefined;
  const { rows: events } = await client.query<EventRow>(
    'select at, body from events where session_id = $1 and type = any($2) order by seq',
    [sessionId, FACTS],
  );
  const { rows: spans } = await client.query<Span>(SPANS, [sessionId]);
  const { rows: utterances } = await client.query<Utterance>(
    // Not by arrival: the same words give the same meeting, whichever way they came. Words' own times are left where they are.
    `select utterance_id, speaker, role, text, start_ms, end_ms from utterances where session_id = $1
     order by start_ms, end_ms, speaker, utterance_id`,
    [sessionId],
  );
  const { rows: chunks } = await client.query<ChunkRow>(
    'select n, revision, body from meeting_chunks where session_id = $1 order by n',
    [sessionId],
  );
  const { rows: given } = await client.query<{ speaker: Speaker; name: string }>(
    'select speaker, name from meeting_speakers where session_id = $1',
    [sessionId],
  );
  const read = meetingOptionsSchema.safeParse(session.options?.meeting ?? {});
  if (!read.success) onUnreadable(sessionId, read.error);
  const options = read.data ?? meetingOptionsSchema.parse({});
  const language = languageSchema.catch('fr').parse(session.language);
  const facts = gatherFacts(events, session.started_at?.getTime() ?? null);
  const heard = new Set([...utterances, ...spans].map(({ speaker }) => speaker));
  return {
    sessionId,
    language,
    title: session.name ?? defaultTitle(session.started_at ?? session.created_at, language, options.time_zone),
    startedAtMs: session.started_at?.getTime() ?? null,
    endedAtMs: facts.endedAtMs,
    options,
    consent: consentOf(session),
    state: meetingStateSchema.parse(session.state ?? 'recording'),
    utterances,
    speakers: speakerNames({
      language,
      heard,
      joined: facts.joined,
      given: new Map(given.map(({ speaker, name }) => [speaker, name])),
    }),
    spans,
    gaps: facts.gaps,
    silentSources: facts.silentSources,
    chunks: chunks.map((row) => chunkOf(row, (error) => onUnreadable(sessionId, error)) ?? unreadable(sessionId, row)),
  };
}

function chunkOf({ body }: ChunkRow, onUnreadable: (error: unknown) => void): Chunk | undefined {
  const read = chunkSchema.safeParse(body);
  if (!read.success) onUnreadable(read.error);
  return read.data;
}

/** In place of a chunk: of no text there is, so that it is written anew. */
function unreadable(sessionId: SessionId, { n, revision }: ChunkRow): Chunk {
  return { session_id: sessionId, n, revision, start_ms: 0, end_ms: 0, input_hash: '', ...NO_NOTES };
}

function consentOf({ consent }: SessionRow): Report['consent'] {
  return consent && { recording: consent.recording, by: consent.by ?? null, told: consent.told ?? null };
}

function defaultTitle(date: Date, language: Language, timeZone: string): string {
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone }).format(date);
  return language === 'fr' ? `Réunion du ${day}` : `Meeting of ${day}`;
}

interface Facts {
  readonly endedAtMs: number | null;
  readonly joined: ReadonlyMap<Speaker, string>;
  readonly gaps: readonly Gap[];
  readonly silentSources: readonly SilentSource[];
}

/** Events are of the contract: what is not was set aside when they were stored. */
function gatherFacts(events: readonly EventRow[], startedAtMs: number | null): Facts {
  const joined = new Map<Speaker, string>();
  const gaps: Gap[] = [];
  const silent = new Map<string, SilentSource>();
  let endedAtMs: number | null = null;
  let pausedAtMs: number | null = null;
  const clock = (atMs: number) => Math.max(0, atMs - (startedAtMs ?? atMs));
  const pauseUntil = (untilMs: number) => {
    if (pausedAtMs !== null && untilMs > pausedAtMs) gaps.push(paused(pausedAtMs, untilMs));
    pausedAtMs = null;
  };
  for (const { at, body } of events) {
    switch (body.type) {
      case 'session.ended':
        endedAtMs ??= at.getTime();
        pauseUntil(clock(endedAtMs));
        break;
      case 'session.resumed':
        // Between two parts of a meeting nobody wanted to be heard.
        if (endedAtMs !== null && at.getTime() > endedAtMs) gaps.push(paused(clock(endedAtMs), clock(at.getTime())));
        endedAtMs = null;
        break;
      case 'participant.joined':
        if (body.kind !== 'agent' && body.speaker && body.name) joined.set(body.speaker, body.name);
        break;
      case 'recording.paused':
        pausedAtMs ??= body.at_ms;
        break;
      case 'recording.continued':
        pauseUntil(body.at_ms);
        break;
      case 'audio.missed':
        gaps.push(body.gap);
        break;
      case 'source.silent':
        // Said again when it ends.
        silent.set(`${body.silent.speaker} ${body.silent.start_ms}`, body.silent);
        break;
      default:
    }
  }
  if (pausedAtMs !== null) gaps.push(paused(pausedAtMs, Number.MAX_SAFE_INTEGER));
  return { endedAtMs, joined, gaps, silentSources: [...silent.values()] };
}

function paused(startMs: number, endMs: number): Gap {
  return { speaker: null, start_ms: startMs, end_ms: endMs, reason: 'paused' };
}
