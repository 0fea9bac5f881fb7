import { RoomEvent, type Room } from '@livekit/rtc-node';

/** Publishing takes a tenth of a second, on a machine with other work a few; the library itself gives up after a minute and says so nowhere. */
const PUBLISH_MS = 8_000;

/**
 * Waits until the room has the agent's voice. A LiveKit that is starved of processor time can lose the answer to a publication:
 * the agent is then in the room, hears, and nobody ever hears it.
 *
 * @returns false when it did not get there in time; true also when the room was closed meanwhile
 */
export function voicePublished(room: Room, timeoutMs = PUBLISH_MS): Promise<boolean> {
  const isThere = () => (room.localParticipant?.trackPublications.size ?? 0) > 0;
  if (isThere()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (published: boolean) => {
      clearTimeout(timer);
      room.off(RoomEvent.LocalTrackPublished, onPublished).off(RoomEvent.Disconnected, onPublished);
      resolve(published);
    };
    const onPublished = () => settle(true);
    const timer = setTimeout(() => settle(isThere()), timeoutMs);
    room.on(RoomEvent.LocalTrackPublished, onPublished).on(RoomEvent.Disconnected, onPublished);
  });
}
