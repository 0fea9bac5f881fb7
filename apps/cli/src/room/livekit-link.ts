import type * as rtcNode from '@livekit/rtc-node';
import type { AudioSource, Room } from '@livekit/rtc-node';
import { AppError, isAbort } from '@eloquence/shared/runtime/errors';
import { delay } from '@eloquence/shared/runtime/abort';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import type { Interval } from '@eloquence/shared/runtime/spans';
import type { SessionTokenResponse } from '@eloquence/shared/contracts/sessions';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ, FRAME_MS, type Frame } from '../capture/source.ts';
import type { SourceId } from '../recorder/recording.ts';
import { Carried } from './carried.ts';
import type { RoomLink, RoomState } from './room-link.ts';

/** Frames that go to the library at once: each call costs more than the 20 ms in it. */
const FRAMES_PER_CALL = 3;
const QUEUE_MS = 400;
/** Beyond this the room takes less than we give it: newest frames are dropped, the spool has them. */
const MAX_QUEUED_MS = 300;
const CONNECT_MS = 15_000;

export interface LivekitLinkOptions {
  readonly sources: readonly SourceId[];
  /** A fresh way into the room. */
  readonly token: (options: { readonly signal: AbortSignal }) => Promise<SessionTokenResponse>;
  /** The session takes nobody in any more. */
  readonly onRefused: (error: AppError) => void;
}

interface Track {
  readonly source: AudioSource;
  readonly pending: Int16Array;
  filled: number;
}

type Rtc = typeof rtcNode;

/**
 * Publishes one track per source, named after it, into the room of the session; subscribes to nothing. The library is loaded here and
 * nowhere else: it is a quarter of the process's memory.
 */
export class LivekitLink implements RoomLink {
  readonly #options: LivekitLinkOptions;
  readonly #carried = new Map<SourceId, Carried>();
  readonly #tracks = new Map<SourceId, Track>();
  #rtc: Rtc | undefined;
  #room: Room | undefined;
  #state: RoomState = { kind: 'connecting' };

  constructor(options: LivekitLinkOptions) {
    this.#options = options;
    for (const source of options.sources) this.#carried.set(source, new Carried());
  }

  get state(): RoomState {
    return this.#state;
  }

  carried(source: SourceId): readonly Interval[] {
    return this.#carried.get(source)?.intervals ?? [];
  }

  send(source: SourceId, { pcm, atMs }: Frame): boolean {
    const track = this.#tracks.get(source);
    const rtc = this.#rtc;
    if (!track || !rtc || this.#state.kind !== 'connected') return false;
    if (track.filled === 0 && track.source.queuedDuration > MAX_QUEUED_MS) return false;
    track.pending.set(pcm, track.filled);
    track.filled += FRAME_SAMPLES;
    if (track.filled === track.pending.length) {
      track.filled = 0;
      const frame = new rtc.AudioFrame(track.pending.slice(), SAMPLE_RATE_HZ, 1, track.pending.length);
      track.source.captureFrame(frame).catch(() => undefined);
    }
    if (!this.#state.scribe) return false;
    this.#carried.get(source)?.add(atMs, atMs + FRAME_MS);
    return true;
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#stay(signal, () => (failures = 0));
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof AppError && !error.retryable) {
          this.#state = { kind: 'away', problem: error.message };
          this.#options.onRefused(error);
        } else this.#state = { kind: 'away', problem: isAbort(error) ? 'no answer in time' : messageOf(error) };
      }
      failures += 1;
      await delay(retryDelayMs(reconnectPolicy, failures), signal).catch(() => undefined);
    }
  }

  /** One stay in the room, from the token to the end of the connection. */
  async #stay(signal: AbortSignal, onConnected: () => void): Promise<void> {
    const grant = await this.#options.token({ signal });
    const rtc = (this.#rtc ??= await import('@livekit/rtc-node'));
    const room = new rtc.Room();
    this.#room = room;
    const over = Promise.withResolvers<void>();
    const look = (): void => this.#look(room, rtc);
    room.on(rtc.RoomEvent.Disconnected, () => over.resolve());
    room.on(rtc.RoomEvent.Reconnecting, () => (this.#state = { kind: 'away', problem: 'reconnecting' }));
    room.on(rtc.RoomEvent.Reconnected, look);
    room.on(rtc.RoomEvent.ParticipantConnected, look);
    room.on(rtc.RoomEvent.ParticipantDisconnected, look);
    const onAbort = (): void => over.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await inTime(room.connect(grant.livekit_url, grant.livekit_token, { autoSubscribe: false, dynacast: false }));
      for (const source of this.#options.sources) await this.#publish(room, rtc, source);
      onConnected();
      look();
      if (signal.aborted) onAbort();
      await over.promise;
      if (signal.aborted) await this.#playOut();
      else this.#state = { kind: 'away', problem: 'the connection was lost' };
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.#leave(room);
    }
  }

  async #publish(room: Room, rtc: Rtc, source: SourceId): Promise<void> {
    const audio = new rtc.AudioSource(SAMPLE_RATE_HZ, 1, QUEUE_MS);
    const track = rtc.LocalAudioTrack.createAudioTrack(source, audio);
    const options = new rtc.TrackPublishOptions({ source: rtc.TrackSource.SOURCE_MICROPHONE });
    await room.localParticipant?.publishTrack(track, options);
    this.#tracks.set(source, { source: audio, pending: new Int16Array(FRAMES_PER_CALL * FRAME_SAMPLES), filled: 0 });
  }

  #look(room: Room, rtc: Rtc): void {
    if (!room.isConnected || this.#room !== room) return;
    const scribe = [...room.remoteParticipants.values()].some(({ kind }) => kind === rtc.ParticipantKind.AGENT);
    this.#state = { kind: 'connected', scribe };
  }

  /** The last words are still in the queue. */
  async #playOut(): Promise<void> {
    await Promise.race([
      Promise.all([...this.#tracks.values()].map(({ source }) => source.waitForPlayout())),
      delay(1_000),
    ]);
  }

  async #leave(room: Room): Promise<void> {
    const tracks = [...this.#tracks.values()];
    this.#tracks.clear();
    this.#room = undefined;
    await Promise.race([room.disconnect().catch(() => undefined), delay(2_000)]);
    room.removeAllListeners();
    for (const { source } of tracks) await source.close().catch(() => undefined);
  }
}

/** The library has no deadline of its own for a server that answers nothing. */
async function inTime(connecting: Promise<void>): Promise<void> {
  const late = new AbortController();
  const tooLate = delay(CONNECT_MS, late.signal).then(() => {
    throw new AppError('upstream_timeout', `The room did not answer within ${CONNECT_MS} ms.`);
  });
  tooLate.catch(() => undefined);
  try {
    await Promise.race([connecting, tooLate]);
  } finally {
    late.abort();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the room does not answer';
}
