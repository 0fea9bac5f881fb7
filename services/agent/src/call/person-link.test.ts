import { EventEmitter } from 'node:events';
import { ParticipantKind, RoomEvent, type RemoteParticipant, type Room } from '@livekit/rtc-node';
import { expect, test, vi } from 'vitest';
import { PersonLink } from './person-link.ts';

const person = (identity: string, kind = ParticipantKind.STANDARD) => ({ identity, kind }) as RemoteParticipant;

function setUp(awayMs = 60_000) {
  const emitter = new EventEmitter();
  const remoteParticipants = new Map<string, RemoteParticipant>();
  const room = Object.assign(emitter, { remoteParticipants }) as unknown as Room;
  const facts: string[] = [];
  const link = new PersonLink(
    room,
    {
      onJoined: ({ identity }) => facts.push(`joined ${identity}`),
      onLeft: ({ identity }) => facts.push(`left ${identity}`),
      onLinked: ({ identity }) => facts.push(`linked ${identity}`),
      onGone: () => facts.push('gone'),
    },
    awayMs,
  );
  const enter = (participant: RemoteParticipant) => {
    remoteParticipants.set(participant.identity, participant);
    emitter.emit(RoomEvent.ParticipantConnected, participant);
  };
  const leave = (participant: RemoteParticipant) => {
    remoteParticipants.delete(participant.identity);
    emitter.emit(RoomEvent.ParticipantDisconnected, participant);
  };
  return { link, emitter, remoteParticipants, facts, enter, leave };
}

test('somebody who is already there is the first person', async () => {
  const { link, remoteParticipants, facts } = setUp();
  remoteParticipants.set('user-a', person('user-a'));
  expect((await link.start())?.identity).toBe('user-a');
  expect(facts).toEqual(['joined user-a', 'linked user-a']);
});

test('agents and recorders are not people', () => {
  const { link, facts, enter } = setUp();
  void link.start();
  enter(person('agent-x', ParticipantKind.AGENT));
  enter(person('egress', ParticipantKind.EGRESS));
  expect(facts).toEqual([]);
});

test('a reload brings the person back under another identity, and the call goes on', () => {
  vi.useFakeTimers();
  const { link, facts, enter, leave } = setUp();
  void link.start();
  enter(person('user-a'));
  leave(person('user-a'));
  vi.advanceTimersByTime(59_000);
  enter(person('user-b'));
  vi.advanceTimersByTime(120_000);
  expect(facts).toEqual(['joined user-a', 'linked user-a', 'left user-a', 'joined user-b', 'linked user-b']);
  vi.useRealTimers();
});

test('the new page may be there before the old one is gone', () => {
  const { link, facts, enter, leave } = setUp();
  void link.start();
  enter(person('user-a'));
  enter(person('user-b'));
  leave(person('user-a'));
  expect(facts).toEqual(['joined user-a', 'linked user-a', 'joined user-b', 'left user-a', 'linked user-b']);
});

test('nobody for a minute is the end', () => {
  vi.useFakeTimers();
  const { link, facts, enter, leave } = setUp();
  void link.start();
  enter(person('user-a'));
  leave(person('user-a'));
  vi.advanceTimersByTime(60_000);
  expect(facts.at(-1)).toBe('gone');
  vi.useRealTimers();
});

test('a room that closes before anybody came ends the waiting', async () => {
  const { link, emitter } = setUp();
  const first = link.start();
  emitter.emit(RoomEvent.Disconnected);
  expect(await first).toBeUndefined();
});
