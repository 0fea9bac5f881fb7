import { once } from 'node:events';
import { finished, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '@eloquence/shared/runtime/errors';
import { readMediaType, type MediaType } from '../media/media-type.ts';
import type { TempFile, TempFileOptions } from '../media/temp-file.ts';
import type { Field } from './file-options.ts';

export interface UploadRequest {
  readonly contentType: string | undefined;
  /** Bytes announced, the form's own among them. */
  readonly contentLength: number | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readable | undefined;
}

export interface UploadOptions extends TempFileOptions {
  /** A sender from whom less than LEAST_BYTES come in so long has gone, or means to keep a place. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

export interface Upload {
  readonly media: MediaType;
  readonly fields: readonly Field[];
}

/** 1 kB/s: a hundredth of the slowest line anybody sends recordings over. */
const LEAST_BYTES = 30_000;
/** Room for the fields and headers of a form around its file. */
const FORM_BYTES = 1_048_576;
const FORM_LIMITS = { fields: 200, files: 1, parts: 202, fieldSize: 65_536, headerPairs: 50, headerSize: 16_384 };

const SEND_A_FORM = 'Send the recording as multipart/form-data in the field "file", or as a body of type audio/*.';

/**
 * Takes in a recording: OpenAI's form with its fields in any order, or a bare body with the options in the query. The
 * request itself is never destroyed, so that it can be answered whatever happens.
 *
 * @throws AppError `invalid_request`, `unsupported_media_type`, `invalid_audio` (empty), `payload_too_large`, `unavailable`
 */
export async function receiveUpload(
  request: UploadRequest,
  file: (expectedBytes: number) => Promise<TempFile>,
  options: UploadOptions,
): Promise<Upload> {
  const { body, contentType } = request;
  if (!body || !contentType) throw new AppError('unsupported_media_type', SEND_A_FORM);
  const isForm = /^multipart\/form-data\b/i.test(contentType);
  const media = isForm ? undefined : readMediaType(contentType);
  const expected = Math.max(0, (request.contentLength ?? 0) - (isForm ? FORM_BYTES : 0));
  const target = await file(expected);
  const upload = media
    ? await receiveBare(body, target, options).then(() => ({ media, fields: queryFields(request.query) }))
    : await new Form(contentType, target).receive(body, options);
  if (target.size === 0) throw new AppError('invalid_audio', 'The recording is empty: it has 0 bytes.');
  return upload;
}

async function receiveBare(body: Readable, target: TempFile, options: UploadOptions): Promise<void> {
  await feed(body, target.writable(), options);
}

function queryFields(query: Readonly<Record<string, unknown>>): Field[] {
  return Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((entry): Field => [name, typeof entry === 'string' ? entry : '']),
  );
}

/** One form on its way in. */
class Form {
  readonly #parser: BusboyInstance;
  readonly #target: TempFile;
  readonly #fields: Field[] = [];
  #saving: Promise<void> | undefined;
  #media: MediaType | undefined;

  constructor(contentType: string, target: TempFile) {
    this.#target = target;
    try {
      this.#parser = new Busboy({
        headers: { 'content-type': contentType },
        limits: FORM_LIMITS,
        // A field with a type of its own is still a field; `file` is the recording even without a name.
        isPartAFile: (field, _type, filename) => field === 'file' || filename !== undefined,
      });
    } catch {
      throw new AppError(
        'invalid_request',
        'The Content-Type of the form has no boundary: let your HTTP client set it.',
      );
    }
  }

  async receive(body: Readable, options: UploadOptions): Promise<Upload> {
    const parser = this.#parser;
    parser.on('file', (...[name, stream, , , type]) => this.#save(name, stream, type));
    parser.on('field', (name: unknown, value, _nameCut, cut) => {
      if (typeof name !== 'string') this.#refuse('A part of the form has no name.');
      else if (cut) this.#refuse(`The field "${name.slice(0, 100)}" is too long.`);
      else this.#fields.push([name, value]);
    });
    parser.on('filesLimit', () => this.#refuse('The form has several files: send one recording per request.'));
    parser.on('fieldsLimit', () => this.#refuse(`The form has more than ${FORM_LIMITS.fields} fields.`));
    parser.on('partsLimit', () => this.#refuse(`The form has more than ${FORM_LIMITS.parts} parts.`));
    try {
      await feed(body, parser, options);
      await this.#saving;
    } catch (error) {
      throw error instanceof AppError || options.signal.aborted ? error : formBroken(error);
    }
    if (!this.#media) throw new AppError('invalid_request', `The form has no file. ${SEND_A_FORM}`);
    return { media: this.#media, fields: this.#fields };
  }

  #save(name: string | undefined, stream: Readable, type: string): void {
    if (name !== 'file') {
      stream.on('error', () => undefined).resume();
      this.#refuse(`The form has a file in "${name?.slice(0, 100) ?? ''}": send the recording in the field "file".`);
      return;
    }
    try {
      this.#media = readMediaType(type, { lenient: true });
    } catch (error) {
      stream.on('error', () => undefined).resume();
      this.#parser.destroy(error as Error);
      return;
    }
    this.#saving = pipeline(stream, this.#target.writable());
    this.#saving.catch((error: Error) => this.#parser.destroy(error));
    this.#parser.once('error', () => stream.destroy());
  }

  #refuse(detail: string): void {
    this.#parser.destroy(new AppError('invalid_request', detail));
  }
}

function formBroken(error: unknown): AppError {
  return new AppError(
    'invalid_request',
    'The form breaks off: its closing boundary is missing, or it is not the one its Content-Type names.',
    { cause: error },
  );
}

/** Pipes without ever destroying `body`. */
async function feed(body: Readable, into: Writable, options: UploadOptions): Promise<void> {
  const { stallMs, signal } = options;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const stalled = () =>
    reject(new AppError('invalid_request', `Hardly anything came for ${stallMs / 1000} s: the upload was given up.`));
  let timer = setTimeout(stalled, stallMs);
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < LEAST_BYTES) return;
    bytes = 0;
    clearTimeout(timer);
    timer = setTimeout(stalled, stallMs);
  };
  const onAbort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  const stopWatching = finished(body, { writable: false }, (error) => {
    if (error) reject(new AppError('invalid_request', 'The upload broke off.', { cause: error }));
  });
  // An error after the first has nobody to tell.
  into.on('error', (error) => reject(error));
  body.on('data', onData);
  try {
    if (signal.aborted) throw signal.reason as Error;
    body.pipe(into);
    await Promise.race([once(into, 'finish'), failed]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    stopWatching();
    body.off('data', onData).unpipe(into);
    into.destroy();
  }
}
