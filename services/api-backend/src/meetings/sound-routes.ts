import type { SessionEvent, SessionEventBody } from '@eloquence/shared/contracts/events';
import {
  coverageSchema,
  recordingRequestSchema,
  recordingResponseSchema,
  sourceReportSchema,
  sourceResponseSchema,
  type SourceReport,
} from '@eloquence/shared/contracts/meeting-api';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import type { Service } from '@eloquence/shared/runtime/service';
import { problems } from '../http/docs.ts';
import type * as z from 'zod';
import { sessionParamsSchema } from '../sessions/find-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { toSessionMs, type RecordingState } from './coverage.ts';
import { requireMeeting } from './find-meeting.ts';
import { requireOpenMeeting } from './require-open-meeting.ts';
import { startOf, type SoundReader } from './sound-reader.ts';

export interface SoundRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly events: EventLog;
  readonly sounds: SoundReader;
}

/** What of a meeting is heard: pausing, what was heard so far, what senders know of their sources. */
export function registerSoundRoutes(app: Service, deps: SoundRouteDeps): void {
  registerRecording(app, deps);
  registerCoverage(app, deps);
  registerSources(app, deps);
}

function registerRecording(app: Service, deps: SoundRouteDeps): void {
  app.post(
    '/api/sessions/:session_id/recording',
    {
      schema: {
        tags: ['meetings'],
        summary: 'Pause the recording of a meeting, or go on with it',
        description:
          'For everybody in the meeting. Saying it twice changes nothing; `at_ms`: since when it is so. `recording` starts a meeting in which nobody is yet, `ago_ms` ago.',
        params: sessionParamsSchema,
        body: recordingRequestSchema,
        response: { 200: recordingResponseSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
      },
    },
    async (request) => setRecording(await requireOpenMeeting(deps, request.params.session_id), request.body, deps),
  );
}

async function setRecording(
  session: Session,
  { state, ago_ms: agoMs = 0 }: z.infer<typeof recordingRequestSchema>,
  { events, sounds }: SoundRouteDeps,
): Promise<RecordingState> {
  const startedAtMs = startOf(session);
  if (startedAtMs === null && state === 'recording') {
    const sinceMs = Math.max(Date.parse(session.created_at), Date.now() - agoMs);
    await events.append(session.session_id, { type: 'session.started', at: eventTime(new Date(sinceMs)) });
    return { state, at_ms: 0 };
  }
  if (startedAtMs === null) {
    throw new AppError('conflict', 'The meeting has not started: nobody is there yet, so nothing is recorded.');
  }
  const nowMs = Date.now();
  const { recording } = await sounds.sound(session, nowMs);
  if (recording.state === state) return recording;
  const at_ms = Math.max(recording.at_ms, toSessionMs(nowMs, { startedAtMs, nowMs }));
  await events.append(session.session_id, {
    type: state === 'paused' ? 'recording.paused' : 'recording.continued',
    at: eventTime(new Date(nowMs)),
    at_ms,
  });
  return { state, at_ms };
}

function registerCoverage(app: Service, deps: SoundRouteDeps): void {
  app.get(
    '/api/sessions/:session_id/coverage',
    {
      schema: {
        tags: ['meetings'],
        summary: 'What of a meeting has been heard so far, and what has not',
        description:
          'Sound inside `spans` need not be kept any more. A gap is what was reported as missed and lies in no span: delivering its sound fills it.',
        params: sessionParamsSchema,
        response: { 200: coverageSchema, ...problems(401, 404, 503) },
      },
    },
    async (request) => {
      const session = await requireMeeting(deps, request.params.session_id);
      const nowMs = Date.now();
      const startedAtMs = startOf(session);
      const { spans, gaps } = await deps.sounds.sound(session, nowMs);
      return {
        session_id: session.session_id,
        spans,
        gaps,
        now_ms: startedAtMs === null ? null : toSessionMs(nowMs, { startedAtMs, nowMs }),
      };
    },
  );
}

function registerSources(app: Service, deps: SoundRouteDeps): void {
  app.post(
    '/api/sessions/:session_id/sources',
    {
      schema: {
        tags: ['meetings'],
        summary: 'What a sender knows of its own sources: one that is silent, sound that is lost',
        params: sessionParamsSchema,
        body: sourceReportSchema,
        response: { 200: sourceResponseSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
      },
    },
    async (request) => {
      const { events, sounds } = deps;
      const session = await requireOpenMeeting(deps, request.params.session_id);
      const known = await sounds.events(session.session_id, ['source.silent', 'audio.missed']);
      const news = newsOf(request.body, known);
      for (const event of news) await events.append(session.session_id, event);
      return { recorded: news.length };
    },
  );
}

/** As for sound that is delivered: 23 days. */
const MAX_MS = 2_000_000_000;

/** What of a report has not been said before, in the same words. */
function newsOf(report: SourceReport, known: readonly SessionEvent[]): SessionEventBody[] {
  const at = eventTime();
  for (const { start_ms, end_ms } of [...report.silent, ...report.gaps]) {
    if (Math.max(start_ms, end_ms ?? 0) > MAX_MS) {
      throw new AppError(
        'invalid_request',
        `Times are ms since started_at: no meeting lasts until ${end_ms ?? start_ms}.`,
      );
    }
    if (end_ms === null || end_ms >= start_ms) continue;
    throw new AppError('invalid_request', `A stretch from ${start_ms} to ${end_ms} ms ends before it begins.`);
  }
  const said = new Set(known.map(factOf));
  const reported: SessionEventBody[] = [
    ...report.silent.map((silent) => ({ type: 'source.silent' as const, at, silent })),
    ...report.gaps.map((gap) => ({ type: 'audio.missed' as const, at, gap })),
  ];
  return reported.filter((event) => {
    const fact = factOf(event);
    return !said.has(fact) && said.add(fact);
  });
}

function factOf(event: SessionEventBody): string {
  if (event.type === 'source.silent') {
    const { speaker, start_ms, end_ms } = event.silent;
    return JSON.stringify(['silent', speaker, start_ms, end_ms]);
  }
  if (event.type !== 'audio.missed') return event.type;
  const { speaker, start_ms, end_ms, reason } = event.gap;
  return JSON.stringify([reason, speaker, start_ms, end_ms]);
}
