import { EventEmitter } from 'node:events';
import { ParticipantKind, RoomEvent, type RemoteParticipant, type Room } from '@livekit/rtc-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Attendance } from './attendance.ts';

class FakeRoom extends EventEmitter {
  readonly remoteParticipants = new Map<string, RemoteParticipant>();
}
const person = (identity: string, kind = ParticipantKind.STANDARD) => ({ identity, kind }) as RemoteParticipant;

function setUp(present: readonly RemoteParticipant[] = []) {
  const room = new FakeRoom();
  for (const one of present) room.remoteParticipants.set(one.identity, one);
  const told: string[] = [];
  const attendance = new Attendance(room as unknown as Pick<Room, 'on' | 'off' | 'remoteParticipants'>, {
    onJoined: ({ identity }) => told.push(`+${identity}`),
    onLeft: ({ identity }) => told.push(`-${identity}`),
    onEmpty: () => told.push('empty'),
  });
  attendance.start();
  return { room, told, attendance };
}

test('those who are there are told first, each once, and no agents', () => {
  const { room, told, attendance } = setUp([person('anna'), person('egress', ParticipantKind.EGRESS)]);
  room.emit(RoomEvent.ParticipantConnected, person('anna'));
  room.emit(RoomEvent.ParticipantConnected, person('agent', ParticipantKind.AGENT));
  room.emit(RoomEvent.ParticipantConnected, person('phone', ParticipantKind.SIP));
  attendance.stop();
  expect(told).toEqual(['+anna', '+phone']);
});

test('a room is empty when all have left and nobody came back within five minutes', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { room, told, attendance } = setUp([person('anna'), person('bob')]);
  room.emit(RoomEvent.ParticipantDisconnected, person('anna'));
  room.emit(RoomEvent.ParticipantDisconnected, person('bob'));
  room.emit(RoomEvent.ParticipantConnected, person('bob2'));
  vi.advanceTimersByTime(600_000);
  expect(told).not.toContain('empty');
  room.emit(RoomEvent.ParticipantDisconnected, person('bob2'));
  vi.advanceTimersByTime(299_000);
  expect(told).not.toContain('empty');
  vi.advanceTimersByTime(1_000);
  expect(told.at(-1)).toBe('empty');
  attendance.stop();
});
