import { ParticipantKind, RoomEvent, type RemoteParticipant, type Room } from '@livekit/rtc-node';

/** A page that reloads, a phone that changes network: the person is back within this, or the call is over. */
const PERSON_AWAY_MS = 60_000;

const PERSON_KINDS: ReadonlySet<ParticipantKind | undefined> = new Set([
  ParticipantKind.STANDARD,
  ParticipantKind.SIP,
  ParticipantKind.CONNECTOR,
]);

export interface PersonLinkHandlers {
  /** The agent now listens to this person; called again when the same person is back under another identity. */
  readonly onLinked: (person: RemoteParticipant) => void;
  readonly onJoined: (person: RemoteParticipant) => void;
  readonly onLeft: (person: RemoteParticipant) => void;
  /** Nobody has been there for {@link PERSON_AWAY_MS}. */
  readonly onGone: () => void;
}

type RoomEvents = Pick<Room, 'on' | 'off' | 'remoteParticipants'>;

/**
 * Who the agent listens to. Every token has another identity, so a person who comes back after a reload is a new participant:
 * whoever is there when the linked person is not becomes the linked person.
 */
export class PersonLink {
  readonly #room: RoomEvents;
  readonly #handlers: PersonLinkHandlers;
  readonly #awayMs: number;
  readonly #first = Promise.withResolvers<RemoteParticipant | undefined>();
  #linked: RemoteParticipant | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(room: RoomEvents, handlers: PersonLinkHandlers, awayMs: number = PERSON_AWAY_MS) {
    this.#room = room;
    this.#handlers = handlers;
    this.#awayMs = awayMs;
  }

  /** The person in the room, if there is one now. */
  get linked(): RemoteParticipant | undefined {
    return this.#linked;
  }

  /** Starts watching. Resolves with the first person; with undefined when the room closes before. */
  start(): Promise<RemoteParticipant | undefined> {
    this.#room.on(RoomEvent.ParticipantConnected, this.#onConnected);
    this.#room.on(RoomEvent.ParticipantDisconnected, this.#onDisconnected);
    this.#room.on(RoomEvent.Disconnected, this.#onRoomClosed);
    for (const participant of this.#room.remoteParticipants.values()) this.#onConnected(participant);
    return this.#first.promise;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#room.off(RoomEvent.ParticipantConnected, this.#onConnected);
    this.#room.off(RoomEvent.ParticipantDisconnected, this.#onDisconnected);
    this.#room.off(RoomEvent.Disconnected, this.#onRoomClosed);
    this.#first.resolve(undefined);
  }

  readonly #onConnected = (participant: RemoteParticipant): void => {
    if (!isPerson(participant)) return;
    this.#handlers.onJoined(participant);
    if (!this.#linked) this.#link(participant);
  };

  readonly #onDisconnected = (participant: RemoteParticipant): void => {
    if (!isPerson(participant)) return;
    this.#handlers.onLeft(participant);
    if (participant.identity !== this.#linked?.identity) return;
    this.#linked = undefined;
    const other = [...this.#room.remoteParticipants.values()].find(
      (candidate) => isPerson(candidate) && candidate.identity !== participant.identity,
    );
    if (other) this.#link(other);
    else this.#timer = setTimeout(() => this.#handlers.onGone(), this.#awayMs);
  };

  readonly #onRoomClosed = (): void => this.stop();

  #link(participant: RemoteParticipant): void {
    clearTimeout(this.#timer);
    this.#linked = participant;
    this.#handlers.onLinked(participant);
    this.#first.resolve(participant);
  }
}

function isPerson(participant: RemoteParticipant): boolean {
  return PERSON_KINDS.has(participant.kind);
}
