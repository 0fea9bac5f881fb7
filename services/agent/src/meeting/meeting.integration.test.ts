import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentSession } from '@eloquence/shared/contracts/dispatch';
import type { SessionEvent, SessionEventType } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { newSessionId } from '@eloquence/shared/runtime/ids';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { intervalsBySpeaker, openGaps, totalMs } from '@eloquence/shared/runtime/spans';
import '@eloquence/testkit/integration-setup';
import { LivekitServer } from '@eloquence/testkit/livekit-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import type { JobContext } from '@livekit/agents';
import { Room } from '@livekit/rtc-node';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { AgentConfig } from '../config.ts';
import { EventWriter } from '../events/event-writer.ts';
import { SpoolFile } from '../events/spool.ts';
import meeting from '../scenarios/meeting/scenario.ts';
import { FakeGateway } from '../test-support/fake-gateway.ts';
import { accessToken, muteTrack } from '../test-support/livekit-rooms.ts';
import { TonePublisher, toneText } from '../test-support/tone-publisher.ts';
import { attendMeeting } from './run-meeting.ts';

const logger = createLogger('test', process.env['MEETING_TEST_LOGS'] ? 'debug' : 'silent');
let livekit: LivekitServer;
let redis: Redis;
let log: EventLog;
let spoolDir: string;
let stack: AsyncDisposableStack;
let gateway: FakeGateway;
let id: SessionId;

beforeAll(async () => {
  livekit = await LivekitServer.start({ config: { room: { enable_remote_unmute: true } } });
  redis = new Redis(inject('redisUrl'));
  log = new EventLog(redis);
  spoolDir = mkdtempSync(join(tmpdir(), 'scribe-'));
});
afterAll(async () => {
  redis.disconnect();
  await livekit[Symbol.asyncDispose]();
  rmSync(spoolDir, { recursive: true, force: true });
});
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  gateway = stack.use(await FakeGateway.start({ texts: toneText }));
  id = newSessionId();
});
afterEach(() => stack.disposeAsync());

async function eventsOf<T extends SessionEventType>(type: T): Promise<Extract<SessionEvent, { type: T }>[]> {
  const events = await log.read(id, 0, 5_000);
  return events.filter((event): event is Extract<SessionEvent, { type: T }> => event.type === type);
}
const utterances = async () => (await eventsOf('utterance.final')).map(({ utterance }) => utterance);
const spans = async () => (await eventsOf('audio.transcribed')).flatMap((event) => event.spans);
const gaps = async () => (await eventsOf('audio.missed')).map(({ gap }) => gap);

/** A scribe in the room, as a job of the agent is; `leave` is what the job's end does, `kill` what SIGKILL does. */
async function scribe(
  options: Partial<AgentSession['options']> = {},
  startedAt: string | null = null,
  past: Pick<EventLog, 'read'> = log,
) {
  const room = new Room();
  const token = accessToken(livekit, 'scribe', { room: id, roomJoin: true, agent: true });
  const connecting = { autoSubscribe: true, dynacast: false, singlePeerConnection: false };
  await room.connect(livekit.url, token, connecting);
  let isDead = false;
  const ownLog: Pick<EventLog, 'append' | 'publishInterim'> = {
    append: async (...fact) => (isDead ? 0 : log.append(...fact)),
    publishInterim: (...interim) => log.publishInterim(...interim),
  };
  const writer = new EventWriter({
    sessionId: id,
    log: ownLog,
    spool: new SpoolFile(spoolDir, id, 999_999_999),
    logger,
  });
  const ended: string[] = [];
  const lastWords = await attendMeeting({
    ctx: { room, agent: room.localParticipant } as unknown as JobContext,
    config: { redisUrl: inject('redisUrl'), sttUrl: gateway.url, internalApiKey: 'k' } as AgentConfig,
    logger,
    writer,
    log: past as EventLog,
    facts: { session: session(startedAt), options },
    scenario: meeting,
    end: (reason) => void ended.push(reason),
  });
  let isThere = true;
  const leave = async () => {
    if (!isThere) return;
    isThere = false;
    await room.disconnect();
    await lastWords();
    await writer.close(2_000);
  };
  stack.defer(leave);
  const kill = async () => {
    isDead = true;
    await room.disconnect();
  };
  return { leave, kill, ended, room };
}

function session(startedAt: string | null): AgentSession['session'] {
  return {
    session_id: id,
    user_id: 'anna',
    scenario_id: 'meeting',
    kind: 'meeting',
    language: 'fr',
    name: null,
    state: 'active',
    end_reason: null,
    room_name: id,
    created_at: eventTime(),
    started_at: startedAt,
    ended_at: null,
  };
}

async function joinAs(identity: string, frequencyHz: number, trackName?: string): Promise<TonePublisher> {
  const publisher = await TonePublisher.join({
    url: livekit.url,
    token: accessToken(livekit, identity, { room: id, roomJoin: true }),
    frequencyHz,
    ...(trackName !== undefined && { trackName }),
  });
  return stack.use(publisher);
}

test(
  'ten people in one room: what each says stands under their name, and all of it is claimed',
  { timeout: 60_000 },
  async () => {
    const { leave, room } = await scribe();
    const people = Array.from({ length: 10 }, (_, index) => ({ name: `p${index}`, hz: 300 + 200 * index }));
    const publishers = await Promise.all(people.map(({ name, hz }) => joinAs(`${name}~x${name}`, hz)));
    // Ten encoders that start at once on a small machine make the first seconds choppy.
    await waitFor(async () => intervalsBySpeaker(await spans()).size === 10, {
      what: 'all to be heard',
      timeoutMs: 20_000,
    });
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(publishers.map((publisher) => publisher.say(1_000)));
      await waitFor(async () => (await utterances()).length >= 10 * (round + 1), {
        what: 'all texts',
        timeoutMs: 15_000,
      });
    }
    const said = await utterances();
    for (const { name, hz } of people) {
      expect(said.filter(({ speaker }) => speaker === name).map(({ text }) => text)).toEqual([`${hz} Hz`, `${hz} Hz`]);
    }
    await waitFor(
      async () => {
        const heard = intervalsBySpeaker(await spans());
        return said.every(({ speaker, start_ms, end_ms }) =>
          heard.get(speaker)?.some((span) => span.start_ms <= start_ms && span.end_ms >= end_ms),
        );
      },
      { what: 'every text to be claimed', timeoutMs: 10_000 },
    );
    const joined = await eventsOf('participant.joined');
    const speakers = joined.filter(({ kind }) => kind === 'person').map(({ speaker }) => speaker);
    expect(new Set(speakers)).toEqual(new Set(people.map(({ name }) => name)));
    expect(speakers).toHaveLength(10);
    expect(await gaps()).toEqual([]);
    expect(room.localParticipant?.trackPublications.size).toBe(0);
    await leave();
    expect((await log.read(id, 0, 5_000)).at(-1)).toMatchObject({ type: 'participant.left', identity: 'scribe' });
  },
);

const textsOf = async (speaker: string) => (await utterances()).filter((said) => said.speaker === speaker);
const heardMs = async (speaker: string) => totalMs(intervalsBySpeaker(await spans()).get(speaker) ?? []);
const isSaid = (speaker: string, count: number) =>
  waitFor(async () => (await textsOf(speaker)).length === count, {
    what: `text ${count} of ${speaker}`,
    timeoutMs: 12_000,
  });

test(
  'a microphone that is off and on again, a track published anew, a person who comes back: nothing is lost',
  { timeout: 60_000 },
  async () => {
    await scribe();
    const anna = await joinAs('anna~1', 500);
    await anna.say(1_000);
    await muteTrack(livekit, id, { identity: 'anna~1', trackSid: anna.trackSid, muted: true });
    await isSaid('anna', 1);
    await muteTrack(livekit, id, { identity: 'anna~1', trackSid: anna.trackSid, muted: false });
    await anna.say(1_000);
    await isSaid('anna', 2);
    await anna.publish();
    await anna.say(1_000);
    await isSaid('anna', 3);
    await anna[Symbol.asyncDispose]();
    const again = await joinAs('anna~2', 700);
    await again.say(1_000);
    await isSaid('anna', 4);
    const bob = await joinAs('bob~1', 900, 'them');
    await bob.say(1_000);
    await isSaid('bob.them', 1);
    const others = (await eventsOf('participant.joined')).filter(({ identity }) => identity === 'bob~1');
    expect(others.map(({ speaker, name }) => [speaker, name])).toEqual([
      ['bob', 'bob~1'],
      ['bob.them', 'Les autres (bob~1)'],
    ]);
    expect((await textsOf('anna')).map(({ text }) => text)).toEqual(['500 Hz', '500 Hz', '500 Hz', '700 Hz']);
    for (const { start_ms, end_ms } of await textsOf('anna')) expect(end_ms - start_ms).toBeGreaterThan(850);
    const left = await waitFor(async () => (await eventsOf('participant.left'))[0]);
    expect(left.identity).toBe('anna~1');
  },
);

test('words spoken without a pause are durable before they are ten seconds old', { timeout: 60_000 }, async () => {
  const { leave } = await scribe();
  const anna = await joinAs('anna~1', 500);
  const speaking = anna.say(20_000);
  const { start_ms, end_ms } = await waitFor(async () => (await spans())[0], { timeoutMs: 15_000 });
  expect(end_ms - start_ms).toBeLessThan(10_000);
  await speaking;
  await leave();
  const started = Date.parse((await eventsOf('session.started'))[0]?.at ?? '');
  for (const { at, utterance } of await eventsOf('utterance.final'))
    expect(Date.parse(at) - started - utterance.start_ms).toBeLessThan(10_000);
  const texts = await textsOf('anna');
  expect(totalMs(texts)).toBeGreaterThan(19_500);
  // All that was said is claimed, and nothing that was not.
  expect(totalMs(intervalsBySpeaker(await spans()).get('anna') ?? [])).toBeGreaterThan(19_500);
});

test(
  'while the recording is paused nothing is heard or written, and the pause is a gap',
  { timeout: 60_000 },
  async () => {
    const { leave } = await scribe();
    const anna = await joinAs('anna~1', 500);
    await anna.say(1_000);
    await isSaid('anna', 1);
    const started = Date.parse((await eventsOf('session.started'))[0]?.at ?? '');
    const pausedAt = Date.now() - started;
    await log.append(id, { type: 'recording.paused', at: eventTime(), at_ms: pausedAt });
    await waitFor(() => gateway.streams[0]?.controls.includes('KeepAlive'), {
      what: 'silence towards the gateway',
      timeoutMs: 15_000,
    });
    const before = gateway.streams[0]?.bytes;
    await anna.say(1_500);
    expect(gateway.streams[0]?.bytes).toBe(before);
    const continuedAt = Date.now() - started;
    await log.append(id, { type: 'recording.continued', at: eventTime(), at_ms: continuedAt });
    await waitFor(async () => (await gaps()).length === 1);
    await anna.say(1_000);
    await isSaid('anna', 2);
    expect(await gaps()).toEqual([{ speaker: null, start_ms: pausedAt, end_ms: continuedAt, reason: 'paused' }]);
    const again = Date.now() - started;
    await log.append(id, { type: 'recording.paused', at: eventTime(), at_ms: again });
    await anna.say(500);
    await leave();
    const last = (await gaps()).at(-1);
    expect(last).toMatchObject({ speaker: null, start_ms: again, reason: 'paused' });
    for (const { start_ms, end_ms } of await gaps())
      for (const span of await spans())
        expect(Math.min(end_ms, span.end_ms) - Math.max(start_ms, span.start_ms)).toBeLessThanOrEqual(0);
  },
);

test('a gateway that goes away loses no words, also those whose final was lost', { timeout: 60_000 }, async () => {
  await scribe();
  const anna = await joinAs('anna~1', 500);
  await anna.say(1_000);
  await isSaid('anna', 1);
  gateway.down = true;
  gateway.cut();
  await anna.say(3_000);
  gateway.down = false;
  await isSaid('anna', 2);
  gateway.losing = 2;
  await anna.say(1_000);
  await isSaid('anna', 3);
  await waitFor(async () => {
    const rest = openGaps(
      (await utterances()).map((said) => ({ ...said, reason: 'stt_away' as const })),
      await spans(),
    );
    return totalMs(rest) === 0;
  });
  expect(await gaps()).toEqual([]);
});

test('what the gateway never took is claimed by nobody and told as a gap', { timeout: 60_000 }, async () => {
  const { leave } = await scribe();
  const anna = await joinAs('anna~1', 500);
  await anna.say(1_000);
  await isSaid('anna', 1);
  gateway.down = true;
  gateway.cut();
  await anna.say(2_000);
  await leave();
  const [gap] = await gaps();
  expect(gap).toMatchObject({ speaker: 'anna', reason: 'stt_away' });
  expect((gap?.end_ms ?? 0) - (gap?.start_ms ?? 0)).toBeGreaterThan(1_900);
  // A span may end in the millisecond in which the gap begins.
  expect(totalMs(openGaps(await gaps(), await spans()))).toBeGreaterThanOrEqual(totalMs(await gaps()) - 2);
});

test(
  'a scribe that takes over says what nobody heard in between, and does not greet anybody anew',
  { timeout: 60_000 },
  async () => {
    const first = await scribe();
    const anna = await joinAs('anna~1', 500);
    const bobs = [await joinAs('bob~1', 900)];
    await anna.say(1_000);
    await isSaid('anna', 1);
    await waitFor(async () => (await heardMs('bob')) > 1_000, { timeoutMs: 12_000 });
    // Nothing more is written, as after a SIGKILL.
    const startedAt = (await eventsOf('session.started'))[0]?.at ?? '';
    await first.kill();
    await anna.say(2_000);
    const second = await scribe({}, startedAt);
    await waitFor(async () => (await gaps()).length === 2, { timeoutMs: 12_000 });
    for (const gap of await gaps()) {
      expect(gap.reason).toBe('scribe_away');
      expect(gap.end_ms - gap.start_ms).toBeGreaterThan(1_900);
      expect(gap.end_ms - gap.start_ms).toBeLessThan(20_000);
    }
    const arrivals = async () => (await eventsOf('participant.joined')).filter(({ kind }) => kind === 'person');
    expect(await arrivals()).toHaveLength(2);
    expect(await eventsOf('session.started')).toHaveLength(1);
    // The server puts out who was there under the same identity.
    bobs.push(await joinAs('bob~1', 900));
    await waitFor(async () => (await eventsOf('participant.left')).some(({ identity }) => identity === 'bob~1'));
    await waitFor(async () => (await arrivals()).length === 3, { what: 'the return of bob' });
    await second.leave();
    // Of carol, whom the log has in the room, it is said that she left; she comes back while nobody else is there.
    await Promise.all([anna, ...bobs].map((one) => one[Symbol.asyncDispose]()));
    await log.append(id, {
      type: 'participant.joined',
      at: eventTime(),
      identity: 'carol~1',
      kind: 'person',
      speaker: 'carol',
    });
    await scribe({}, startedAt);
    await joinAs('carol~1', 700);
    await waitFor(async () => (await arrivals()).filter(({ identity }) => identity === 'carol~1').length === 2, {
      what: 'the return of carol',
    });
  },
);

test('a clock that was started while the scribe was on its way is its clock', { timeout: 40_000 }, async () => {
  const anna = await joinAs('anna~1', 500);
  await log.append(id, { type: 'session.started', at: eventTime(new Date(Date.now() - 30_000)) });
  await scribe();
  await anna.say(1_000);
  await isSaid('anna', 1);
  expect((await utterances())[0]?.start_ms).toBeGreaterThan(30_000);
});

test('one that may have been taken up again does not end because nobody can tell', { timeout: 40_000 }, async () => {
  const unreadable = { read: () => Promise.reject(new Error('Redis is away')) };
  const startedAt = eventTime(new Date(Date.now() - 120_000));
  const { ended } = await scribe({ meeting: { max_duration_min: 1 } }, startedAt, unreadable);
  const anna = await joinAs('anna~1', 500);
  await anna.say(1_000);
  await isSaid('anna', 1);
  expect(ended).toEqual([]);
});

test(
  'the longest meeting ends by itself; one that is taken up again has its whole time anew, on its first clock',
  { timeout: 40_000 },
  async () => {
    const started = Date.now() - 60_000;
    const options = { meeting: { max_duration_min: 1 } };
    const first = await scribe(options, new Date(started).toISOString());
    const anna = await joinAs('anna~1', 500);
    await waitFor(() => first.ended[0] === 'max_duration', { timeoutMs: 5_000 });
    await first.leave();
    await log.append(id, { type: 'session.ended', at: eventTime(), reason: 'max_duration' });
    await log.reopen(id, { lastSeq: 0, time: 1 });
    const second = await scribe(options, new Date(started).toISOString());
    await anna.say(1_000);
    await isSaid('anna', 1);
    expect(second.ended).toEqual([]);
    expect((await textsOf('anna'))[0]?.start_ms).toBeGreaterThan(60_000);
    expect((await gaps()).map(({ reason }) => reason)).toEqual([]);
  },
);

test(
  'of a sender who freezes nothing is claimed that was not sent, and the gap is told',
  { timeout: 90_000 },
  async () => {
    await scribe();
    const token = accessToken(livekit, 'anna~1', { room: id, roomJoin: true });
    const program = new URL('../test-support/tone-process.ts', import.meta.url).pathname;
    const sender = spawn(process.execPath, [program, livekit.url, token], { stdio: 'ignore' });
    stack.defer(() => void sender.kill('SIGKILL'));
    await waitFor(async () => (await heardMs('anna')) > 3_000, { what: 'the tone to be heard', timeoutMs: 40_000 });
    const started = Date.parse((await eventsOf('session.started'))[0]?.at ?? '');
    sender.kill('SIGSTOP');
    const frozenMs = Date.now() - started;
    await waitFor(() => Date.now() - started > frozenMs + 6_000, { timeoutMs: 8_000 });
    sender.kill('SIGCONT');
    const thawedMs = Date.now() - started;
    const gap = await waitFor(async () => (await gaps())[0], { what: 'the gap', timeoutMs: 10_000 });
    await waitFor(async () => (await spans()).some(({ start_ms }) => start_ms > thawedMs), { timeoutMs: 15_000 });
    expect(gap).toMatchObject({ speaker: 'anna', reason: 'sender_away' });
    expect(Math.abs(gap.start_ms - frozenMs)).toBeLessThan(700);
    expect(Math.abs(gap.end_ms - thawedMs)).toBeLessThan(1_000);
    const overClaimed = (await spans()).map(
      ({ start_ms, end_ms }) => Math.min(end_ms, thawedMs) - Math.max(start_ms, frozenMs + 300),
    );
    expect(Math.max(...overClaimed)).toBeLessThanOrEqual(0);
  },
);
