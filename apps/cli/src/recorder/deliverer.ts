import { AppError } from '@eloquence/shared/runtime/errors';
import { delay } from '@eloquence/shared/runtime/abort';
import { mergeIntervals, totalMs, type Interval } from '@eloquence/shared/runtime/spans';
import type { Coverage } from '@eloquence/shared/contracts/meeting-api';
import { SAMPLE_RATE_HZ } from '../capture/source.ts';
import { flacCodec } from '../spool/flac.ts';
import type { Spool } from '../spool/spool.ts';
import { planDelivery, type Placed } from './delivery-plan.ts';
import { quietCut } from './quiet-cut.ts';
import type { RecordingApi, SourceId } from './recording.ts';
import type { SessionClock } from './session-clock.ts';

const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1000;
const MAX_PIECE_MS = 10_000;
const LEAST_PIECE_MS = 1_000;
/** After so many pieces the server is asked again what it has heard. */
const PIECES_PER_LOOK = 6;
/** 2 Mbit/s: about twenty times as fast as people speak; calls on the same line go on. */
const MAX_BYTES_PER_S = 250_000;
/** Faults of one piece, as against those of the whole session. */
const PIECE_FAULTS: ReadonlySet<string> = new Set([
  'invalid_audio',
  'invalid_request',
  'payload_too_large',
  'conflict',
]);

export interface DelivererOptions {
  readonly api: RecordingApi;
  readonly spool: Spool;
  readonly clock: SessionClock;
  /** Who a source is in the transcript; undefined while that is unknown. */
  readonly speakerOf: (source: SourceId) => string | undefined;
  /** What went into the room, on this machine's clock. */
  readonly carried: (source: SourceId) => readonly Interval[];
  readonly now?: () => number;
}

export interface DeliveryStatus {
  /** ms on disk that the server has not heard, as of the last look. */
  readonly waitingMs: number;
  /** Sent by {@link RecordingApi.sendAudio}, ms. */
  readonly deliveredMs: number;
  /** Why nothing more is sent in this run. */
  readonly blocked: AppError | null;
}

export interface LookOptions {
  /** Ends the look. A piece of sound that is on its way is seen through: the server may have heard it, and it would go twice. */
  readonly signal: AbortSignal;
  /** Ends the wait for that piece too. */
  readonly giveUp: AbortSignal;
  readonly isFinal: boolean;
  readonly send: boolean;
}

const SOURCES: readonly SourceId[] = ['them', 'me'];

/** Sees to it that the server hears everything that is on disk: forgets what it has heard, sends what it has not. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #now: () => number;
  readonly #delivered = new Map<SourceId, Interval[]>();
  readonly #refused = new Map<SourceId, Interval[]>();
  #waitingMs = 0;
  #deliveredMs = 0;
  #blocked: AppError | null = null;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get status(): DeliveryStatus {
    return { waitingMs: this.#waitingMs, deliveredMs: this.#deliveredMs, blocked: this.#blocked };
  }

  /**
   * Asks the server what it has heard and acts on it.
   * @returns true when there is more to send at once
   * @throws AppError when the server is away; the signal's reason
   */
  async look(options: LookOptions): Promise<boolean> {
    const coverage = await this.#ask(options.signal);
    let waitingMs = 0;
    let toSend: { readonly source: SourceId; readonly part: Interval; readonly placed: readonly Placed[] }[] = [];
    for (const source of SOURCES) {
      const placed = this.#placed(source);
      const speaker = this.#options.speakerOf(source);
      if (placed.length === 0) continue;
      if (speaker === undefined) {
        waitingMs += totalMs(placed);
        continue;
      }
      const plan = planDelivery({
        placed,
        heard: this.#heard(coverage, source, speaker),
        delivered: this.#delivered.get(source) ?? [],
        missed: coverage.gaps.filter((gap) => gap.reason !== 'paused' && (gap.speaker ?? speaker) === speaker),
        carried: this.#onSessionClock(this.#options.carried(source)),
        refused: this.#refused.get(source) ?? [],
        nowMs: coverage.now_ms ?? 0,
        isFinal: options.isFinal,
      });
      for (const segment of plan.done) await this.#options.spool.remove(segment);
      waitingMs += totalMs(plan.deliver) + totalMs(plan.waiting);
      toSend.push(...plan.deliver.map((part) => ({ source, part, placed })));
    }
    this.#waitingMs = waitingMs;
    if (!options.send || this.#blocked) return false;
    toSend = toSend.toSorted((a, b) => a.part.start_ms - b.part.start_ms);
    for (const { source, part, placed } of toSend.slice(0, PIECES_PER_LOOK)) {
      options.signal.throwIfAborted();
      await this.#send(source, part, { ...options, placed });
    }
    return toSend.length > 0 && !this.#blocked;
  }

  /**
   * Starts the clock of a meeting that nobody has come to hear yet at the first sound on disk, which is part of it. To be done before
   * the room is joined: the scribe would start it at that moment.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { api, spool, clock } = this.#options;
    if (clock.current !== null || (await api.coverage({ signal })).now_ms !== null) return;
    const nowMs = this.#now();
    const firstMs = Math.min(nowMs, ...spool.segments().map(({ startMs }) => startMs));
    await api.begin(nowMs - firstMs, { signal });
  }

  async #ask(signal: AbortSignal): Promise<Coverage> {
    const { api, spool, clock } = this.#options;
    if (clock.current === null) await this.begin(signal);
    const sentMs = this.#now();
    const coverage = await api.coverage({ signal });
    if (coverage.now_ms === null) return coverage;
    const isKnownAnew = clock.observe(coverage.now_ms, sentMs, this.#now());
    if (isKnownAnew && clock.current) {
      // The run so far stays where it was put; what follows is on the clock as it is now.
      if (spool.run !== 0 && spool.clockOf(spool.run) !== undefined) spool.startRun(this.#now());
      if (spool.run !== 0) await spool.setClock(spool.run, clock.current);
    }
    return coverage;
  }

  #placed(source: SourceId): Placed[] {
    const { spool, clock } = this.#options;
    return spool.segments().flatMap((segment) => {
      const started = (spool.clockOf(segment.run) ?? clock.current)?.session_started_ms;
      if (segment.source !== source || started === undefined) return [];
      const start_ms = Math.round(segment.startMs - started);
      return [{ segment, start_ms, end_ms: start_ms + segment.durationMs }];
    });
  }

  #heard(coverage: Coverage, source: SourceId, speaker: string): Interval[] {
    const spans = coverage.spans.filter((span) => span.speaker === speaker);
    return mergeIntervals([...spans, ...(this.#delivered.get(source) ?? [])]);
  }

  #onSessionClock(intervals: readonly Interval[]): Interval[] {
    const started = this.#options.clock.current?.session_started_ms;
    if (started === undefined) return [];
    return mergeIntervals(
      intervals.map(({ start_ms, end_ms }) => ({
        start_ms: Math.max(0, Math.round(start_ms - started)),
        end_ms: Math.max(0, Math.round(end_ms - started)),
      })),
    );
  }

  /** Sends the first piece of a part. */
  async #send(
    source: SourceId,
    part: Interval,
    { placed, signal, giveUp, isFinal }: LookOptions & { readonly placed: readonly Placed[] },
  ): Promise<void> {
    const speaker = this.#options.speakerOf(source);
    if (speaker === undefined) return;
    const partMs = part.end_ms - part.start_ms;
    // Nothing shorter than a word is left for a piece of its own.
    const longestMs = partMs <= MAX_PIECE_MS ? partMs : Math.min(MAX_PIECE_MS, partMs - LEAST_PIECE_MS);
    const pcm = await this.#sound(placed, { start_ms: part.start_ms, end_ms: part.start_ms + longestMs });
    if (pcm === null) return refuse(this.#refused, source, part);
    const samples = partMs <= MAX_PIECE_MS ? pcm.length : quietCut(pcm);
    const piece: Interval = {
      start_ms: part.start_ms,
      end_ms: part.start_ms + Math.ceil(samples / SAMPLES_PER_MS),
    };
    const body = (await flacCodec()).encode(pcm.subarray(0, samples));
    const startedMs = performance.now();
    try {
      await this.#options.api.sendAudio(
        { speaker, startMs: piece.start_ms, body, contentType: 'audio/flac' },
        { signal: giveUp },
      );
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      if (PIECE_FAULTS.has(error.code)) refuse(this.#refused, source, piece);
      else this.#blocked = error;
      return;
    }
    // It answers when the words are in the log: that is heard.
    this.#delivered.set(source, mergeIntervals([...(this.#delivered.get(source) ?? []), piece]));
    this.#deliveredMs += piece.end_ms - piece.start_ms;
    const restMs = (body.length / MAX_BYTES_PER_S) * 1000 - (performance.now() - startedMs);
    if (!isFinal && restMs > 0) await delay(restMs, signal);
  }

  /** Samples of a stretch of one source; what lies between two segments is silence. null: a file is damaged. */
  async #sound(placed: readonly Placed[], stretch: Interval): Promise<Int16Array | null> {
    const pcm = new Int16Array((stretch.end_ms - stretch.start_ms) * SAMPLES_PER_MS);
    for (const { segment, start_ms, end_ms } of placed) {
      if (end_ms <= stretch.start_ms || start_ms >= stretch.end_ms) continue;
      const sound = await this.#options.spool.read(segment).catch(() => null);
      if (sound === null) return null;
      const offset = (start_ms - stretch.start_ms) * SAMPLES_PER_MS;
      const from = Math.max(0, -offset);
      const at = Math.max(0, offset);
      pcm.set(sound.subarray(from, from + Math.max(0, pcm.length - at)), at);
    }
    return pcm;
  }
}

function refuse(refused: Map<SourceId, Interval[]>, source: SourceId, part: Interval): void {
  refused.set(source, mergeIntervals([...(refused.get(source) ?? []), part]));
}
