import type { AskResponse, MeetingList, SearchResponse } from '@eloquence/shared/contracts/meeting-api';
import type { SessionTokenResponse } from '@eloquence/shared/contracts/sessions';
import { ownUserId } from '../storage.ts';
import { send, sendFor } from './client.ts';
import {
  askSchema,
  digestSchema,
  meetingListSchema,
  recordingSchema,
  reportStatusSchema,
  searchSchema,
  speakersSchema,
  summariesSchema,
} from './meeting-schemas.ts';
import type { ShownDigest, ShownFormat, ShownReportStatus, ShownSummaries } from './meeting-schemas.ts';
import { tokenSchema } from './schemas.ts';

const pathOf = (sessionId: string) => `/api/sessions/${sessionId}`;

/**
 * `POST …/token` as a guest. This browser and the name together say who it is: two guests at one computer are two people, and
 * one who comes back is the same.
 */
export function joinMeeting(sessionId: string, name: string, signal?: AbortSignal): Promise<SessionTokenResponse> {
  const body = { name, user_id: `${ownUserId()}.${encodeURIComponent(name).slice(0, 80)}` };
  return sendFor(tokenSchema, `${pathOf(sessionId)}/token`, { method: 'POST', body, signal });
}

/** `POST …/recording`. */
export async function setRecording(sessionId: string, state: 'paused' | 'recording'): Promise<void> {
  await sendFor(recordingSchema, `${pathOf(sessionId)}/recording`, { method: 'POST', body: { state } });
}

/** `GET …/summaries`: the mini-summaries so far. */
export function getSummaries(sessionId: string, signal?: AbortSignal): Promise<ShownSummaries> {
  return sendFor(summariesSchema, `${pathOf(sessionId)}/summaries`, { signal });
}

/** `GET …/report`: how the minutes stand. */
export function getReport(sessionId: string, signal?: AbortSignal): Promise<ShownReportStatus> {
  return sendFor(reportStatusSchema, `${pathOf(sessionId)}/report`, { signal });
}

/** The minutes as a file, fetched here because a plain link could not carry the access key. */
export async function getReportFile(sessionId: string, format: ShownFormat): Promise<Blob> {
  const response = await send(`${pathOf(sessionId)}/report.${format}`);
  return response.blob();
}

/** `POST …/report.<format>`: one that could not be made is tried once more. */
export async function renderAgain(sessionId: string, format: ShownFormat): Promise<void> {
  await send(`${pathOf(sessionId)}/report.${format}`, { method: 'POST' });
}

/** `PUT …/speakers/{speaker}`. */
export async function renameSpeaker(sessionId: string, speaker: string, name: string): Promise<void> {
  const path = `${pathOf(sessionId)}/speakers/${encodeURIComponent(speaker)}`;
  await sendFor(speakersSchema, path, { method: 'PUT', body: { name } });
}

/** `POST …/ask`. */
export function askMeeting(sessionId: string, question: string): Promise<AskResponse> {
  return sendFor(askSchema, `${pathOf(sessionId)}/ask`, { method: 'POST', body: { question } });
}

/** `POST …/digest`: what was said since a moment of the meeting, ms. */
export function getDigest(sessionId: string, sinceMs: number): Promise<ShownDigest> {
  return sendFor(digestSchema, `${pathOf(sessionId)}/digest`, { method: 'POST', body: { since_ms: sinceMs } });
}

/** `GET /api/meetings`: a page of them; `cursor` null is the first. */
export function listMeetings(cursor: string | null, signal?: AbortSignal): Promise<MeetingList> {
  const query = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
  return sendFor(meetingListSchema, `/api/meetings${query}`, { signal });
}

/** `GET /api/search` over all meetings. */
export function searchMeetings(words: string, signal?: AbortSignal): Promise<SearchResponse> {
  return sendFor(searchSchema, `/api/search?q=${encodeURIComponent(words)}`, { signal });
}
