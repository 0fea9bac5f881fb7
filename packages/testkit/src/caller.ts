import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  type RemoteTrack,
} from '@livekit/rtc-node';
import { Recording } from './recording.ts';
import { SAMPLE_RATE_HZ, soundBounds, toMs, type Segment } from './waveform.ts';

const FRAME_MS = 10;
const FRAME_SAMPLES = (SAMPLE_RATE_HZ * FRAME_MS) / 1000;
/** The default queue of one second would make every time on the wire wrong by up to a second. */
const SOURCE_QUEUE_MS = 40;
const MAX_PENDING_UTTERANCES = 8;

export interface CallerOptions {
  readonly livekitUrl: string;
  readonly token: string;
  readonly signal?: AbortSignal;
}

/** What was said, in ms of the caller's clock. */
export interface Spoken extends Segment {
  readonly pcm: Int16Array;
  /** When the first sample of `pcm`, sound or not, was on the wire. */
  readonly startedMs: number;
}

interface Pending {
  readonly pcm: Int16Array;
  readonly done: (startedMs: number) => void;
  position: number;
  startedMs: number;
}

/**
 * A person in a room: speaks recordings into a microphone track, sends silence between them as a microphone does, and records what
 * it hears. Everything is on one clock: ms since it joined ({@link nowMs}).
 */
export class Caller implements AsyncDisposable {
  readonly #room = new Room();
  readonly #source = new AudioSource(SAMPLE_RATE_HZ, 1, SOURCE_QUEUE_MS);
  readonly #zeroMs = performance.now();
  readonly #pending: Pending[] = [];
  readonly #readers = new Set<ReadableStreamDefaultReader<AudioFrame>>();
  readonly #reading: Promise<void>[] = [];
  readonly #silence = new Int16Array(FRAME_SAMPLES);
  #pump: Promise<void> = Promise.resolve();
  #open = true;
  /** What others say. */
  readonly heard = new Recording();
  /** What this caller said, without the silence between. */
  readonly said: Spoken[] = [];

  private constructor() {}

  /** Joins the room of the token and opens the microphone. */
  static async join(options: CallerOptions): Promise<Caller> {
    options.signal?.throwIfAborted();
    const caller = new Caller();
    try {
      await caller.#join(options);
    } catch (error) {
      await caller.leave();
      throw error;
    }
    return caller;
  }

  async #join(options: CallerOptions): Promise<void> {
    this.#room.on(RoomEvent.TrackSubscribed, (track) => this.#hear(track));
    // Streams nobody handles are reported on the console, one line each.
    this.#room.registerTextStreamHandler('lk.transcription', (reader) => void reader.readAll().catch(() => undefined));
    await this.#room.connect(options.livekitUrl, options.token, { autoSubscribe: true, dynacast: false });
    const track = LocalAudioTrack.createAudioTrack('microphone', this.#source);
    const publish = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await this.#room.localParticipant?.publishTrack(track, publish);
    this.#pump = this.#send();
  }

  /** ms since the caller was made; the clock of every time here. */
  get nowMs(): number {
    return performance.now() - this.#zeroMs;
  }

  /** Wall-clock time of a moment of {@link nowMs}, ms since the epoch. */
  toWallMs(atMs: number): number {
    return Date.now() - this.nowMs + atMs;
  }

  get identity(): string {
    return this.#room.localParticipant?.identity ?? '';
  }

  get connected(): boolean {
    return this.#room.isConnected;
  }

  /** Identities of the others in the room. */
  get others(): string[] {
    return [...this.#room.remoteParticipants.values()].map((participant) => participant.identity);
  }

  /** Speaks 16 kHz samples after what is already waiting. Resolves when the last of them is on the wire, with the bounds of its sound. */
  async speak(pcm: Int16Array): Promise<Spoken> {
    if (this.#pending.length >= MAX_PENDING_UTTERANCES) throw new Error('Too many utterances wait to be spoken.');
    const startedMs = await new Promise<number>((resolve) => {
      this.#pending.push({ pcm, done: resolve, position: 0, startedMs: 0 });
    });
    const sound = soundBounds(pcm) ?? { fromMs: 0, toMs: toMs(pcm.length) };
    const spoken = { pcm, startedMs, fromMs: startedMs + sound.fromMs, toMs: startedMs + sound.toMs };
    this.said.push(spoken);
    return spoken;
  }

  /** One frame after the other for ever; `captureFrame` waits while the queue is full, which paces the loop. */
  async #send(): Promise<void> {
    while (this.#open) {
      const current = this.#pending[0];
      const frame = current ? this.#nextFrame(current) : this.#silence;
      await this.#source.captureFrame(new AudioFrame(frame, SAMPLE_RATE_HZ, 1, FRAME_SAMPLES));
      if (!current || current.position < current.pcm.length) continue;
      // The end is surer than the beginning: counted from the moment the last frame was taken, plus what is still queued.
      const endMs = this.nowMs + this.#source.queuedDuration;
      const padding = toMs(current.position - current.pcm.length);
      this.#pending.shift();
      current.done(endMs - padding - toMs(current.pcm.length));
    }
  }

  #nextFrame(current: Pending): Int16Array {
    const frame = new Int16Array(FRAME_SAMPLES);
    frame.set(current.pcm.subarray(current.position, current.position + FRAME_SAMPLES));
    current.position += FRAME_SAMPLES;
    return frame;
  }

  #hear(track: RemoteTrack): void {
    if (track.kind !== TrackKind.KIND_AUDIO) return;
    const stream = new AudioStream(track, { sampleRate: SAMPLE_RATE_HZ, numChannels: 1, frameSizeMs: FRAME_MS });
    const reader = stream.getReader();
    this.#readers.add(reader);
    this.#reading.push(this.#read(reader));
  }

  async #read(reader: ReadableStreamDefaultReader<AudioFrame>): Promise<void> {
    const voice = this.heard.voice();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        voice.add(value.data, this.nowMs);
      }
    } catch {
      // The track went away; what it said is recorded.
    } finally {
      this.#readers.delete(reader);
    }
  }

  /** Leaves the room. */
  async leave(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#pump.catch(() => undefined);
    for (const reader of this.#readers) await reader.cancel().catch(() => undefined);
    await Promise.all(this.#reading);
    if (this.#room.isConnected) await this.#room.disconnect();
    await this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }
}
