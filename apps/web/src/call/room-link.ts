import {
  AudioPresets,
  ConnectionQuality,
  DisconnectReason,
  LocalAudioTrack,
  ParticipantKind,
  Room,
  RoomEvent,
  setLogLevel,
  Track,
} from 'livekit-client';
import type { RemoteParticipant, TextStreamReader } from 'livekit-client';
import { ApiError, isAbort } from '../api/api-error.ts';
import { resumeMeters } from '../audio/level-meter.ts';
import { captureConstraints } from '../audio/microphone.ts';
import type { CallAction } from './call-state.ts';

const AGENT_STATE = 'lk.agent.state';
const SEGMENT_ID = 'lk.segment_id';
const TRANSCRIPTION_TOPIC = 'lk.transcription';
const CHAT_TOPIC = 'lk.chat';
/** A room that was closed belongs to a session that ended: the event stream says so, well within this. */
const END_NEWS_MS = 3_000;
/** After livekit-client itself has given up (about 44 s): waits between whole new joins, then the person decides. */
const REJOIN_AFTER_MS = [0, 1_000, 2_000, 4_000, 8_000, 8_000] as const;

/** The way into a room. */
export interface RoomTicket {
  readonly url: string;
  readonly token: string;
}

interface RoomLinkOptions {
  /** Asked for whenever the room is joined anew: tokens are short-lived. */
  readonly freshTicket: (signal: AbortSignal) => Promise<RoomTicket>;
  readonly tell: (action: CallAction) => void;
}

/**
 * The room behind a call: joins, publishes the microphone, writes, and tells what happens as {@link CallAction}s.
 * Close order: signal, text handlers, room (which stops the microphone).
 */
export class RoomLink {
  readonly room: Room;
  readonly #freshTicket: (signal: AbortSignal) => Promise<RoomTicket>;
  readonly #tell: (action: CallAction) => void;
  readonly #closing = new AbortController();
  #wantsMicrophone = false;
  #muted = false;

  constructor(options: RoomLinkOptions) {
    this.#freshTicket = options.freshTicket;
    this.#tell = options.tell;
    // Its chatter holds addresses and join requests; warnings are enough.
    setLogLevel('warn');
    this.room = new Room({
      audioCaptureDefaults: captureConstraints(),
      publishDefaults: { audioPreset: AudioPresets.speech, dtx: true, red: true },
      disconnectOnPageLeave: true,
    });
    this.#listen();
  }

  /** Joins with `ticket`, or with a fresh token; tries again for a while. Tells how it went, never rejects. */
  async join(ticket: RoomTicket | null): Promise<void> {
    let known = ticket;
    for (const delayMs of REJOIN_AFTER_MS) {
      await new Promise((resolve) => window.setTimeout(resolve, delayMs));
      if (this.#closing.signal.aborted) return;
      try {
        known ??= await this.#freshTicket(this.#closing.signal);
        if (this.#closing.signal.aborted) return;
        if (isMixedContent(known.url)) {
          this.#tell({ type: 'link.changed', link: 'blocked', nowMs: Date.now() });
          return;
        }
        await this.room.connect(known.url, known.token);
        this.#tell({ type: 'link.changed', link: 'connected', nowMs: Date.now() });
        this.#tellAgent();
        await this.#restoreMicrophone();
        return;
      } catch (error) {
        known = null;
        if (isAbort(error) || this.#closing.signal.aborted) return;
        if (error instanceof ApiError && (error.status === 404 || error.code === 'session_ended')) {
          this.#tell({ type: 'session.gone' });
          return;
        }
      }
    }
    this.#tell({ type: 'link.changed', link: 'lost', nowMs: Date.now() });
  }

  /** Sends a microphone into the room; livekit-client may from now on replace and stop it. */
  async publish(track: MediaStreamTrack): Promise<void> {
    await this.unpublish();
    this.#wantsMicrophone = true;
    const local = new LocalAudioTrack(track, captureConstraints(track.getSettings().deviceId), false);
    await this.room.localParticipant.publishTrack(local, { source: Track.Source.Microphone });
    if (this.#muted) await local.mute();
  }

  /** Takes the microphone out of the room and stops it. */
  async unpublish(): Promise<void> {
    const local = this.microphone;
    if (local !== null) await this.room.localParticipant.unpublishTrack(local, true);
  }

  /** The published microphone, `null` when there is none. */
  get microphone(): LocalAudioTrack | null {
    const publication = this.room.localParticipant.getTrackPublication(Track.Source.Microphone);
    return publication?.track instanceof LocalAudioTrack ? publication.track : null;
  }

  /** Muted, the device stays open: reopening it takes so long on phones that first words are lost. */
  async setMuted(muted: boolean): Promise<void> {
    this.#muted = muted;
    const local = this.microphone;
    if (local === null) return;
    await (muted ? local.mute() : local.unmute());
  }

  /** After a rejoin the old track has been stopped: open the same device again, as it was. */
  async #restoreMicrophone(): Promise<void> {
    if (!this.#wantsMicrophone || this.#hasMicrophone()) return;
    await this.room.localParticipant.setMicrophoneEnabled(true).catch(() => {});
    if (this.#muted) await this.microphone?.mute();
  }

  #hasMicrophone(): boolean {
    return this.microphone !== null;
  }

  /** Writes to the assistant. Rejects when the line is down. */
  async write(text: string): Promise<void> {
    await this.room.localParticipant.sendText(text, { topic: CHAT_TOPIC });
  }

  /** Joins anew because the person asked for it. */
  rejoin(): void {
    this.#tell({ type: 'link.changed', link: 'connecting', nowMs: Date.now() });
    this.join(null).catch(() => {});
  }

  /** Lets the voice be heard; call it from a tap. */
  startAudio(): void {
    resumeMeters();
    this.room.startAudio().catch(() => {});
  }

  /** Sound of the assistant, for meters; `null` while it has none. */
  get agentTrack(): MediaStreamTrack | null {
    const publication = newestAgent(this.room)?.getTrackPublication(Track.Source.Microphone);
    return publication?.track?.mediaStreamTrack ?? null;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.room.unregisterTextStreamHandler(TRANSCRIPTION_TOPIC);
    await this.room.disconnect(true);
  }

  #listen(): void {
    const { room } = this;
    const agentChanged = () => this.#tellAgent();
    room
      .on(RoomEvent.Reconnecting, () => this.#tell({ type: 'link.changed', link: 'resuming', nowMs: Date.now() }))
      .on(RoomEvent.Reconnected, () => this.#tell({ type: 'link.changed', link: 'connected', nowMs: Date.now() }))
      .on(RoomEvent.Disconnected, (reason) => this.#onDisconnected(reason))
      .on(RoomEvent.ParticipantConnected, agentChanged)
      .on(RoomEvent.ParticipantDisconnected, agentChanged)
      .on(RoomEvent.ParticipantAttributesChanged, agentChanged)
      .on(RoomEvent.AudioPlaybackStatusChanged, () =>
        this.#tell({ type: 'output.changed', blocked: !room.canPlaybackAudio }),
      )
      .on(RoomEvent.ConnectionQualityChanged, (quality, participant) => {
        if (participant !== room.localParticipant) return;
        const weak = quality === ConnectionQuality.Poor || quality === ConnectionQuality.Lost;
        this.#tell({ type: 'network.changed', weak });
      });
    room.registerTextStreamHandler(TRANSCRIPTION_TOPIC, (reader, { identity }) => {
      // A stream left open by an agent that died ends in an error; its words stay until a final replaces them.
      this.#readSegment(reader, identity).catch(() => {});
    });
  }

  /** A person's stream holds the whole text so far; the agent's grows as it is spoken. Both start from nothing. */
  async #readSegment(reader: TextStreamReader, identity: string): Promise<void> {
    const id = reader.info.attributes?.[SEGMENT_ID] ?? reader.info.id;
    const participant = this.room.getParticipantByIdentity(identity);
    const role = participant !== undefined && isAgent(participant) ? 'agent' : 'user';
    let text = '';
    for await (const piece of reader) {
      text += piece;
      this.#tell({ type: 'segment.received', segment: { id, role, text } });
    }
  }

  #tellAgent(): void {
    // Leaving, everybody is listed as gone.
    if (this.#closing.signal.aborted) return;
    const agent = newestAgent(this.room);
    this.#tell({
      type: 'agent.changed',
      here: agent !== null,
      state: agent?.attributes[AGENT_STATE] ?? null,
      nowMs: Date.now(),
    });
  }

  #onDisconnected(reason: DisconnectReason | undefined): void {
    if (this.#closing.signal.aborted || reason === DisconnectReason.CLIENT_INITIATED) return;
    if (reason === DisconnectReason.DUPLICATE_IDENTITY) {
      this.#tell({ type: 'link.changed', link: 'elsewhere', nowMs: Date.now() });
      return;
    }
    const closed =
      reason === DisconnectReason.ROOM_DELETED ||
      reason === DisconnectReason.ROOM_CLOSED ||
      reason === DisconnectReason.PARTICIPANT_REMOVED;
    const rejoin = () => {
      if (this.#closing.signal.aborted) return;
      this.#tell({ type: 'link.changed', link: 'resuming', nowMs: Date.now() });
      this.join(null).catch(() => {});
    };
    if (closed) window.setTimeout(rejoin, END_NEWS_MS);
    else rejoin();
  }
}

/** Browsers refuse an open line from a secure page, except to the machine itself. */
function isMixedContent(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return window.location.protocol === 'https:' && protocol === 'ws:' && !local;
}

function isAgent(participant: { readonly kind: ParticipantKind }): boolean {
  return participant.kind === ParticipantKind.AGENT;
}

function newestAgent(room: Room): RemoteParticipant | null {
  let newest: RemoteParticipant | null = null;
  for (const participant of room.remoteParticipants.values()) {
    if (!isAgent(participant)) continue;
    if (newest === null || (participant.joinedAt?.getTime() ?? 0) >= (newest.joinedAt?.getTime() ?? 0)) {
      newest = participant;
    }
  }
  return newest;
}
