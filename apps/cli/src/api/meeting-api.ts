import { problemSchema } from '@eloquence/shared/contracts/errors';
import { sessionEventSchema, type SessionEvent } from '@eloquence/shared/contracts/events';
import { enginesSchema, type Engines } from '@eloquence/shared/contracts/engine';
import { summariesSchema, type Summaries } from '@eloquence/shared/contracts/meeting';
import {
  askResponseSchema,
  audioEventSchema,
  coverageSchema,
  digestResponseSchema,
  searchResponseSchema,
  type AskResponse,
  type AudioEvent,
  type Coverage,
  type DigestResponse,
  type SearchResponse,
} from '@eloquence/shared/contracts/meeting-api';
import { reportStatusSchema, type ReportFormat, type ReportStatus } from '@eloquence/shared/contracts/report';
import {
  createSessionResponseSchema,
  sessionListSchema,
  sessionSchema,
  type CreateSessionRequest,
  type CreateSessionResponse,
  type Session,
} from '@eloquence/shared/contracts/sessions';
import * as z from 'zod';
import { bytesOf, type ApiClient } from './api-client.ts';
import type { CallBody } from './http-exchange.ts';
import { readEvents } from './read-events.ts';

interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/** Longest answer of a question, ms: a model on a processor takes its time. */
const QUESTION_MS = 180_000;
/** Ending waits for the scribe's last words. */
const ENDING_MS = 30_000;
const anything = z.unknown();

/** What the command asks of the server about meetings. Every method throws as `ApiClient`. */
export class MeetingApi {
  readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  open(body: CreateSessionRequest, options: Abortable = {}): Promise<CreateSessionResponse> {
    return this.client.json('/api/sessions', createSessionResponseSchema, {
      ...options,
      method: 'POST',
      json: body,
      timeoutMs: ENDING_MS,
    });
  }

  /** An ended meeting goes on under its id. */
  resume(id: string, options: Abortable = {}): Promise<CreateSessionResponse> {
    return this.client.json(`${path(id)}/resume`, createSessionResponseSchema, {
      ...options,
      method: 'POST',
      timeoutMs: ENDING_MS,
    });
  }

  session(id: string, options: Abortable = {}): Promise<Session> {
    return this.client.json(path(id), sessionSchema, options);
  }

  async end(id: string, options: Abortable = {}): Promise<void> {
    await this.client.json(`${path(id)}/end`, anything, { ...options, method: 'POST', timeoutMs: ENDING_MS });
  }

  /** Meetings, newest first, at most `limit`. */
  async meetings(
    options: Abortable & { readonly limit: number; readonly userId?: string | undefined },
  ): Promise<Session[]> {
    const found: Session[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({
        limit: '100',
        ...(options.userId !== undefined && { user_id: options.userId }),
        ...(cursor !== null && { cursor }),
      });
      const page: z.infer<typeof sessionListSchema> = await this.client.json(
        `/api/sessions?${query.toString()}`,
        sessionListSchema,
        options,
      );
      found.push(...page.sessions.filter(({ kind }) => kind === 'meeting'));
      cursor = page.next_cursor;
    } while (cursor !== null && found.length < options.limit);
    return found.slice(0, options.limit);
  }

  coverage(id: string, options: Abortable = {}): Promise<Coverage> {
    return this.client.json(`${path(id)}/coverage`, coverageSchema, options);
  }

  summaries(id: string, options: Abortable = {}): Promise<Summaries> {
    return this.client.json(`${path(id)}/summaries`, summariesSchema, options);
  }

  report(id: string, options: Abortable = {}): Promise<ReportStatus> {
    return this.client.json(`${path(id)}/report`, reportStatusSchema, options);
  }

  /** @returns the file, and the revision of the report it shows */
  async reportFile(
    id: string,
    format: ReportFormat,
    options: Abortable = {},
  ): Promise<{ bytes: Uint8Array; revision: number }> {
    const { headers, body } = await this.client.fetch(`${path(id)}/report.${format}`, options);
    const revision = Number(/^(?:W\/)?"r(\d+)-/.exec(String(headers.etag ?? ''))?.[1] ?? 0);
    return { bytes: await bytesOf(body), revision };
  }

  /** Removes a session with everything said in it. */
  async remove(id: string, options: Abortable = {}): Promise<void> {
    const { body } = await this.client.fetch(path(id), { ...options, method: 'DELETE' });
    await bytesOf(body);
  }

  rename(id: string, speaker: string, name: string): Promise<Pick<Summaries, 'session_id' | 'speakers'>> {
    return this.client.json(
      `${path(id)}/speakers/${encodeURIComponent(speaker)}`,
      summariesSchema.pick({ session_id: true, speakers: true }),
      { method: 'PUT', json: { name } },
    );
  }

  ask(id: string, question: string, options: Abortable = {}): Promise<AskResponse> {
    return this.client.json(`${path(id)}/ask`, askResponseSchema, {
      ...options,
      method: 'POST',
      json: { question },
      timeoutMs: QUESTION_MS,
    });
  }

  digest(id: string, sinceMs: number, options: Abortable = {}): Promise<DigestResponse> {
    return this.client.json(`${path(id)}/digest`, digestResponseSchema, {
      ...options,
      method: 'POST',
      json: { since_ms: sinceMs },
    });
  }

  search(
    text: string,
    options: Abortable & { readonly limit: number; readonly userId?: string | undefined },
  ): Promise<SearchResponse> {
    const query = new URLSearchParams({
      q: text,
      limit: String(options.limit),
      ...(options.userId !== undefined && { user_id: options.userId }),
    });
    return this.client.json(`/api/search?${query.toString()}`, searchResponseSchema, options);
  }

  engines(options: Abortable = {}): Promise<Engines> {
    return this.client.json('/api/engines', enginesSchema, options);
  }

  /** Sends a recording; what has been heard so far comes while it is read, `audio.done` last. */
  async *upload(
    id: string,
    recording: {
      readonly speaker: string;
      readonly name: string;
      readonly startMs: number;
      readonly body: CallBody;
      readonly contentType: string;
    },
    options: Abortable = {},
  ): AsyncGenerator<AudioEvent> {
    const query = new URLSearchParams({
      speaker: recording.speaker,
      start_ms: String(recording.startMs),
      name: recording.name,
    });
    const answer = await this.client.fetch(`${path(id)}/audio?${query.toString()}`, {
      ...options,
      method: 'POST',
      body: recording.body,
      headers: { 'content-type': recording.contentType, accept: 'text/event-stream' },
    });
    for await (const { event, data } of readEvents(answer.body)) {
      const value: unknown = JSON.parse(data);
      if (event === 'error') throw this.client.refusalOf(problemSchema.parse(value));
      yield audioEventSchema.parse(value);
    }
  }

  /** Events from after `afterSeq` on; ends when the connection does, or the session. Event types this version does not know are left out. */
  async *events(id: string, afterSeq: number, options: Abortable = {}): AsyncGenerator<SessionEvent> {
    const answer = await this.client.fetch(`${path(id)}/events`, {
      ...options,
      headers: { accept: 'text/event-stream', ...(afterSeq > 0 && { 'last-event-id': String(afterSeq) }) },
    });
    for await (const { data, id: seq } of readEvents(answer.body)) {
      const event = seq === undefined ? undefined : sessionEventSchema.safeParse(JSON.parse(data)).data;
      if (event) yield event;
    }
  }
}

const path = (id: string): string => `/api/sessions/${encodeURIComponent(id)}`;
