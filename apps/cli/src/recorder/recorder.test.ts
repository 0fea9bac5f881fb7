import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordingDocumentSchema } from '@eloquence/shared/contracts/cli-documents';
import { waitFor } from '@eloquence/testkit/wait-for';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { totalMs } from '@eloquence/shared/runtime/spans';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FRAME_MS, FRAME_SAMPLES, type AudioSource, type Frame, type SourceHealth } from '../capture/source.ts';
import { record, type RecorderParts } from './recorder.ts';
import type { RecordingOptions, SourceId } from './recording.ts';
import { FakeMeeting, FakeRoom } from './testing/fake-meeting.ts';

const SESSION = 'ses_aaaaaaaaaaaaaaaaaaaa';
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eloquence-recorder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A device on the real clock. Its samples tell their own time, so that what arrives can be checked. */
class FakeSource implements AudioSource {
  readonly id: SourceId;
  silent = false;
  playsNow: boolean | null = null;
  #real = 0;

  constructor(id: SourceId) {
    this.id = id;
  }

  describe(): string {
    return `fake ${this.id}`;
  }

  playing(): Promise<boolean | null> {
    return Promise.resolve(this.playsNow);
  }

  get health(): SourceHealth {
    return {
      state: 'capturing',
      realFrames: this.#real,
      filledFrames: 0,
      reopened: 0,
      droppedFrames: 0,
      problem: null,
    };
  }

  async *open(signal: AbortSignal): AsyncGenerator<Frame> {
    for (let atMs = Date.now(); !signal.aborted;) {
      while (atMs + FRAME_MS <= Date.now()) {
        this.#real += 1;
        yield { pcm: this.silent ? new Int16Array(FRAME_SAMPLES) : stamped(atMs), atMs, filled: false };
        atMs += FRAME_MS;
      }
      await delay(10, signal).catch(() => undefined);
    }
  }
}

function stamped(atMs: number): Int16Array {
  return Int16Array.from({ length: FRAME_SAMPLES }, (_, n) => stampOf(atMs + Math.floor(n / 16)));
}

const stampOf = (ms: number): number => 1_000 + (ms % 20_000);

class Rig {
  readonly meeting = new FakeMeeting();
  readonly sources = { them: new FakeSource('them'), me: new FakeSource('me') };
  readonly stop = new AbortController();
  readonly parts: RecorderParts = {
    openSource: ({ id }) => this.sources[id],
    openRoom: (options) => new FakeRoom(this.meeting, options),
  };

  start(options: Partial<RecordingOptions> = {}) {
    return record(
      {
        sessionId: SESSION,
        name: 'Essai',
        language: 'fr',
        api: this.meeting,
        spoolDir: folder,
        screen: 'off',
        flushTimeoutMs: 2_000,
        signal: this.stop.signal,
        ...options,
      },
      this.parts,
    );
  }
}

test('what is recorded is heard once, whole, and at its time; nothing is left on disk', async () => {
  const rig = new Rig();
  const recording = rig.start();
  await waitFor(() => (rig.meeting.heard.get('paul')?.size ?? 0) > 1_500, { what: 'sound' });
  rig.stop.abort();
  const result = await recording;
  expect(result).toMatchObject({ reason: 'stopped', undelivered_bytes: 0, lost_s: 0, silent_alarms: [] });
  expect(result.sources.map(({ speaker }) => speaker)).toEqual(['paul.them', 'paul']);
  expect(result.sources.every(({ real_s: realS }) => realS > 1.4)).toBe(true);
  expect(recordingDocumentSchema.parse(result)).toEqual(result);
  expect(rig.meeting.ended).toBe(true);
  expect(await readdir(folder)).toEqual([]);
  for (const speaker of ['paul', 'paul.them']) expectWhole(rig.meeting, speaker);
});

test(
  'while the server is away the sound goes to disk, and is delivered when it is back: all of it, once, at its time',
  { timeout: 40_000 },
  async () => {
    const rig = new Rig();
    const recording = rig.start({ flushTimeoutMs: 20_000 });
    await waitFor(() => (rig.meeting.heard.get('paul')?.size ?? 0) > 1_000, { what: 'sound' });
    rig.meeting.away = true;
    const heardBefore = rig.meeting.heard.get('paul')!.size;
    await waitFor(async () => (await filesOf('.flac')).length >= 2, { what: 'sound on disk', timeoutMs: 14_000 });
    expect(rig.meeting.heard.get('paul')!.size).toBe(heardBefore);
    rig.meeting.away = false;
    await waitFor(() => rig.meeting.pieces.length > 0, { what: 'delivery', timeoutMs: 12_000 });
    rig.stop.abort();
    const result = await recording;
    expect(result).toMatchObject({ undelivered_bytes: 0 });
    for (const speaker of ['paul', 'paul.them']) expectWhole(rig.meeting, speaker);
    for (const { start_ms, end_ms } of rig.meeting.pieces) expect(end_ms - start_ms).toBeLessThanOrEqual(10_000);
  },
);

test(
  'stopped while a piece of sound is on its way, the piece is seen through and not sent again',
  { timeout: 40_000 },
  async () => {
    const rig = new Rig();
    const recording = rig.start({ flushTimeoutMs: 20_000 });
    await waitFor(() => (rig.meeting.heard.get('paul')?.size ?? 0) > 500, { what: 'sound' });
    rig.meeting.away = true;
    await waitFor(async () => (await filesOf('.flac')).length >= 2, { what: 'sound on disk', timeoutMs: 14_000 });
    rig.meeting.hearingMs = 1_500;
    rig.meeting.away = false;
    await waitFor(() => rig.meeting.received > 0, { what: 'a piece on its way', timeoutMs: 12_000 });
    expect(rig.meeting.pieces).toEqual([]);
    rig.stop.abort();
    expect(await recording).toMatchObject({ undelivered_bytes: 0 });
    for (const speaker of ['paul', 'paul.them']) expectWhole(rig.meeting, speaker);
  },
);

test(
  'what was recorded before anybody came to hear it is part of the meeting, from its first second',
  { timeout: 30_000 },
  async () => {
    const rig = new Rig();
    [rig.meeting.started, rig.meeting.away] = [false, true];
    const beganMs = Date.now();
    const recording = rig.start({ flushTimeoutMs: 20_000 });
    await delay(2_500);
    rig.meeting.away = false;
    await waitFor(() => rig.meeting.started && (rig.meeting.heard.get('paul')?.size ?? 0) > 3_000, {
      what: 'sound of before and after',
      timeoutMs: 15_000,
    });
    rig.stop.abort();
    expect(await recording).toMatchObject({ undelivered_bytes: 0 });
    expect(rig.meeting.startedMs - beganMs).toBeLessThan(500);
    for (const speaker of ['paul', 'paul.them']) {
      expectWhole(rig.meeting, speaker);
      expect(Math.min(...rig.meeting.heard.get(speaker)!.keys())).toBeLessThan(100);
    }
  },
);

test(
  'stopped while the server is away, the sound stays on disk; taken up again, it is delivered',
  { timeout: 30_000 },
  async () => {
    const rig = new Rig();
    const recording = rig.start({ flushTimeoutMs: 300 });
    await waitFor(() => (rig.meeting.heard.get('paul')?.size ?? 0) > 1_500, { what: 'sound' });
    rig.meeting.away = true;
    await delay(1_500);
    rig.stop.abort();
    const left = await recording;
    expect(left).toMatchObject({ reason: 'stopped' });
    expect(left.undelivered_s).toBeGreaterThan(2);
    rig.meeting.away = false;
    const again = await rig.start({ deliverOnly: true, signal: new AbortController().signal });
    expect(again).toMatchObject({ reason: 'delivered', undelivered_bytes: 0 });
    for (const speaker of ['paul', 'paul.them']) expectWhole(rig.meeting, speaker);
    expect(rig.meeting.ended).toBe(true);
  },
);

test(
  'a silent far side is told to the server and in the result; it is over when there is sound',
  { timeout: 20_000 },
  async () => {
    const rig = new Rig();
    rig.sources.them.silent = true;
    const recording = rig.start({ silentAfterMs: 2_000 });
    await waitFor(() => rig.meeting.silent.length > 0, { what: 'the alarm', timeoutMs: 12_000 });
    rig.sources.them.silent = false;
    await waitFor(() => rig.meeting.silent.some(({ end_ms }) => end_ms !== null), {
      what: 'its end',
      timeoutMs: 12_000,
    });
    rig.stop.abort();
    const result = await recording;
    expect(result).toMatchObject({ silent_alarms: [{ source: 'them' }] });
    const [began, over] = rig.meeting.silent;
    expect(began).toMatchObject({ speaker: 'paul.them', end_ms: null });
    expect(over?.start_ms).toBe(began?.start_ms);
  },
);

test('what found no room on disk while the server was away is told as missed', { timeout: 30_000 }, async () => {
  const rig = new Rig();
  const recording = rig.start({ spoolMaxBytes: 40_000 });
  await waitFor(() => (rig.meeting.heard.get('paul')?.size ?? 0) > 500, { what: 'sound' });
  rig.meeting.away = true;
  await delay(5_000);
  rig.meeting.away = false;
  rig.stop.abort();
  const { lost_s: lostS } = await recording;
  const told = new Set(rig.meeting.gaps.map(({ speaker, reason }) => `${speaker} ${reason}`));
  expect([...told].toSorted()).toEqual(['paul sender_away', 'paul.them sender_away']);
  expect(lostS).toBeGreaterThan(0.2);
  const toldMs = rig.meeting.gaps.reduce((sum, gap) => sum + gap.end_ms - gap.start_ms, 0);
  expect(toldMs).toBeGreaterThan(lostS * 1000 - 200);
});

test('a disk that takes no more loses nothing while the room carries the sound', async () => {
  const rig = new Rig();
  const recording = rig.start({ spoolMaxBytes: 1_000 });
  await waitFor(() => (rig.meeting.heard.get('paul')?.size ?? 0) > 1_500, { what: 'sound' });
  rig.stop.abort();
  // Of the first moment, before there was a room, nothing is left.
  expect((await recording).lost_s).toBeLessThan(0.3);
});

test('during a pause nothing is captured, for whoever asked for it', { timeout: 20_000 }, async () => {
  const rig = new Rig();
  const recording = rig.start();
  const heard = () => rig.meeting.heard.get('paul')?.size ?? 0;
  await waitFor(() => heard() > 1_000, { what: 'sound' });
  await waitFor(async () => (await rig.meeting.coverage()).spans.length > 0, { what: 'a clock' });
  rig.meeting.say({ type: 'recording.paused', at: new Date().toISOString(), at_ms: rig.meeting.nowMs });
  await delay(300);
  const paused = heard();
  await delay(1_500);
  expect(heard()).toBe(paused);
  rig.meeting.say({ type: 'recording.continued', at: new Date().toISOString(), at_ms: rig.meeting.nowMs });
  await waitFor(() => heard() > paused + 500, { what: 'going on' });
  rig.stop.abort();
  const result = await recording;
  expect(result.paused_s).toBeGreaterThan(1.5);
  expect(rig.meeting.gaps.map(({ speaker, reason }) => [speaker, reason])).toEqual([
    ['paul.them', 'paused'],
    ['paul', 'paused'],
  ]);
  expect(rig.meeting.states).toEqual([]);
});

test(
  'a session that is ended elsewhere, and one that lasts too long, end the recording',
  { timeout: 40_000 },
  async () => {
    const first = new Rig();
    const elsewhere = first.start();
    await waitFor(() => first.meeting.heard.size === 2, { what: 'sound' });
    first.meeting.say({ type: 'session.ended', at: new Date().toISOString(), reason: 'max_duration' });
    first.meeting.ended = true;
    expect((await elsewhere).reason).toBe('max_duration');
    const second = new Rig();
    expect((await second.start({ maxDurationMs: 1_000 })).reason).toBe('max_duration');
  },
);

test('two do not record the same session', async () => {
  const rig = new Rig();
  const recording = rig.start();
  await waitFor(() => rig.meeting.heard.size === 2, { what: 'sound' });
  await expect(new Rig().start()).rejects.toThrow(/déjà enregistrée/);
  rig.stop.abort();
  await recording;
});

test('a device that does not open ends the recording with the device’s own words', async () => {
  const rig = new Rig();
  rig.sources.me.open = async function* () {
    yield* [];
    throw new AppError('unavailable', 'apt install pulseaudio-utils');
  };
  await expect(rig.start()).rejects.toThrow('apt install pulseaudio-utils');
  expect(rig.meeting.ended).toBe(false);
});

/** Every ms between the first and the last was heard, by one way only but for the edges, and is what sounded then. */
function expectWhole(meeting: FakeMeeting, speaker: string): void {
  const heard = meeting.heard.get(speaker)!;
  const times = [...heard.keys()].toSorted((a, b) => a - b);
  const missing = times.at(-1)! - times[0]! + 1 - times.length;
  const twice = [...heard.values()].filter(({ length }) => length > 1).length;
  const wrong = times.filter((ms) => heard.get(ms)!.some((sample) => sampleIsOff(sample, ms + meeting.startedMs)));
  expect({ missing, twice }, speaker).toEqual({
    missing: expect.toSatisfy(atMost(60)),
    twice: expect.toSatisfy(atMost(60)),
  });
  expect(wrong.length / times.length, speaker).toBeLessThan(0.02);
  const spans = meeting.spans.filter((span) => span.speaker === speaker);
  expect(totalMs(spans)).toBeGreaterThanOrEqual(times.length - 60);
}

const atMost = (limit: number) => (value: number) => value <= limit;

/** Off by more than the clock can know. */
function sampleIsOff(sample: number, ms: number): boolean {
  const difference = Math.abs(sample - stampOf(ms));
  return Math.min(difference, 20_000 - difference) > 25;
}

async function filesOf(ending: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files.filter((name) => name.endsWith(ending));
}
