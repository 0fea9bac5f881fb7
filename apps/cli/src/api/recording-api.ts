import {
  audioResponseSchema,
  recordingResponseSchema,
  sourceResponseSchema,
} from '@eloquence/shared/contracts/meeting-api';
import type { MeetingItem } from '@eloquence/shared/contracts/meeting';
import { sessionTokenResponseSchema } from '@eloquence/shared/contracts/sessions';
import type { RecordingApi } from '../recorder/recording.ts';
import type { MeetingApi } from './meeting-api.ts';

export interface RecordingPerson {
  readonly userId: string;
  readonly name: string;
}

/** Longest piece of sound takes so long to be heard, ms. */
const SOUND_MS = 120_000;

/** What a recording asks of the server, for one session and one person. */
export function recordingApi(api: MeetingApi, sessionId: string, person: RecordingPerson): RecordingApi {
  const path = `/api/sessions/${sessionId}`;
  return {
    session: ({ signal }) => api.session(sessionId, { signal }),
    token: ({ signal }) =>
      api.client.json(`${path}/token`, sessionTokenResponseSchema, {
        method: 'POST',
        json: { name: person.name, user_id: person.userId },
        signal,
      }),
    setRecording: async (state, { signal }) => {
      await api.client.json(`${path}/recording`, recordingResponseSchema, { method: 'POST', json: { state }, signal });
    },
    begin: async (agoMs, { signal }) => {
      const json = { state: 'recording', ago_ms: Math.round(agoMs) };
      await api.client.json(`${path}/recording`, recordingResponseSchema, { method: 'POST', json, signal });
    },
    coverage: ({ signal }) => api.coverage(sessionId, { signal }),
    sendAudio: (piece, { signal }) => {
      const query = new URLSearchParams({ speaker: piece.speaker, start_ms: String(piece.startMs) });
      return api.client.json(`${path}/audio?${query.toString()}`, audioResponseSchema, {
        method: 'POST',
        body: piece.body,
        headers: { 'content-type': piece.contentType },
        timeoutMs: SOUND_MS,
        signal,
      });
    },
    reportSources: async (report, { signal }) => {
      await api.client.json(`${path}/sources`, sourceResponseSchema, { method: 'POST', json: report, signal });
    },
    end: ({ signal }) => api.end(sessionId, { signal }),
    events: (afterSeq, { signal }) => api.events(sessionId, afterSeq, { signal }),
    summaryLine: async (index, { signal }) => {
      const { chunks } = await api.summaries(sessionId, { signal });
      return lineOf(chunks.find(({ n }) => n === index)?.items ?? []);
    },
  };
}

const WORTH: readonly MeetingItem['kind'][] = ['decision', 'action', 'question', 'topic', 'highlight'];

/** The most telling item of a mini-summary. */
function lineOf(items: readonly MeetingItem[]): string | null {
  for (const kind of WORTH) {
    const found = items.find((item) => item.kind === kind);
    if (found) return found.text;
  }
  return null;
}
