import { EventEmitter } from 'node:events';
import { RoomEvent, type Room } from '@livekit/rtc-node';
import { expect, test } from 'vitest';
import { voicePublished } from './voice-published.ts';

function setUp() {
  const emitter = new EventEmitter();
  const trackPublications = new Map<string, object>();
  const room = Object.assign(emitter, { localParticipant: { trackPublications } }) as unknown as Room;
  return { emitter, trackPublications, room };
}

const listeners = (emitter: EventEmitter) => emitter.eventNames().length;

test('a voice that is there already, or comes in time, is published', async () => {
  const { emitter, trackPublications, room } = setUp();
  const published = voicePublished(room, 5_000);
  emitter.emit(RoomEvent.LocalTrackPublished);
  expect(await published).toBe(true);
  expect(listeners(emitter)).toBe(0);
  trackPublications.set('TR_1', {});
  expect(await voicePublished(room, 5_000)).toBe(true);
});

test('a voice that does not come is not, and nothing goes on waiting for it', async () => {
  const { emitter, room } = setUp();
  expect(await voicePublished(room, 20)).toBe(false);
  expect(listeners(emitter)).toBe(0);
});

test('a room that closes meanwhile needs no voice', async () => {
  const { emitter, room } = setUp();
  const published = voicePublished(room, 5_000);
  emitter.emit(RoomEvent.Disconnected);
  expect(await published).toBe(true);
});
