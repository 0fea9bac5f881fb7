import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { readRecording } from '../media/recording.ts';
import { TempFile } from '../media/temp-file.ts';
import type { OpenSession } from '../session/speech-session.ts';
import { answer, delta } from './answers.ts';
import { TranscriptionStream } from './event-stream.ts';
import { readFileOptions, type FileOptions } from './file-options.ts';
import { tooLong, transcribeFile, type FileTranscript } from './transcribe-file.ts';
import { receiveUpload } from './upload.ts';

export interface FileLimits {
  readonly maxBytes: number;
  /** Longest recording, seconds. */
  readonly maxS: number;
  /** A sender, or ffmpeg, that is silent for so long is given up. */
  readonly stallMs: number;
  /** Where recordings lie while they are read. */
  readonly folder: string;
  /** Folders in which ffmpeg is looked for, as in PATH. */
  readonly programPath: string;
}

export interface FileRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly tenant: string;
  readonly signal: AbortSignal;
}

export interface FilePorts {
  readonly openSession: OpenSession;
  readonly checkLanguage: (language: string | undefined) => Promise<void>;
  readonly limits: FileLimits;
}

/** One recording: received to disk, read, transcribed, answered, gone. */
export class FileJob {
  readonly #file: FileRequest;
  readonly #ports: FilePorts;
  #stream: TranscriptionStream | undefined;
  #claimedS: number | undefined;

  constructor(file: FileRequest, ports: FilePorts) {
    this.#file = file;
    this.#ports = ports;
  }

  /** Resolves when the answer is on its way. @throws AppError; the signal's reason when aborted */
  async run(): Promise<void> {
    const { request, reply, signal } = this.#file;
    const { folder, maxBytes, stallMs } = this.#ports.limits;
    await using stack = new AsyncDisposableStack();
    let recording: TempFile | undefined;
    const create = async (expectedBytes: number) => {
      recording = stack.use(await TempFile.create({ folder, maxBytes }, expectedBytes));
      return recording;
    };
    const { media, fields } = await receiveUpload(
      {
        contentType: request.headers['content-type'],
        contentLength: contentLengthOf(request),
        query: request.query as Record<string, unknown>,
        body: request.body as Readable | undefined,
      },
      create,
      { folder, maxBytes, stallMs, signal },
    );
    const want = readFileOptions(fields);
    await this.#ports.checkLanguage(want.language);
    using abort = new ChildAbort(signal);
    const { maxS, programPath } = this.#ports.limits;
    const sound = (inner: AbortSignal) =>
      readRecording(recording as TempFile, media, {
        path: programPath,
        maxS,
        stallMs,
        signal: inner,
        onDuration: (seconds) => {
          this.#claimedS = seconds;
          // Told before hours of work, not after.
          if (seconds > maxS) abort.abort(tooLong(maxS));
        },
      });
    const transcript = await this.#transcribe(sound, want, abort.signal);
    this.#answer(transcript, want, reply);
  }

  /** Ends a stream that has begun with an error event; false when there is none, and the error has still to be answered. */
  failStream(error: unknown): boolean {
    this.#stream?.fail(AppError.from(error), this.#file.request.id);
    return this.#stream !== undefined;
  }

  #transcribe(
    sound: (signal: AbortSignal) => AsyncIterable<Int16Array>,
    want: FileOptions,
    signal: AbortSignal,
  ): Promise<FileTranscript> {
    let first = true;
    return transcribeFile(sound, {
      openSession: this.#ports.openSession,
      tenant: this.#file.tenant,
      want,
      maxS: this.#ports.limits.maxS,
      signal,
      onSound: () => {
        if (want.stream) this.#begin();
      },
      onTranscript: (heard) => {
        const added = delta(heard.text, first, want.language ?? heard.language);
        this.#stream?.delta(added, want.words ? heard : undefined);
        first = false;
      },
      onProgress: (doneS) => this.#stream?.progress(doneS, this.#claimedS),
    });
  }

  /** Not before there is sound: a file that cannot be read is refused with a status of its own. */
  #begin(): void {
    if (this.#stream) return;
    const { reply } = this.#file;
    reply.hijack();
    this.#stream = new TranscriptionStream(reply.raw, reply.getHeaders());
  }

  #answer(transcript: FileTranscript, want: FileOptions, reply: FastifyReply): void {
    if (this.#stream) return this.#stream.done(transcript);
    const { contentType, body } = answer(transcript, want);
    void reply.type(contentType).send(body);
  }
}

/** undefined when it is not announced. */
function contentLengthOf({ headers }: FastifyRequest): number | undefined {
  const length = Number(headers['content-length'] ?? NaN);
  return Number.isFinite(length) ? length : undefined;
}
