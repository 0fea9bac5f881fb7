import type { Gap, Span } from '@eloquence/shared/contracts/meeting';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { eventTime } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { mergeSpans, type Interval } from '@eloquence/shared/runtime/spans';
import {
  AudioStream,
  RoomEvent,
  TrackKind,
  TrackSource,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
} from '@livekit/rtc-node';
import type { EventWriter } from '../events/event-writer.ts';
import type { SessionClock } from '../events/session-clock.ts';
import type { Transcript } from '../speech/gateway-link.ts';
import { isPerson } from './attendance.ts';
import { Ear, type EarOptions } from './ear.ts';
import { missedBetween, type Past } from './past.ts';
import { ReceptionWatch } from './reception.ts';
import { speakerOf } from './speaker-of.ts';

const FRAME_MS = 100;
/** How often what was transcribed is looked at and, if there is new text, said. */
const CLAIM_LOOK_MS = 1_000;
/** What is silent is said to be heard so often. */
const CLAIM_SILENCE_MS = 4_000;
/** Somebody whose network broke and who is back within this was cut off, not gone. */
const CUT_OFF_MS = 60_000;
/** Text may come so long after its pause. */
const REMEMBER_MS = 600_000;

export interface ScribeOptions {
  readonly room: Room;
  readonly clock: SessionClock;
  readonly writer: Pick<EventWriter, 'append' | 'interim'>;
  readonly logger: Logger;
  readonly past: Past;
  readonly openLink: EarOptions['openLink'];
  /** What to call those who are heard through somebody's machine. */
  readonly nameOthers: (owner: string) => string;
  /** The recogniser cannot do this language: nothing will be heard. */
  readonly onUnsupported: () => void;
}

interface Listening {
  readonly speaker: string;
  readonly ear: Ear;
}

/**
 * Writes down what is said in a room, each track by itself: text, until where each speaker was transcribed, what was missed. Who
 * speaks is whose track it is. It never publishes anything.
 */
export class Scribe {
  readonly #options: ScribeOptions;
  readonly #reception: ReceptionWatch;
  /** By the track's sid. */
  readonly #listening = new Map<string, Listening>();
  /** Tracks that ended and whose last words are still awaited. */
  readonly #ending = new Set<Promise<void>>();
  /** When nothing came any more from speakers whose track then ended, ms since epoch. */
  readonly #cutOff = new Map<string, number>();
  /** Speakers of whom this scribe has heard a first sound. */
  readonly #met = new Set<string>();
  readonly #introduced = new Set<string>();
  #unsaid: Span[] = [];
  #unsaidText = false;
  #saidMs = 0;
  /** Pauses of late, ms since epoch; one that lasts ends at Infinity. */
  #pauses: readonly Interval[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ScribeOptions) {
    this.#options = options;
    this.#reception = new ReceptionWatch(options.room, options.logger, (sid, reception) =>
      this.#listening.get(sid)?.ear.noteReception(reception),
    );
  }

  /** Listens to every track there is and every one that comes. */
  start(): void {
    const { room } = this.#options;
    room.on(RoomEvent.TrackSubscribed, this.#onSubscribed);
    room.on(RoomEvent.TrackUnsubscribed, this.#onUnsubscribed);
    for (const participant of room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        if (publication.track) this.#onSubscribed(publication.track, publication, participant);
      }
    }
    this.#reception.start();
    this.#timer = setInterval(() => this.#claim(), CLAIM_LOOK_MS);
    this.#claimForPredecessor();
  }

  /** From `atMs` (ms since epoch) on nothing is heard or written, until {@link continue}. */
  pause(atMs: number): void {
    const before = this.#pauses.filter(({ end_ms }) => end_ms > atMs - REMEMBER_MS);
    this.#pauses = [...before, { start_ms: atMs, end_ms: Infinity }];
    for (const { ear } of this.#listening.values()) ear.rest();
  }

  /** The pause is over since `atMs`, ms since epoch. */
  continue(atMs: number): void {
    this.#pauses = this.#pauses.map(({ start_ms, end_ms }) => ({ start_ms, end_ms: Math.min(end_ms, atMs) }));
  }

  get #isPaused(): boolean {
    return this.#pauses.at(-1)?.end_ms === Infinity;
  }

  /** Waits for the last words of everybody and says until where all were transcribed. */
  async close(): Promise<void> {
    const { room } = this.#options;
    room.off(RoomEvent.TrackSubscribed, this.#onSubscribed);
    room.off(RoomEvent.TrackUnsubscribed, this.#onUnsubscribed);
    this.#reception.stop();
    for (const sid of this.#listening.keys()) this.#end(sid);
    await Promise.all(this.#ending);
    clearInterval(this.#timer);
    this.#claim(true);
  }

  readonly #onSubscribed = (
    track: RemoteTrack,
    publication: RemoteTrackPublication,
    participant: RemoteParticipant,
  ): void => {
    const { sid } = track;
    if (sid === undefined || this.#listening.has(sid) || !isVoice(track, publication) || !isPerson(participant)) return;
    const { openLink, logger, onUnsupported } = this.#options;
    const speaker = speakerOf(participant.identity, publication.name);
    this.#introduce(speaker, participant);
    const ear = new Ear({
      openLink,
      isMuted: () => publication.muted ?? false,
      pauses: () => this.#pauses,
      onTranscript: (transcript) => this.#write(speaker, transcript),
      onMissed: (missed, reason) => this.#missed({ speaker, reason, ...this.#since(missed) }),
      onUnsupported,
    });
    this.#listening.set(sid, { speaker, ear });
    this.#listen(track, { speaker, ear }, publication).catch((error: unknown) =>
      logger.error({ err: error }, 'a track could not be heard to its end'),
    );
  };

  /** A speaker who is not a participant, but is heard through one's machine. */
  #introduce(speaker: string, { identity, name }: RemoteParticipant): void {
    const { writer, past, nameOthers } = this.#options;
    const owner = speakerOf(identity);
    if (speaker === owner || this.#introduced.has(speaker) || past.named.has(speaker)) return;
    this.#introduced.add(speaker);
    writer.append({
      type: 'participant.joined',
      at: eventTime(),
      identity,
      kind: 'person',
      speaker,
      name: nameOthers(name === undefined || name === '' ? owner : name),
    });
  }

  readonly #onUnsubscribed = (track: RemoteTrack): void => this.#end(track.sid ?? '');

  async #listen(track: RemoteTrack, { speaker, ear }: Listening, publication: RemoteTrackPublication): Promise<void> {
    const options = { sampleRate: STT_SAMPLE_RATE_HZ, numChannels: 1, frameSizeMs: FRAME_MS };
    try {
      for await (const { data } of new AudioStream(track, options)) {
        if (this.#isPaused) continue;
        const nowMs = Date.now();
        this.#meet(speaker, nowMs, publication.muted ?? false);
        ear.hear(Buffer.from(data.buffer, data.byteOffset, data.byteLength), nowMs);
      }
    } finally {
      this.#end(track.sid ?? '');
    }
  }

  /** The first sound of a speaker: what was missed of them before is known now. */
  #meet(speaker: string, nowMs: number, isMuted: boolean): void {
    const { past, clock } = this.#options;
    const cutOffMs = this.#cutOff.get(speaker);
    this.#cutOff.delete(speaker);
    if (cutOffMs !== undefined && nowMs - cutOffMs < CUT_OFF_MS) {
      const missed = this.#since({ start_ms: cutOffMs, end_ms: nowMs - FRAME_MS });
      this.#missed({ speaker, reason: 'sender_away', ...missed });
    }
    if (this.#met.has(speaker)) return;
    this.#met.add(speaker);
    if (!past.hadScribe || isMuted || ![...past.present.values()].includes(speaker.replace(/\.them$/, ''))) return;
    const gap = missedBetween(speaker, past, {
      firstHeardMs: clock.since(nowMs - FRAME_MS),
      lastSignMs: clock.since(past.lastSignMs),
    });
    if (gap) this.#missed(gap);
  }

  #end(sid: string): void {
    const listening = this.#listening.get(sid);
    if (!listening) return;
    const { speaker, ear } = listening;
    this.#listening.delete(sid);
    if (ear.awaySinceMs !== undefined) this.#cutOff.set(speaker, ear.awaySinceMs);
    const ended = ear.close().then(() => this.#collect(listening));
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }

  #write(speaker: string, transcript: Transcript): void {
    const { writer, clock } = this.#options;
    const heard = withoutPauses(transcript, this.#pauses);
    if (!heard) return;
    if (!transcript.isFinal) {
      if (!this.#isPaused) writer.interim({ type: 'utterance.interim', at: eventTime(), speaker, text: heard.text });
      return;
    }
    writer.append({
      type: 'utterance.final',
      at: eventTime(),
      utterance: clock.utterance('user', { ...heard, speaker }),
    });
    this.#unsaidText = true;
  }

  #claim(isLast = false): void {
    for (const listening of this.#listening.values()) this.#collect(listening);
    const isDue = isLast || this.#unsaidText || Date.now() - this.#saidMs >= CLAIM_SILENCE_MS;
    if (!isDue || this.#unsaid.length === 0) return;
    const spans = mergeSpans(this.#unsaid);
    this.#unsaid = [];
    this.#unsaidText = false;
    this.#saidMs = Date.now();
    if (spans.length > 0) this.#options.writer.append({ type: 'audio.transcribed', at: eventTime(), spans });
  }

  #collect({ speaker, ear }: Listening): void {
    this.#unsaid.push(...ear.takeTranscribed().map((stretch) => ({ speaker, ...this.#since(stretch) })));
  }

  #claimForPredecessor(): void {
    const spans = mergeSpans([...this.#options.past.unclaimed]);
    if (spans.length > 0) this.#options.writer.append({ type: 'audio.transcribed', at: eventTime(), spans });
  }

  #missed(gap: Gap): void {
    if (gap.end_ms > gap.start_ms) this.#options.writer.append({ type: 'audio.missed', at: eventTime(), gap });
  }

  #since({ start_ms, end_ms }: Interval): Interval {
    const { clock } = this.#options;
    return { start_ms: clock.since(start_ms), end_ms: clock.since(end_ms) };
  }
}

/** A screen that is shared is not its owner speaking. */
function isVoice(track: RemoteTrack, publication: RemoteTrackPublication): boolean {
  return track.kind === TrackKind.KIND_AUDIO && publication.source !== TrackSource.SOURCE_SCREENSHARE_AUDIO;
}

/** What was said outside of pauses: the news of a pause takes a moment. Undefined when nothing is left. */
export function withoutPauses(
  transcript: Transcript,
  pauses: readonly Interval[],
): Pick<Transcript, 'text' | 'startMs' | 'endMs' | 'words'> | undefined {
  const isPaused = (atMs: number) => pauses.some(({ start_ms, end_ms }) => atMs >= start_ms && atMs < end_ms);
  const { words, startMs, endMs } = transcript;
  if (words.length === 0) return isPaused((startMs + endMs) / 2) ? undefined : transcript;
  const left = words.filter(({ start_ms, end_ms }) => !isPaused((start_ms + end_ms) / 2));
  if (left.length === words.length) return transcript;
  const [first, last] = [left[0], left.at(-1)];
  if (!first || !last) return undefined;
  return { text: left.map(({ text }) => text).join(' '), startMs: first.start_ms, endMs: last.end_ms, words: left };
}
