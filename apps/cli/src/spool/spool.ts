import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { FRAME_MS, type Frame } from '../capture/source.ts';
import type { SourceId } from '../recorder/recording.ts';
import { flacCodec } from './flac.ts';
import { BYTES_PER_MS, parseSegment, segmentPath, type Segment } from './segment.ts';

/** Where a run stands on the session's clock: ms of this machine's clock at the session's `started_at`. */
const runClockSchema = z.object({ session_started_ms: z.number(), accuracy_ms: z.number() });
export type RunClock = z.infer<typeof runClockSchema>;

export interface SpoolOptions {
  readonly folder: string;
  /** Drop policy when that much is on disk: refuse newest, counted in {@link Spool.refusedMs}. */
  readonly maxBytes: number;
}

const SEGMENT_MS = 10_000;
/** A crash loses what was not handed to the system yet: at most so much. */
const WRITE_MS = 200;
/** Times of frames may be corrected by so much without a new segment. */
const JOIN_MS = 100;

/** A loss that begins so soon after another is the same one. */
const SAME_LOSS_MS = 1_000;

/** Sound of one source that found no room, on this machine's clock. */
export interface Lost {
  readonly source: SourceId;
  readonly startMs: number;
  readonly endMs: number;
}

interface OpenSegment {
  readonly segment: Segment;
  readonly file: number;
  durationMs: number;
  /** Of that, on disk. */
  written: number;
  pending: Buffer[];
}

/**
 * Everything that was captured, on disk until the server has heard it. Samples are appended as they come; a segment of 10 s is
 * compressed to FLAC when it is full. One folder per run of the recorder, because each has its own idea of the session's clock.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #open = new Map<SourceId, OpenSegment>();
  readonly #kept = new Map<string, Segment>();
  readonly #clocks = new Map<number, RunClock>();
  #run = 0;
  #bytes = 0;
  #full = false;
  #diskFull = false;
  #lost: Lost[] = [];
  #compressing: Promise<void> = Promise.resolve();
  #closed = false;
  /** Sound that had no room, ms of all sources together. */
  refusedMs = 0;

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Opens the folder with what earlier runs have left in it. @throws AppError when it cannot be written */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    try {
      await mkdir(options.folder, { recursive: true });
      await spool.#scan();
    } catch (error) {
      throw new AppError(
        'invalid_request',
        `The folder for sound cannot be used: ${options.folder}. Check its rights and the free space, or set another one.`,
        { cause: error },
      );
    }
    return spool;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while new sound finds no room. */
  get full(): boolean {
    return this.#full || this.#diskFull;
  }

  get runs(): number[] {
    return [...new Set(this.segments().map(({ run }) => run))];
  }

  /** A new run: what is appended from now on has a clock of its own. */
  startRun(nowMs: number): number {
    this.rotate();
    this.#run = Math.max(nowMs, this.#run + 1);
    mkdirSync(join(this.#options.folder, String(this.#run)), { recursive: true });
    return this.#run;
  }

  get run(): number {
    return this.#run;
  }

  clockOf(run: number): RunClock | undefined {
    return this.#clocks.get(run);
  }

  /** Notes where the run stands on the session's clock, on disk too: after a crash nobody else knows. */
  async setClock(run: number, clock: RunClock): Promise<void> {
    this.#clocks.set(run, clock);
    const file = join(this.#options.folder, String(run), 'clock.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.tmp`, JSON.stringify(clock));
    await rename(`${file}.tmp`, file);
  }

  /** Keeps a frame. False: there is no room for it, or there was none for what came just before. */
  append(source: SourceId, frame: Frame): boolean {
    if (this.#run === 0 || this.#closed) throw new Error('no run was started');
    if (this.#bytes + frame.pcm.byteLength > this.#options.maxBytes) return this.#refuse(source, frame.atMs);
    const current = this.#segmentFor(source, frame.atMs);
    if (!current) return this.#refuse(source, frame.atMs);
    this.#full = false;
    current.pending.push(Buffer.from(frame.pcm.buffer, frame.pcm.byteOffset, frame.pcm.byteLength));
    current.durationMs += FRAME_MS;
    this.#bytes += frame.pcm.byteLength;
    const isWritten = current.pending.length * FRAME_MS < WRITE_MS || this.#write(current);
    if (!isWritten || current.durationMs >= SEGMENT_MS) this.#close(source);
    return isWritten;
  }

  /**
   * Stretches that found no room and that nothing was added to since `beforeMs`, on this machine's clock. Each is given once.
   */
  takeLost(beforeMs: number): Lost[] {
    const taken = this.#lost.filter(({ endMs }) => endMs < beforeMs);
    this.#lost = this.#lost.filter(({ endMs }) => endMs >= beforeMs);
    return taken;
  }

  /** Ends the segments that are being written, so that they can be delivered. */
  rotate(): void {
    for (const source of this.#open.keys()) this.#close(source);
  }

  /** All there is, in order of time; what is being written is there with what it holds so far. */
  segments(): Segment[] {
    const growing = [...this.#open.values()].map(({ segment, durationMs }) => ({
      ...segment,
      durationMs,
      bytes: durationMs * BYTES_PER_MS,
    }));
    return [...this.#kept.values(), ...growing].toSorted((a, b) => a.startMs - b.startMs);
  }

  /** The samples of a segment. @throws Error when its file is damaged or gone */
  async read(segment: Segment): Promise<Int16Array> {
    const growing = this.#open.get(segment.source);
    if (segment.form === 'open' && growing?.segment.startMs === segment.startMs) this.#write(growing);
    // A file that is being compressed changes its name under the reader.
    else await this.#compressing;
    return this.#load(this.#kept.get(keyOf(segment)) ?? segment);
  }

  async #load(known: Segment): Promise<Int16Array> {
    const bytes = await readFile(segmentPath(this.#options.folder, known));
    if (known.form === 'flac') return (await flacCodec()).decode(bytes);
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + Math.floor(bytes.length / 2) * 2));
  }

  /** Forgets a whole segment: the server has heard it. */
  async remove(segment: Segment): Promise<void> {
    await this.#compressing;
    const known = this.#kept.get(keyOf(segment));
    if (!known) return;
    this.#kept.delete(keyOf(segment));
    this.#bytes -= known.bytes;
    await rm(segmentPath(this.#options.folder, known), { force: true });
  }

  /** Forgets what this run has captured so far. */
  async forgetRun(): Promise<void> {
    this.rotate();
    for (const segment of this.segments()) if (segment.run === this.#run) await this.remove(segment);
  }

  /** Everything compressed and on the disk itself; empty folders are gone. */
  async close(): Promise<void> {
    this.rotate();
    this.#closed = true;
    await this.#compressing;
    if (this.#kept.size > 0) return;
    for (const run of await readdir(this.#options.folder).catch(() => [])) {
      if (!/^\d+$/.test(run)) continue;
      await rm(join(this.#options.folder, run, 'clock.json'), { force: true });
      await rmdir(join(this.#options.folder, run)).catch(() => undefined);
    }
    await rmdir(this.#options.folder).catch(() => undefined);
  }

  #refuse(source: SourceId, atMs: number): false {
    this.#full = true;
    this.#lose({ source, startMs: atMs, endMs: atMs + FRAME_MS });
    // What follows starts anew: the hole must be in the times.
    this.#close(source);
    return false;
  }

  #lose(loss: Lost): void {
    this.refusedMs += loss.endMs - loss.startMs;
    const isSame = (one: Lost): boolean => one.source === loss.source && loss.startMs - one.endMs <= SAME_LOSS_MS;
    const before = this.#lost.find(isSame);
    const whole = before ? { ...before, endMs: Math.max(before.endMs, loss.endMs) } : loss;
    this.#lost = [...this.#lost.filter((one) => one !== before), whole];
  }

  /** Lays on the disk what is pending. False: the disk is full; what it did not take is gone. */
  #write(current: OpenSegment): boolean {
    const bytes = Buffer.concat(current.pending);
    current.pending = [];
    try {
      for (let at = 0; at < bytes.length;) {
        const taken = writeSync(current.file, bytes, at);
        current.written += taken;
        at += taken;
      }
    } catch {
      this.#diskFull = true;
      return false;
    }
    if (bytes.length > 0) this.#diskFull = false;
    return true;
  }

  #segmentFor(source: SourceId, atMs: number): OpenSegment | undefined {
    const current = this.#open.get(source);
    if (current && current.segment.run === this.#run) {
      const expectedMs = current.segment.startMs + current.durationMs;
      if (Math.abs(atMs - expectedMs) <= JOIN_MS) return current;
    }
    this.#close(source);
    const startMs = Math.round(atMs);
    const segment: Segment = { source, run: this.#run, startMs, durationMs: 0, bytes: 0, form: 'open' };
    try {
      const file = openSync(segmentPath(this.#options.folder, segment), 'a');
      const opened = { segment, file, durationMs: 0, written: 0, pending: [] };
      this.#open.set(source, opened);
      return opened;
    } catch {
      return undefined;
    }
  }

  #close(source: SourceId): void {
    const current = this.#open.get(source);
    if (!current) return;
    this.#open.delete(source);
    this.#write(current);
    try {
      fdatasyncSync(current.file);
    } catch {
      // A full disk: what is in the file so far is what there is.
    }
    closeSync(current.file);
    const { segment } = current;
    // Whatever was appended: sound that is not there must not be delivered as silence.
    const durationMs = Math.min(current.durationMs, Math.floor(current.written / BYTES_PER_MS));
    if (durationMs < current.durationMs) {
      this.#bytes -= (current.durationMs - durationMs) * BYTES_PER_MS;
      const [startMs, endMs] = [segment.startMs + durationMs, segment.startMs + current.durationMs];
      this.#lose({ source, startMs, endMs });
    }
    if (durationMs === 0) return rmSync(segmentPath(this.#options.folder, segment), { force: true });
    const raw: Segment = { ...segment, durationMs, bytes: durationMs * BYTES_PER_MS, form: 'raw' };
    this.#kept.set(keyOf(raw), raw);
    this.#compressing = this.#compressing.then(() => this.#compress(raw)).catch(() => undefined);
  }

  /** Raw samples become FLAC; a crash in between leaves one of the two whole. */
  async #compress(raw: Segment): Promise<void> {
    if (!this.#kept.has(keyOf(raw))) return;
    const codec = await flacCodec();
    const pcm = await this.#load(raw);
    const bytes = codec.encode(pcm);
    const flac: Segment = { ...raw, bytes: bytes.length, form: 'flac' };
    const path = segmentPath(this.#options.folder, flac);
    const file = await open(`${path}.tmp`, 'w');
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } catch (error) {
      await rm(`${path}.tmp`, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
    await rm(segmentPath(this.#options.folder, raw), { force: true });
    this.#kept.set(keyOf(flac), flac);
    this.#bytes += flac.bytes - raw.bytes;
  }

  async #scan(): Promise<void> {
    const { folder } = this.#options;
    for (const name of await readdir(folder)) {
      if (!/^\d{1,15}$/.test(name)) continue;
      const run = Number(name);
      this.#run = Math.max(this.#run, run);
      const clock = await readFile(join(folder, name, 'clock.json'), 'utf8').then(JSON.parse, () => undefined);
      const parsed = runClockSchema.safeParse(clock);
      if (parsed.success) this.#clocks.set(run, parsed.data);
      for (const file of await readdir(join(folder, name))) await this.#adopt(run, join(folder, name), file);
    }
  }

  async #adopt(run: number, folder: string, name: string): Promise<void> {
    const path = join(folder, name);
    if (name.endsWith('.tmp')) return rm(path, { force: true });
    const segment = parseSegment(run, name, (await stat(path)).size);
    if (!segment) return;
    const twin = this.#kept.get(keyOf(segment));
    if (segment.durationMs === 0) return rm(path, { force: true });
    if (twin) {
      // Compressed, and then killed before the raw samples were removed.
      const raw = segment.form === 'raw' ? segment : twin;
      await rm(segmentPath(this.#options.folder, raw), { force: true });
      if (raw === segment) return;
      this.#bytes -= twin.bytes;
    }
    this.#kept.set(keyOf(segment), segment);
    this.#bytes += segment.bytes;
  }
}

function keyOf({ run, source, startMs }: Segment): string {
  return `${run}/${source}/${startMs}`;
}
