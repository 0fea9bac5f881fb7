import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { HEADER_BYTES, readSoundFile, writeSoundFile } from './sound-file.ts';

export interface DiskStoreOptions {
  /** Made when it is not there. May be shared by processes. */
  readonly folder: string;
  /** Drop policy: what has not been heard for longest goes first. */
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
  readonly logger: Logger;
  /** How old the list of what is there may be when something is not on it: other processes write there too. Default 10 s. */
  readonly rescanAfterMs?: number;
}

/** What a file system gives a file at least; counted, so that many short phrases cannot fill a disk. */
const BLOCK_BYTES = 4_096;
/** A write takes milliseconds: a temporary file of this age belongs to a process that died. */
const STALE_TEMPORARY_MS = 60_000;
/** Time of last use on disk is renewed at most so often. */
const TOUCH_EVERY_MS = 600_000;
/** After a write that failed (disk full, folder read-only) none is tried for so long. */
const REST_MS = 60_000;
/** Writes under way; drop policy: a newer phrase stays in memory only. */
const MAX_PENDING_BYTES = 32 * 1_048_576;
/** Share of the cap written before the folder is looked at again, for the same reason. */
const RESCAN_SHARE = 1 / 8;
const RESCAN_AFTER_MS = 10_000;

/** What lies in place of a file must not hold us: opening a pipe would wait for its writer, and a thread with it. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

const NAME = /^([0-9a-f]{64})\.sound$/;
const TEMPORARY = /^[0-9a-f-]{36}\.tmp$/;

interface Entry {
  readonly bytes: number;
  usedAtMs: number;
  /** The same as the file's time says. */
  touchedAtMs: number;
}

/**
 * Sound kept in files. A file appears whole under its name or not at all, and is believed only when its checksum holds: a
 * process killed at any point, a full disk or another process in the same folder lead to misses, never to wrong sound.
 */
export class DiskStore {
  readonly #folder: string;
  readonly #options: DiskStoreOptions;
  #index = new Map<string, Entry>();
  #bytes = 0;
  #pendingBytes = 0;
  #writtenSinceScan = 0;
  /** When the list was last complete, ms; -Infinity before it is. */
  #listedAtMs = -Infinity;
  #restsUntilMs = 0;
  #failed = false;
  #closed = false;
  /** Removed while the folder was being read: the list that is being made may still name them. */
  #gone: Set<string> | undefined;
  /** Work nobody waits for but `close`. */
  readonly #background = new Set<Promise<void>>();

  constructor(options: DiskStoreOptions) {
    this.#options = options;
    // A folder of its own, so that its mode is ours to set.
    this.#folder = join(options.folder, 'phrases-1');
    this.#scan();
  }

  /** Bytes on disk as far as is known here. */
  get bytes(): number {
    return this.#bytes;
  }

  async get(id: string): Promise<Int16Array | undefined> {
    // Most of what is said is not kept: that must not cost a look at the disk.
    if (this.#listedAtMs > -Infinity && !this.#index.has(id)) {
      if (performance.now() - this.#listedAtMs > (this.#options.rescanAfterMs ?? RESCAN_AFTER_MS)) this.#scan();
      return undefined;
    }
    const file = await this.#read(id);
    if (!file) {
      this.#forget(id);
      return undefined;
    }
    const samples = readSoundFile(id, file);
    if (samples) {
      if (!this.#index.has(id)) this.#know(id, file.length, 0);
      this.touch(id);
      return samples;
    }
    this.#options.logger.warn({ bytes: file.length }, 'a kept phrase was damaged and is removed');
    await this.#remove(id);
    return undefined;
  }

  /** It has been heard again, from wherever. */
  touch(id: string): void {
    const entry = this.#index.get(id);
    if (!entry) return;
    const now = Date.now();
    entry.usedAtMs = now;
    this.#index.delete(id);
    this.#index.set(id, entry);
    if (now - entry.touchedAtMs < TOUCH_EVERY_MS || this.#closed) return;
    entry.touchedAtMs = now;
    void this.#run(() => utimes(this.#path(id), now / 1000, now / 1000));
  }

  /** Writes in the background; the samples must not change any more. */
  set(id: string, samples: Int16Array): void {
    const bytes = HEADER_BYTES + samples.byteLength;
    if (this.#closed || Date.now() < this.#restsUntilMs || this.#index.has(id)) return;
    if (samples.byteLength > this.#options.maxEntryBytes || bytes > this.#options.maxBytes) return;
    if (this.#pendingBytes + bytes > MAX_PENDING_BYTES) return;
    this.#pendingBytes += bytes;
    void this.#run(async () => {
      try {
        await this.#write(id, writeSoundFile(id, samples));
        this.#failed = false;
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#pendingBytes -= bytes;
      }
    });
  }

  /** Resolves when the writes that had begun are done and the scan has stopped; nothing is written afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  async #read(id: string): Promise<Buffer | undefined> {
    try {
      await using handle = await open(this.#path(id), READ);
      const stats = await handle.stat();
      const { size } = stats;
      // Not ours to hold in memory; too short is found out by its header.
      if (!stats.isFile() || size > HEADER_BYTES + this.#options.maxEntryBytes) return Buffer.alloc(0);
      const file = Buffer.allocUnsafeSlow(size);
      const { bytesRead } = await handle.read(file, 0, size, 0);
      return file.subarray(0, bytesRead);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#fail(error);
      return undefined;
    }
  }

  async #write(id: string, file: Buffer): Promise<void> {
    const temporary = join(this.#folder, `${randomUUID()}.tmp`);
    try {
      await this.#writeNew(temporary, file);
      await rename(temporary, this.#path(id));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    this.#know(id, file.length, Date.now());
    this.#writtenSinceScan += file.length;
    await this.#makeRoom();
    if (this.#writtenSinceScan > this.#options.maxBytes * RESCAN_SHARE) this.#scan();
  }

  async #writeNew(path: string, file: Buffer): Promise<void> {
    const options = { mode: 0o600, flag: 'wx' };
    try {
      await writeFile(path, file, options);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // Not made yet, or taken away under us.
      await this.#makeFolder();
      await writeFile(path, file, options);
    }
  }

  async #makeRoom(): Promise<void> {
    for (const oldest of this.#index.keys()) {
      if (this.#bytes <= this.#options.maxBytes) return;
      await this.#remove(oldest);
    }
  }

  async #remove(id: string): Promise<void> {
    this.#forget(id);
    await rm(this.#path(id), { force: true }).catch((error: unknown) => this.#fail(error));
  }

  #know(id: string, fileBytes: number, touchedAtMs: number): void {
    this.#forget(id);
    const bytes = onDisk(fileBytes);
    this.#index.set(id, { bytes, usedAtMs: Date.now(), touchedAtMs });
    this.#bytes += bytes;
  }

  #forget(id: string): void {
    this.#bytes -= this.#index.get(id)?.bytes ?? 0;
    this.#index.delete(id);
    this.#gone?.add(id);
  }

  /** Looks at the folder in the background; what it holds can be had meanwhile. */
  #scan(): void {
    if (this.#gone || this.#closed) return;
    this.#writtenSinceScan = 0;
    this.#gone = new Set();
    void this.#run(async () => {
      try {
        await this.#readFolder(Date.now());
        await this.#makeRoom();
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#gone = undefined;
      }
    });
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // It may have been made by somebody with another idea of its mode.
    await chmod(this.#folder, 0o700).catch(() => undefined);
  }

  async #readFolder(startedAtMs: number): Promise<void> {
    await this.#makeFolder();
    const found = new Map<string, Entry>();
    for (const name of await readdir(this.#folder)) {
      if (this.#closed) return;
      const id = NAME.exec(name)?.[1];
      const known = id && this.#index.get(id);
      if (known) {
        found.set(id, known);
        continue;
      }
      const path = join(this.#folder, name);
      const file = await stat(path).catch(() => undefined);
      if (!file?.isFile()) continue;
      if (id) found.set(id, { bytes: onDisk(file.size), usedAtMs: file.mtimeMs, touchedAtMs: file.mtimeMs });
      else if (TEMPORARY.test(name) && startedAtMs - file.mtimeMs > STALE_TEMPORARY_MS) await rm(path, { force: true });
    }
    this.#merge(found, startedAtMs);
  }

  #merge(found: Map<string, Entry>, startedAtMs: number): void {
    for (const id of this.#gone ?? []) found.delete(id);
    for (const [id, known] of this.#index) {
      const file = found.get(id);
      // Written while the folder was being read.
      if (file || known.touchedAtMs >= startedAtMs) found.set(id, known);
    }
    this.#index = new Map([...found].toSorted(([, a], [, b]) => a.usedAtMs - b.usedAtMs));
    this.#bytes = 0;
    for (const { bytes } of this.#index.values()) this.#bytes += bytes;
    this.#listedAtMs = performance.now();
  }

  /** One line for a disk that stays broken. */
  #fail(error: unknown): void {
    this.#restsUntilMs = Date.now() + REST_MS;
    if (this.#failed) return;
    this.#failed = true;
    this.#options.logger.warn(
      { err: error, folder: this.#folder },
      'speech cannot be kept on disk, only in memory; free space or make the folder writable',
    );
  }

  #run(work: () => Promise<void>): Promise<void> {
    const running = work()
      .catch(() => undefined)
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
    return running;
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.sound`);
  }
}

const onDisk = (bytes: number) => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
