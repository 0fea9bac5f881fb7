import { ParticipantKind, RoomEvent, type RemoteParticipant, type Room } from '@livekit/rtc-node';

/** Everybody has left: a lost network, a coffee, or the end. */
const EMPTY_MS = 300_000;

const PERSON_KINDS: ReadonlySet<ParticipantKind | undefined> = new Set([
  ParticipantKind.STANDARD,
  ParticipantKind.SIP,
  ParticipantKind.CONNECTOR,
]);

/** Whether somebody is to be heard, as against agents and recorders. */
export const isPerson = (participant: Pick<RemoteParticipant, 'kind'>): boolean => PERSON_KINDS.has(participant.kind);

export interface AttendanceHandlers {
  readonly onJoined: (person: RemoteParticipant) => void;
  readonly onLeft: (person: RemoteParticipant) => void;
  /** Nobody has been there for {@link EMPTY_MS}. */
  readonly onEmpty: () => void;
}

/** Who is in the room of a meeting. */
export class Attendance {
  readonly #room: Pick<Room, 'on' | 'off' | 'remoteParticipants'>;
  readonly #handlers: AttendanceHandlers;
  readonly #present = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(room: Pick<Room, 'on' | 'off' | 'remoteParticipants'>, handlers: AttendanceHandlers) {
    this.#room = room;
    this.#handlers = handlers;
  }

  /** Tells of those who are there, then of who comes and goes. A room nobody ever came into is closed by LiveKit. */
  start(): void {
    this.#room.on(RoomEvent.ParticipantConnected, this.#onConnected);
    this.#room.on(RoomEvent.ParticipantDisconnected, this.#onDisconnected);
    for (const participant of this.#room.remoteParticipants.values()) this.#onConnected(participant);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#room.off(RoomEvent.ParticipantConnected, this.#onConnected);
    this.#room.off(RoomEvent.ParticipantDisconnected, this.#onDisconnected);
  }

  readonly #onConnected = (participant: RemoteParticipant): void => {
    if (!isPerson(participant) || this.#present.has(participant.identity)) return;
    clearTimeout(this.#timer);
    this.#present.add(participant.identity);
    this.#handlers.onJoined(participant);
  };

  readonly #onDisconnected = (participant: RemoteParticipant): void => {
    if (!this.#present.delete(participant.identity)) return;
    this.#handlers.onLeft(participant);
    if (this.#present.size === 0) this.#timer = setTimeout(() => this.#handlers.onEmpty(), EMPTY_MS);
  };
}
