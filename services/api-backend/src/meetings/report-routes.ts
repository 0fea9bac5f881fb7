import { renameSpeakerSchema, speakerSchema, summariesSchema } from '@eloquence/shared/contracts/meeting';
import {
  reportFormats,
  reportFormatSchema,
  reportStatusSchema,
  type ReportFormat,
} from '@eloquence/shared/contracts/report';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import type { Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { problems } from '../http/docs.ts';
import { sessionParamsSchema } from '../sessions/find-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { requireMeeting } from './find-meeting.ts';
import { stateOf, type PublishedReport, type ReportStore } from './report-store.ts';
import { renameSpeaker, speakersOf } from './speaker-names.ts';

export interface ReportRouteDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly reports: ReportStore;
  readonly events: EventLog;
  readonly pool: Pool;
}

const tags = ['meetings'];
const fileParamsSchema = sessionParamsSchema.extend({ format: z.string().max(20) });
const speakersSchema = summariesSchema.pick({ session_id: true, speakers: true });

/** A report is somebody else's words: no script, no request, no form, an origin of its own. */
const REPORT_POLICY =
  "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'self'";
/** Formats browsers show themselves. */
const SHOWN: ReadonlySet<ReportFormat> = new Set(['html', 'pdf']);

/** What meeting-worker has written of a meeting: `GET …/summaries`, `…/report`, `…/report.<format>`; and who is called what. */
export function registerReportRoutes(app: Service, deps: ReportRouteDeps): void {
  registerSummaries(app, deps);
  registerStatus(app, deps);
  registerFiles(app, deps);
  registerRendering(app, deps);
  registerRenaming(app, deps);
}

function registerSummaries(app: Service, deps: ReportRouteDeps): void {
  app.get(
    '/api/sessions/:session_id/summaries',
    {
      schema: {
        tags,
        summary: 'The mini-summaries of a meeting so far, each item with the words that prove it',
        params: sessionParamsSchema,
        response: { 200: summariesSchema, ...problems(401, 404, 503) },
      },
    },
    async (request) => {
      const { session_id: sessionId, language } = await requireMeeting(deps, request.params.session_id);
      const [chunks, speakers] = await Promise.all([
        deps.reports.chunks(sessionId),
        speakersOf(deps.pool, sessionId, language),
      ]);
      return { session_id: sessionId, language, speakers, chunks };
    },
  );
}

function registerStatus(app: Service, deps: ReportRouteDeps): void {
  app.get(
    '/api/sessions/:session_id/report',
    {
      schema: {
        tags,
        summary: 'How the report of a meeting stands, and the report itself when there is one',
        params: sessionParamsSchema,
        response: { 200: reportStatusSchema, ...problems(401, 404, 503) },
      },
    },
    async (request, reply) => {
      const session = await requireMeeting(deps, request.params.session_id);
      const published = await deps.reports.published(session.session_id);
      const state = stateOf(session, published.state);
      reply.header('etag', `"r${published.revision}-${state}"`).header('cache-control', 'private, no-cache');
      return {
        session_id: session.session_id,
        state,
        revision: published.revision,
        formats: [...published.formats],
        failed_formats: [...published.failedFormats],
        report: published.report,
      };
    },
  );
}

function registerFiles(app: Service, deps: ReportRouteDeps): void {
  app.get(
    '/api/sessions/:session_id/report.:format',
    {
      schema: {
        tags,
        summary: `The report of a meeting as a file: ${Object.keys(reportFormats).join(', ')}`,
        description:
          'The draft a moment after the end, the final report when it is written; `ETag` tells them apart. 409 while the meeting goes on and while the file is being written, 404 for a format there is not, 500 for one that could not be made.',
        params: fileParamsSchema,
        response: { ...problems(401, 404, 409, 500, 503) },
      },
    },
    async (request, reply) => {
      const session = await requireMeeting(deps, request.params.session_id);
      const format = formatOf(request.params.format);
      const file = await deps.reports.file(session.session_id, format);
      if (file?.bytes === null) throw failed(format, await deps.reports.published(session.session_id));
      if (!file) throw missing(session, format, await deps.reports.published(session.session_id));
      const etag = `"r${file.revision}-${format}"`;
      reply.header('etag', etag).header('cache-control', 'private, no-cache');
      if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag))
        return (reply as FastifyReply).code(304).send() as never;
      if (format === 'html') reply.header('content-security-policy', REPORT_POLICY);
      return reply
        .type(reportFormats[format])
        .header('content-disposition', disposition(session, format))
        .send(file.bytes as never) as never;
    },
  );
}

function registerRendering(app: Service, deps: ReportRouteDeps): void {
  app.post(
    '/api/sessions/:session_id/report.:format',
    {
      schema: {
        tags,
        summary: 'Try once more to make a file of the report that could not be made (failed_formats of GET …/report)',
        params: fileParamsSchema,
        response: { 204: z.null(), ...problems(401, 404, 503) },
      },
    },
    async (request, reply) => {
      const { session_id: sessionId } = await requireMeeting(deps, request.params.session_id);
      await deps.reports.renderAgain(sessionId, formatOf(request.params.format));
      return reply.code(204).send(null);
    },
  );
}

/** @throws AppError `not_found` naming those there are */
function formatOf(wanted: string): ReportFormat {
  const format = reportFormatSchema.safeParse(wanted).data;
  if (format) return format;
  throw new AppError('not_found', `There is no such format. Use one of ${reportFormatSchema.options.join(', ')}.`);
}

function failed(format: ReportFormat, { formats }: PublishedReport): AppError {
  return new AppError(
    'internal',
    `This report could not be made as ${format}: the log of meeting-worker says why. There are: ${formats.join(', ')}. ` +
      `POST …/report.${format} has it tried once more; so does a restart of meeting-worker, and the next revision of the report.`,
  );
}

/** Why there is no such file (yet), and when there will be. */
function missing(session: Session, format: ReportFormat, published: PublishedReport): AppError {
  const state = stateOf(session, published.state);
  if (state === 'recording')
    return new AppError(
      'conflict',
      'The meeting is still going on: its report is written when it ends (POST …/end). GET …/summaries has what there is so far.',
    );
  const leftOut = published.report?.transcript === null && (format === 'srt' || format === 'vtt');
  if (leftOut)
    return new AppError(
      'not_found',
      `The options of this meeting leave the transcript out (include_full_transcript), and subtitles are the transcript; GET …/transcript.${format} has it. There are: ${published.formats.join(', ')}.`,
    );
  const there = published.formats.length > 0 ? ` There are already: ${published.formats.join(', ')}.` : '';
  return new AppError(
    'conflict',
    `The report is being ${published.report ? `rendered as ${format}` : 'written'}. Ask again in a few seconds: GET …/report says how it stands.${there}`,
    { retryAfterS: 2 },
  );
}

/** A name a person recognises, in letters every system takes, and in its own letters for those that know RFC 6266. */
function disposition(
  { name, session_id: sessionId, started_at: startedAt, created_at: createdAt }: Session,
  format: ReportFormat,
): string {
  const day = (startedAt ?? createdAt).slice(0, 10);
  const title =
    // \p{Cf} reorders what is shown: a file would seem to be of another kind.
    (name ?? sessionId).replaceAll(/[\s/\\:*?"<>|\p{Cc}\p{Cf}]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '') || sessionId;
  const file = `${title}_${day}.${format}`;
  const ascii =
    file
      .normalize('NFD')
      .replaceAll(/[^\x20-\x7e]/g, '')
      .replaceAll(/["\\]/g, '') || `${sessionId}.${format}`;
  const encoded = encodeURIComponent(file).replaceAll(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return `${SHOWN.has(format) ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function registerRenaming(app: Service, deps: ReportRouteDeps): void {
  app.put(
    '/api/sessions/:session_id/speakers/:speaker',
    {
      schema: {
        tags,
        summary: 'Call a speaker by a name, in everything; no model is asked for that',
        params: sessionParamsSchema.extend({ speaker: z.string().max(200) }),
        body: renameSpeakerSchema,
        response: { 200: speakersSchema, ...problems(400, 401, 403, 404, 413, 415, 503) },
      },
    },
    async (request) => {
      const session = await requireMeeting(deps, request.params.session_id);
      const speaker = speakerSchema.safeParse(request.params.speaker);
      if (!speaker.success) throw new AppError('not_found', 'That is no speaker: GET …/summaries lists them.');
      const { name } = request.body;
      const speakers = await renameSpeaker(deps.pool, session, { speaker: speaker.data, name });
      // An hour after the end Redis has forgotten the log: nobody follows it, and its numbers would begin anew.
      if (await deps.facts.isOpened(session.session_id))
        await deps.events.append(session.session_id, {
          type: 'speaker.renamed',
          at: eventTime(),
          speaker: speaker.data,
          name,
        });
      return { session_id: session.session_id, speakers };
    },
  );
}
