import { randomUUID } from 'node:crypto';
import { open, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { AppError } from '@eloquence/shared/runtime/errors';

export interface TempFileOptions {
  readonly folder: string;
  readonly maxBytes: number;
}

/** Left free on the disk, for everybody else who writes there. */
const RESERVE_BYTES = 256 * 1024 * 1024;

/**
 * A file without a name: it is unlinked as soon as it is open, so that nothing is left of it however the process ends.
 * Whoever else reads it is given its descriptor.
 */
export class TempFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #options: TempFileOptions;
  #size = 0;

  private constructor(handle: FileHandle, options: TempFileOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  /**
   * @param expectedBytes what is about to be written, when known
   * @throws AppError `unavailable` when the disk has no room, `payload_too_large` when `expectedBytes` is over the limit
   */
  static async create(options: TempFileOptions, expectedBytes = 0): Promise<TempFile> {
    if (expectedBytes > options.maxBytes) throw tooLarge(options.maxBytes);
    const path = join(options.folder, `eloquence-stt-${randomUUID()}`);
    try {
      const { bavail, bsize } = await statfs(options.folder);
      if (expectedBytes + RESERVE_BYTES > bavail * bsize) throw diskFull(options.folder);
      const handle = await open(path, 'wx+', 0o600);
      await unlink(path);
      return new TempFile(handle, options);
    } catch (error) {
      throw translate(error, options.folder);
    }
  }

  get size(): number {
    return this.#size;
  }

  get descriptor(): number {
    return this.#handle.fd;
  }

  /** Appends; fails with AppError `payload_too_large` over the limit and `unavailable` when the disk is full. */
  writable(): Writable {
    const append = callbackify((chunk: Buffer) => this.#append(chunk));
    return new Writable({ write: (chunk: Buffer, _encoding, done) => append(chunk, done) });
  }

  /** @returns what there is of `length` bytes at `position`; shorter at the end */
  async read(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #append(chunk: Buffer): Promise<void> {
    if (this.#size + chunk.length > this.#options.maxBytes) throw tooLarge(this.#options.maxBytes);
    const position = this.#size;
    this.#size += chunk.length;
    try {
      for (let written = 0; written < chunk.length;) {
        const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, position + written);
        written += bytesWritten;
      }
    } catch (error) {
      throw translate(error, this.#options.folder);
    }
  }
}

function tooLarge(maxBytes: number): AppError {
  const megabytes = Math.floor(maxBytes / 1e6);
  return new AppError(
    'payload_too_large',
    `The recording is larger than ${megabytes} MB. Send it compressed (opus, mp3, m4a), in parts, or raise STT_MAX_FILE_MB.`,
  );
}

function diskFull(folder: string): AppError {
  return new AppError(
    'unavailable',
    `The disk of ${folder}, where recordings are kept while they are read, is full: free some space, or set TMPDIR to a folder with more.`,
    { retryAfterS: 60 },
  );
}

function translate(error: unknown, folder: string): unknown {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder);
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return new AppError('unavailable', `Recordings cannot be written to ${folder}: set TMPDIR to a folder that can.`, {
      cause: error,
    });
  if (code === 'EMFILE' || code === 'ENFILE')
    return new AppError('overloaded', 'Too many files are open here. Try again.', { cause: error, retryAfterS: 5 });
  return error;
}
