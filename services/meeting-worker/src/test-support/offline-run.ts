import { meetingOptionsSchema, type Chunk } from '@eloquence/shared/contracts/meeting';
import type { Report } from '@eloquence/shared/contracts/report';
import { AppError } from '@eloquence/shared/runtime/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import type { MeetingModel } from '@eloquence/testkit/meetings/meeting-model';
import type { PlantedMeeting } from '@eloquence/testkit/meetings/planted-meeting';
import { summariseChunk } from '../chunks/summarise.ts';
import { nextChunk } from '../chunks/window.ts';
import type { ModelAnswer, ModelClient, ModelRequest } from '../llm/model-client.ts';
import { readJson } from '../llm/read-json.ts';
import type { Meeting } from '../meetings/meeting.ts';
import { draftReport } from '../report/draft.ts';
import { synthesise } from '../report/synthesis.ts';

const silent = createLogger('test', 'silent');

/** What Postgres would know of a meeting that is over. */
function meetingOf(planted: PlantedMeeting): Meeting {
  return {
    sessionId: planted.sessionId,
    language: planted.language,
    title: planted.title,
    startedAtMs: planted.startedAtMs,
    endedAtMs: planted.endedAtMs,
    options: meetingOptionsSchema.parse({ summary_interval_min: planted.intervalMs / 60_000 }),
    consent: null,
    state: 'writing',
    utterances: planted.utterances,
    speakers: new Map(planted.participants.map(({ speaker, name }) => [speaker, name])),
    spans: planted.spans,
    gaps: planted.gaps,
    silentSources: [],
    chunks: [],
  };
}

/** The model without a wire: answers are read as the client reads them. */
function clientOf(model: MeetingModel): ModelClient {
  return {
    complete: async <T>(request: ModelRequest<T>): Promise<ModelAnswer<T>> => {
      const messages = [
        { role: 'system', content: request.system },
        { role: 'user', content: request.user },
      ];
      const answer = model.chat({ model: request.purpose, messages, max_tokens: request.maxTokens } as never);
      if (answer.finish === 'length') throw new AppError('payload_too_large', 'cut off');
      try {
        const value = request.schema.parse(readJson(answer.words.join('')));
        return { value, model: 'fake/notes', promptHash: 'p' };
      } catch (cause) {
        throw new AppError('upstream_failed', 'no answer of the schema', { cause });
      }
    },
  };
}

export interface OfflineRun {
  readonly report: Report;
  readonly chunks: readonly Chunk[];
}

/** All mini-summaries and the report of a meeting, by the code of the product, without stores and queue. */
export async function runOffline(planted: PlantedMeeting, model: MeetingModel): Promise<OfflineRun> {
  const client = clientOf(model);
  const { signal } = new AbortController();
  let meeting = meetingOf(planted);
  for (;;) {
    const due = nextChunk(meeting, planted.endedAtMs);
    if (!due) break;
    let written: Chunk | undefined;
    await summariseChunk(
      { session_id: planted.sessionId, n: due.n },
      { signal, isLastAttempt: true, ageMs: 0 },
      {
        readMeeting: () => Promise.resolve(meeting),
        store: {
          words: () => Promise.resolve(new Map()),
          commit: (chunk) => {
            written = chunk;
            return Promise.resolve(true);
          },
        },
        client,
        announce: () => Promise.resolve(),
        logger: silent,
        onFault: (_session, error) => {
          throw error;
        },
        now: () => planted.endedAtMs,
      },
    );
    const chunk = written;
    if (!chunk) throw new Error(`chunk ${due.n} was due and was not written`);
    meeting = { ...meeting, chunks: [...meeting.chunks.filter(({ n }) => n !== chunk.n), chunk] };
  }
  const draft = draftReport(meeting);
  const report = await synthesise(draft, { model: client, signal }).catch((): Report => ({
    ...draft.report,
    draft_reason: 'model_failed',
  }));
  return { report, chunks: meeting.chunks };
}
