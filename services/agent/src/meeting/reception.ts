import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Interval } from '@eloquence/shared/runtime/spans';
import type { Room } from '@livekit/rtc-node';

/** How often the room's counters are read. */
const LOOK_EVERY_MS = 500;
/** More concealed than this is no loss of some packets: nobody sent. */
export const AWAY_PART = 0.25;
/** A stretch is missing as a whole from here on. */
const ALL_PART = 0.9;
/** The counters know how much was missing, not exactly where. */
const EDGE_MS = 50;

/** What came of a track in a stretch of wall time, ms since epoch. */
export interface Reception {
  readonly fromMs: number;
  readonly toMs: number;
  /** 0..1: part of what was heard that nobody sent; the engine fills it up with silence. */
  readonly concealed: number;
}

/** Counters of one track since it began. */
interface Counters {
  readonly total: number;
  readonly concealed: number;
  readonly atMs: number;
}

type Stats = Awaited<ReturnType<Room['getRtcStats']>>;

/** What came between two looks; undefined when nothing was heard in between. */
export function receptionBetween(before: Counters, now: Counters): Reception | undefined {
  const total = now.total - before.total;
  if (total <= 0) return undefined;
  return { fromMs: before.atMs, toMs: now.atMs, concealed: (now.concealed - before.concealed) / total };
}

/** What of a stretch nobody sent, judged by its neighbours: losses of single packets are not counted. */
export function missingIn(before: Reception | undefined, now: Reception, after: Reception): Interval[] {
  const { fromMs, toMs, concealed } = now;
  if (concealed === 0) return [];
  const missingMs = concealed * (toMs - fromMs) + EDGE_MS;
  const wasAway = (before?.concealed ?? 0) > AWAY_PART;
  const willBeAway = after.concealed > AWAY_PART;
  if (concealed < ALL_PART && wasAway !== willBeAway) {
    return wasAway
      ? [{ start_ms: fromMs, end_ms: Math.min(toMs, fromMs + missingMs) }]
      : [{ start_ms: Math.max(fromMs, toMs - missingMs), end_ms: toMs }];
  }
  return concealed > AWAY_PART ? [{ start_ms: fromMs, end_ms: toMs }] : [];
}

/** Counters by track. */
function countersOf(stats: Stats, atMs: number): Map<string, Counters> {
  const counters = new Map<string, Counters>();
  for (const { stats: entry } of [...stats.subscriberStats, ...stats.publisherStats]) {
    if (entry.case !== 'inboundRtp') continue;
    const { trackIdentifier, totalSamplesReceived = 0n, concealedSamples = 0n } = entry.value.inbound ?? {};
    if (trackIdentifier === undefined) continue;
    counters.set(trackIdentifier, { total: Number(totalSamplesReceived), concealed: Number(concealedSamples), atMs });
  }
  return counters;
}

/**
 * Tells what of each track really came. The engine delivers sound evenly for as long as a track lasts: from somebody whose network
 * is gone it is silence, for the 15 to 20 s until the server misses them, and only the engine's counters tell it from theirs.
 * (Measured: silence sent with DTX counts as received, a sender that is stopped or killed as concealed to the last sample.)
 */
export class ReceptionWatch {
  readonly #room: Pick<Room, 'getRtcStats'>;
  readonly #onReception: (trackSid: string, reception: Reception) => void;
  readonly #logger: Logger;
  #before: ReadonlyMap<string, Counters> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    room: Pick<Room, 'getRtcStats'>,
    logger: Logger,
    onReception: (trackSid: string, reception: Reception) => void,
  ) {
    this.#room = room;
    this.#onReception = onReception;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads the counters once. What cannot be read now is part of the next look. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    let now: Map<string, Counters>;
    try {
      // Counters grow while they are asked for; what is not in them must not count as received.
      const atMs = Date.now();
      now = countersOf(await this.#room.getRtcStats(), atMs);
    } catch (error) {
      this.#logger.debug({ err: error }, 'the counters of the room cannot be read');
      return;
    }
    for (const [sid, counters] of now) {
      const before = this.#before.get(sid);
      const reception = before && receptionBetween(before, counters);
      if (reception) this.#onReception(sid, reception);
    }
    this.#before = now;
  }
}
