import { join } from 'node:path';
import type { SourceId } from '../recorder/recording.ts';

/** A stretch of one source on disk. */
export interface Segment {
  readonly source: SourceId;
  /** The run of the recorder that wrote it: ms since the epoch, also the name of its folder. */
  readonly run: number;
  /** First sample, ms since the epoch on this machine's clock. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** `open`: being written. `raw`: whole, or what a crash left. `flac`: compressed. */
  readonly form: 'open' | 'raw' | 'flac';
}

const NAME = /^(them|me)-(\d{1,15})(?:-(\d{1,9}))?\.(pcm|flac)$/;

/** `them-1763740000000.pcm` while it is written, `them-1763740000000-10000.flac` (with its length in ms) once compressed. */
export function segmentPath(folder: string, segment: Segment): string {
  const stem = `${segment.source}-${segment.startMs}`;
  const name = segment.form === 'flac' ? `${stem}-${segment.durationMs}.flac` : `${stem}.pcm`;
  return join(folder, String(segment.run), name);
}

/** The segment of a file name, or undefined when it is none of ours. Raw samples say by their size how long they are. */
export function parseSegment(run: number, name: string, bytes: number): Segment | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  const [, source, start, duration, kind] = match;
  if ((kind === 'flac') !== (duration !== undefined)) return undefined;
  return {
    source: source as SourceId,
    run,
    startMs: Number(start),
    durationMs: duration === undefined ? Math.floor(bytes / BYTES_PER_MS) : Number(duration),
    bytes,
    form: kind === 'flac' ? 'flac' : 'raw',
  };
}

/** 16 kHz, 16 bits, mono. */
export const BYTES_PER_MS = 32;
