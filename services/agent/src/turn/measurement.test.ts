import { expect, test } from 'vitest';
import { measureTurn, TurnPairing } from './measurement.ts';

const user = { stoppedSpeakingAt: 100, transcriptionDelay: 0.45, endOfTurnDelay: 0.8 };
const agent = { startedSpeakingAt: 101.1, llmNodeTtft: 0.05, ttsNodeTtfb: 0.1204 };

test('seconds of the library become whole milliseconds, the total is from the last voiced frame to the first agent frame', () => {
  expect(measureTurn(user, agent, false)).toEqual({
    stt_final_ms: 450,
    turn_committed_ms: 800,
    llm_ttft_ms: 50,
    tts_ttfb_ms: 120,
    total_ms: 1100,
    interrupted: false,
  });
});

test('what was not measured is null, never zero', () => {
  expect(measureTurn({}, {}, true)).toEqual({
    stt_final_ms: null,
    turn_committed_ms: null,
    llm_ttft_ms: null,
    tts_ttfb_ms: null,
    total_ms: null,
    interrupted: true,
  });
});

/** Metrics of an answer to speech that ended at `end`, first heard at `start`. */
const answerTo = (end: number, start: number) => ({ startedSpeakingAt: start, e2eLatency: start - end });

test('a turn is measured when the agent has answered it', () => {
  const turns = new TurnPairing();
  expect(turns.userSpoke(user)).toEqual([]);
  expect(turns.agentSpoke(answerTo(100, 101.1), false)).toMatchObject([
    { turn: { total_ms: 1100, interrupted: false }, atS: 101.1 },
  ]);
});

test('a greeting is no turn, also while one is waiting', () => {
  const turns = new TurnPairing();
  expect(turns.agentSpoke(agent, false)).toEqual([]);
  turns.userSpoke(user);
  expect(turns.agentSpoke({ startedSpeakingAt: 99 }, true)).toEqual([]);
});

test('an answer that was cut off belongs to its own turn, though the next message came first', () => {
  const turns = new TurnPairing();
  turns.userSpoke({ stoppedSpeakingAt: 100 });
  turns.userSpoke({ stoppedSpeakingAt: 105 });
  expect(turns.agentSpoke(answerTo(100, 101), true)).toMatchObject([{ turn: { total_ms: 1000, interrupted: true } }]);
  expect(turns.agentSpoke(answerTo(105, 105.5), false)).toMatchObject([
    { turn: { total_ms: 500, interrupted: false } },
  ]);
});

test('a turn that got no answer before the next one did is measured without a total', () => {
  const turns = new TurnPairing();
  turns.userSpoke({ stoppedSpeakingAt: 100, transcriptionDelay: 0.45 });
  turns.userSpoke({ stoppedSpeakingAt: 105 });
  expect(turns.agentSpoke(answerTo(105, 106), false)).toMatchObject([
    { turn: { interrupted: true, total_ms: null, stt_final_ms: 450 }, atS: 100 },
    { turn: { interrupted: false, total_ms: 1000 }, atS: 106 },
  ]);
});

test('an answer to typed text is a turn without stages that were not spoken', () => {
  const turns = new TurnPairing();
  turns.userSpoke({});
  expect(turns.agentSpoke({ startedSpeakingAt: 5, llmNodeTtft: 0.2 }, false)).toMatchObject([
    { turn: { llm_ttft_ms: 200, stt_final_ms: null, total_ms: null } },
  ]);
});

test('turns that wait are bounded', () => {
  const turns = new TurnPairing();
  for (let index = 0; index < 4; index += 1) expect(turns.userSpoke({ stoppedSpeakingAt: index })).toEqual([]);
  expect(turns.userSpoke({ stoppedSpeakingAt: 9 })).toHaveLength(1);
});
