import { useEffect, useState } from 'react';
import { ParticipantKind, RoomEvent } from 'livekit-client';
import type { Participant, Room } from 'livekit-client';

/** Somebody in the room. */
export interface Person {
  readonly identity: string;
  /** Who of the transcript it is. */
  readonly speaker: string;
  readonly name: string;
  readonly me: boolean;
  readonly muted: boolean;
  readonly speaking: boolean;
}

const changes = [
  RoomEvent.Connected,
  RoomEvent.Disconnected,
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
] as const;

/** Who is in the room: oneself first, then in order of arrival. The scribe is none of them. */
export function usePeople(room: Room): readonly Person[] {
  const [people, setPeople] = useState<readonly Person[]>([]);
  useEffect(() => {
    const look = () => setPeople(peopleIn(room));
    look();
    for (const change of changes) room.on(change, look);
    return () => {
      for (const change of changes) room.off(change, look);
    };
  }, [room]);
  return people;
}

function peopleIn(room: Room): Person[] {
  if (room.localParticipant.identity === '') return [];
  const others = [...room.remoteParticipants.values()]
    .filter(({ kind }) => kind !== ParticipantKind.AGENT && kind !== ParticipantKind.EGRESS)
    .toSorted((a, b) => (a.joinedAt?.getTime() ?? 0) - (b.joinedAt?.getTime() ?? 0));
  return [personOf(room.localParticipant, true), ...others.map((other) => personOf(other, false))];
}

function personOf(participant: Participant, me: boolean): Person {
  const { identity, name, isSpeaking } = participant;
  const at = identity.lastIndexOf('~');
  return {
    identity,
    speaker: at > 0 ? identity.slice(0, at) : identity,
    name: name ?? '',
    me,
    muted: !participant.isMicrophoneEnabled,
    speaking: isSpeaking,
  };
}
