import { transcriptSchema, type Session } from '@eloquence/shared/contracts/sessions';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { Service } from '@eloquence/shared/runtime/service';
import * as z from 'zod';
import { problems } from '../http/docs.ts';
import { speakersOf } from '../meetings/speaker-names.ts';
import { requireSession, sessionParamsSchema } from '../sessions/find-session.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { readTranscript, type TranscriptDeps } from './read-transcript.ts';
import { transcriptFormats, type UserNames } from './render-transcript.ts';

export interface TranscriptRouteDeps extends TranscriptDeps {
  readonly store: SessionStore;
}

/** `GET /api/sessions/{id}/transcript` and `.json`, `.txt`, `.srt`, `.vtt`. */
export function registerTranscriptRoutes(app: Service, deps: TranscriptRouteDeps): void {
  const errors = problems(401, 404, 503);
  for (const suffix of ['', '.json']) {
    app.get(
      `/api/sessions/:session_id/transcript${suffix}`,
      {
        schema: {
          tags: ['transcripts'],
          summary: 'Final utterances in spoken order',
          params: sessionParamsSchema,
          response: { 200: transcriptSchema, ...errors },
        },
      },
      async (request) => readTranscript(deps, await requireSession(deps.store, request.params.session_id)),
    );
  }
  for (const [extension, { mediaType, render }] of Object.entries(transcriptFormats)) {
    app.get(
      `/api/sessions/:session_id/transcript.${extension}`,
      {
        schema: {
          tags: ['transcripts'],
          summary: `The transcript as ${extension}`,
          params: sessionParamsSchema,
          response: { 200: z.string(), ...errors },
        },
      },
      async (request, reply) => {
        const session = await requireSession(deps.store, request.params.session_id);
        const [transcript, names] = await Promise.all([readTranscript(deps, session), userNames(deps.pool, session)]);
        const text = render(transcript, names);
        return reply
          .type(mediaType)
          .serializer((body: unknown) => String(body))
          .send(text);
      },
    );
  }
}

/** A conversation is called as its one person is; a meeting is not. */
async function userNames(pool: Pool, { session_id: id, kind, language, name }: Session): Promise<UserNames> {
  if (kind === 'conversation') return name;
  const speakers = await speakersOf(pool, id, language);
  return new Map(speakers.map((one) => [one.speaker, one.name]));
}
