import { meetingListQuerySchema, meetingListSchema } from '@eloquence/shared/contracts/meeting-api';
import type { Service } from '@eloquence/shared/runtime/service';
import { seenBy } from '../http/auth.ts';
import { problems } from '../http/docs.ts';
import { decodeCursor } from '../sessions/list-cursor.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { stateOf, type ReportStore } from './report-store.ts';

export interface MeetingListDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly reports: ReportStore;
}

/** `GET /api/meetings`: to find a meeting again, and how its minutes stand. */
export function registerMeetingListRoutes(app: Service, { store, facts, reports }: MeetingListDeps): void {
  app.get(
    '/api/meetings',
    {
      schema: {
        tags: ['meetings'],
        summary: 'Your meetings, newest first, page by page, and how the minutes of each stand',
        querystring: meetingListQuerySchema,
        response: { 200: meetingListSchema, ...problems(400, 401, 503) },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const { sessions, nextCursor } = await store.list({
        tenants: seenBy(request),
        userId: undefined,
        states: undefined,
        kind: 'meeting',
        after: cursor === undefined ? undefined : decodeCursor(cursor),
        limit,
      });
      const [now, standing] = await Promise.all([
        facts.overlay(sessions),
        reports.standing(sessions.map(({ session_id: id }) => id)),
      ]);
      return {
        meetings: now.map((session) => {
          const minutes = standing.get(session.session_id);
          return {
            session_id: session.session_id,
            title: session.name,
            started_at: session.started_at ?? session.created_at,
            state: stateOf(session, minutes?.state ?? 'recording'),
            duration_ms: minutes?.durationMs ?? null,
          };
        }),
        next_cursor: nextCursor,
      };
    },
  );
}
