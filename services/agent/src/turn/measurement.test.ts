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

test('a turn is measured when the agent has answered it', () => {
  const turns = new TurnPairing();
  expect(turns.userSpoke(user)).toBeUndefined();
  expect(turns.agentSpoke(agent, false)?.total_ms).toBe(1100);
});

test('a greeting is no turn', () => {
  expect(new TurnPairing().agentSpoke(agent, false)).toBeUndefined();
});

test('a person who speaks again before any answer was heard leaves an interrupted turn without a total', () => {
  const turns = new TurnPairing();
  turns.userSpoke(user);
  expect(turns.userSpoke(user)).toMatchObject({ interrupted: true, total_ms: null, stt_final_ms: 450 });
});

test('a second message of the agent does not measure the same turn twice', () => {
  const turns = new TurnPairing();
  turns.userSpoke(user);
  turns.agentSpoke(agent, false);
  expect(turns.agentSpoke(agent, false)).toBeUndefined();
});
