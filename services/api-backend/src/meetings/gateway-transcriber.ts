import { Transform, type Readable } from 'node:stream';
import { problemSchema, type Problem } from '@eloquence/shared/contracts/errors';
import type { Language } from '@eloquence/shared/contracts/ids';
import { transcriptionEventSchema, type TranscriptionEvent } from '@eloquence/shared/contracts/transcriptions';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { retryAfterSeconds } from '@eloquence/shared/runtime/retry-after';
import { Agent, request } from 'undici';

export interface GatewayOptions {
  readonly sttUrl: string;
  readonly internalKey: string;
  /** What the gateway takes. It says so too, but a sender in full flow may lose its answer with the connection. */
  readonly maxBytes: number;
  /** How long it may take to begin its answer once it has all of a recording, ms. */
  readonly answerMs?: number;
}

export interface RecordingBody {
  readonly body: Readable;
  /** As the sender says; undefined = whatever it is, the gateway finds out. */
  readonly contentType: string | undefined;
  readonly contentLength: number | undefined;
  readonly language: Language;
  readonly keyterms: readonly string[];
  readonly signal: AbortSignal;
}

/** The gateway says something every 15 s while it works. */
const SILENT_MS = 60_000;
/** It answers with the first sound, however long the rest will take. */
const ANSWER_MS = 120_000;
const RETRY_AFTER_S = 5;
/** Of an error's body, and of one line of the stream. */
const MAX_TEXT = 1_048_576;
/** What curl calls a body it is not told the type of. */
const NAMELESS = /^(?:application\/x-www-form-urlencoded|application\/octet-stream)\b/i;
/** Refusals that are about the recording, which the caller can mend. */
const ABOUT_THE_RECORDING = new Set<Problem['code']>([
  'invalid_audio',
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'unsupported_language',
]);

/** Asks stt-gateway for the words of recordings, which are streamed through and never held. */
export class GatewayTranscriber {
  readonly #options: GatewayOptions;
  // An upload may take longer than any time-out for headers; the gateway itself gives up senders that stall.
  readonly #agent = new Agent({ headersTimeout: 0, bodyTimeout: SILENT_MS });

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /**
   * What is in a recording, as it becomes known: words, progress, and `transcript.text.done` at the end.
   *
   * @throws AppError the gateway's refusal of the recording; `overloaded`; `unavailable`; `internal` (it refuses our key); the
   *   signal's reason when aborted
   */
  async *transcribe(recording: RecordingBody): AsyncGenerator<TranscriptionEvent> {
    const { signal } = recording;
    const { maxBytes, answerMs = ANSWER_MS } = this.#options;
    if ((recording.contentLength ?? 0) > maxBytes) throw tooLarge(maxBytes);
    // undici destroys the body of a request that fails, and with it the connection on which the sender waits for the answer.
    const body = recording.body.pipe(atMost(maxBytes));
    // Without a listener an error of the copy would end the process; the request's own failure tells it.
    body.on('error', () => undefined);
    using late = new ChildAbort(signal);
    let timer: NodeJS.Timeout | undefined;
    body.once('end', () => (timer = setTimeout(() => late.abort(new Error('no answer in time')), answerMs)));
    try {
      const response = await this.#send({ ...recording, body, signal: late.signal });
      clearTimeout(timer);
      if (response.statusCode !== 200) {
        throw refusal(await problemOf(response.body), response.headers['retry-after']?.toString());
      }
      let isDone = false;
      for await (const event of eventsOf(response.body)) {
        yield event;
        isDone = event.type === 'transcript.text.done';
      }
      if (!isDone) throw away('stt-gateway broke off.');
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      if (body.errored instanceof AppError) throw body.errored;
      throw away('stt-gateway cannot be reached.', error);
    } finally {
      clearTimeout(timer);
      recording.body.unpipe(body);
      body.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #send({ body, contentType, contentLength, language, keyterms, signal }: RecordingBody) {
    const query = new URLSearchParams({ stream: 'true', language, 'timestamp_granularities[]': 'word' });
    for (const term of keyterms) query.append('keywords[]', term);
    return request(`${this.#options.sttUrl}/v1/audio/transcriptions?${query.toString()}`, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#options.internalKey}`,
        'content-type': !contentType || NAMELESS.test(contentType) ? 'application/octet-stream' : contentType,
        ...(contentLength !== undefined && { 'content-length': String(contentLength) }),
      },
      body,
      signal,
    });
  }
}

/** A copy of what passes, up to so many bytes. */
function atMost(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError(
    'payload_too_large',
    `The recording is larger than ${Math.floor(maxBytes / 1e6)} MB. Send it compressed (opus, mp3, m4a), in parts, or raise STT_MAX_FILE_MB.`,
  );
}

/** The `data:` lines of an event stream; the event `error` holds a problem. */
async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<TranscriptionEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MAX_TEXT) throw away('stt-gateway gives answers without an end.');
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const value: unknown = JSON.parse(data);
      if (/^event: error$/m.test(block)) throw refusal(problemSchema.safeParse(value).data, undefined);
      const event = transcriptionEventSchema.safeParse(value).data;
      if (event) yield event;
    }
  }
}

async function problemOf(body: AsyncIterable<Buffer>): Promise<Problem | undefined> {
  let text = '';
  for await (const chunk of body) {
    text += chunk.toString();
    if (text.length > MAX_TEXT) return undefined;
  }
  try {
    return problemSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The gateway's problem as ours: whose fault it is decides what the sender can do. */
function refusal(problem: Problem | undefined, retryAfter: string | undefined): AppError {
  const retryAfterS = problem?.retry_after_s ?? retryAfterSeconds(retryAfter) ?? RETRY_AFTER_S;
  if (!problem) return away('stt-gateway gave an answer that is none of its own.');
  if (ABOUT_THE_RECORDING.has(problem.code)) return new AppError(problem.code, problem.detail);
  if (problem.code === 'unauthorized') {
    return new AppError('internal', 'stt-gateway refuses our key: INTERNAL_API_KEY must be the same for all services.');
  }
  if (problem.code === 'rate_limited' || problem.code === 'overloaded') {
    return new AppError('overloaded', 'Other recordings are being transcribed. Keep this one and send it again.', {
      retryAfterS,
    });
  }
  return away(problem.detail, undefined, retryAfterS);
}

function away(why: string, cause?: unknown, retryAfterS = RETRY_AFTER_S): AppError {
  return new AppError('unavailable', `The sound could not be transcribed now: ${why} Keep it and send it again.`, {
    cause,
    retryAfterS,
  });
}
