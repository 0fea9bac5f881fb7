import { expect, test } from 'vitest';
import type { LinkAccount } from '../speech/gateway-link.ts';
import { Ear } from './ear.ts';

const LOUD = Buffer.from(new Int16Array(1_600).fill(5_000).buffer);
const SILENT = Buffer.alloc(3_200);
const T0 = 1_000_000;

function setUp() {
  let account: LinkAccount | undefined;
  const link = { runs: 0, pushed: 0, finalized: 0, isFinalizing: false };
  const state = { muted: false };
  const missed: string[] = [];
  const ear = new Ear({
    openLink: (handlers) => {
      account = handlers.account;
      return {
        get isFinalizing() {
          return link.isFinalizing;
        },
        push: (pcm, nowMs) => {
          link.pushed += 1;
          handlers.account.clock.push(pcm.length / 2, nowMs);
        },
        finalize: () => void (link.finalized += 1),
        run: () => {
          link.runs += 1;
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      };
    },
    isMuted: () => state.muted,
    pauses: () => [{ start_ms: T0 + 2_000, end_ms: T0 + 3_000 }],
    onTranscript: () => {},
    onMissed: ({ start_ms, end_ms }, reason) => void missed.push(`${reason} ${start_ms - T0}-${end_ms - T0}`),
    onUnsupported: () => {},
  });
  let frames = 0;
  const hear = (count: number, pcm: Buffer) => {
    for (let index = 0; index < count; index += 1) ear.hear(pcm, T0 + (frames += 1) * 100);
  };
  const acknowledge = (sample: number) => account?.onAcknowledged(sample);
  const lose = (from: number, to: number) => account?.onLost(from, to);
  const received = (fromMs: number, toMs: number, concealed = 0) =>
    ear.noteReception({ fromMs: T0 + fromMs, toMs: T0 + toMs, concealed });
  const claims = () => ear.takeTranscribed().map(({ start_ms, end_ms }) => [start_ms - T0, end_ms - T0]);
  return { ear, link, state, missed, hear, acknowledge, lose, received, claims };
}

test('somebody who is muted takes no room at the gateway until there is something to hear', () => {
  const { link, state, hear } = setUp();
  state.muted = true;
  hear(100, SILENT);
  expect(link).toMatchObject({ runs: 0, pushed: 0 });
  hear(1, LOUD);
  hear(5, SILENT);
  expect(link).toMatchObject({ runs: 1, pushed: 6 });
});

test('claimed is what was transcribed and received, and outside of pauses', () => {
  const { hear, acknowledge, received, claims } = setUp();
  hear(40, LOUD);
  acknowledge(4 * 16_000);
  expect(claims()).toEqual([]);
  received(0, 1_000);
  received(1_000, 2_000);
  expect(claims()).toEqual([[0, 1_000]]);
  received(2_000, 4_500);
  received(4_500, 5_000);
  expect(claims()).toEqual([
    [1_000, 2_000],
    [3_000, 4_000],
  ]);
  expect(claims()).toEqual([]);
});

test('what was lost is told and never claimed', () => {
  const { hear, acknowledge, lose, missed, received, claims } = setUp();
  hear(20, LOUD);
  received(0, 2_000);
  received(2_000, 2_500);
  lose(0, 16_000);
  acknowledge(2 * 16_000);
  expect(missed).toEqual(['stt_away 0-1000']);
  expect(claims()).toEqual([[1_000, 2_000]]);
});

test('speech without a pause is asked for in time, and in a pause sooner', () => {
  const { link, hear } = setUp();
  hear(64, LOUD);
  expect(link.finalized).toBe(0);
  hear(1, LOUD);
  expect(link.finalized).toBe(1);
  const other = setUp();
  other.hear(38, LOUD);
  other.hear(2, SILENT);
  expect(other.link.finalized).toBe(1);
});

test('a sender whose network broke is told as away; one who was muted is not', () => {
  const { state, missed, received } = setUp();
  received(0, 500);
  received(500, 1_000, 0.5);
  received(1_000, 3_000, 1);
  received(3_000, 3_500, 0.2);
  expect(missed).toEqual(['sender_away 750-3100']);
  state.muted = true;
  received(3_500, 9_000, 1);
  state.muted = false;
  received(9_000, 9_500);
  expect(missed).toHaveLength(1);
});
