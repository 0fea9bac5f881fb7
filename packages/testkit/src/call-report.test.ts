import { expect, test } from 'vitest';
import type { SessionEvent } from '@eloquence/shared/contracts/events';
import { faultsOf, percentile, renderReport } from './call-report.ts';
import type { ConversationResult, TurnResult } from './conversation.ts';

const stages = {
  stt_final_ms: 120,
  turn_committed_ms: 300,
  llm_ttft_ms: 40,
  tts_ttfb_ms: 55,
  total_ms: 480,
  interrupted: false,
};
const turn: TurnResult = {
  sentence: 'donnez-moi un conseil',
  spoken: { fromMs: 1000, toMs: 2000 },
  heardFrom: 2600,
  heardTo: 4000,
  latencyMs: 600,
  answerPcm: new Int16Array(0),
  bargeInStopMs: null,
  stages,
};
const utterance = (role: 'user' | 'agent', text: string) => ({
  utterance_id: 'utt_aaaaaaaaaaaaaaaa',
  speaker: role,
  role,
  text,
  start_ms: 0,
  end_ms: 1,
});
const complete: ConversationResult = {
  session: { session_id: 'ses_aaaaaaaaaaaaaaaaaaaa' } as ConversationResult['session'],
  greetingMs: 700,
  turns: [turn],
  transcript: {
    session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
    language: 'fr',
    utterances: [utterance('agent', 'Bonjour'), utterance('user', 'Donnez-moi un conseil.')],
  },
  events: ['session.created', 'session.started', 'session.ended'].map((type) => ({ type }) as SessionEvent),
  interims: [],
};

test('a complete call has no faults, and its table shows latency and stages', () => {
  expect(faultsOf(complete)).toEqual([]);
  const report = renderReport(complete);
  expect(report).toContain('word error rate 0.0 % (0 of 4 words)');
  expect(report).toMatch(/^ +p95 +600 +120 +300 +40 +55 +480$/m);
  expect(report).not.toContain('MISSING');
});

test.each([
  [{ turns: [{ ...turn, latencyMs: null }] }, 'turn 1 got no answer'],
  [{ turns: [{ ...turn, latencyMs: -200 }] }, 'turn 1 was cut off by the agent'],
  [{ turns: [{ ...turn, stages: null }] }, 'turn 1 has no turn.measured event'],
  [{ greetingMs: null }, 'no greeting was heard'],
  [
    {
      events: [...complete.events, { type: 'agent.failed', code: 'llm_failed', message: 'No answer.' } as SessionEvent],
    },
    'llm_failed: No answer.',
  ],
  [{ events: complete.events.slice(0, 2) }, 'no session.ended event'],
  [{ transcript: { ...complete.transcript, utterances: [] } }, 'the transcript has 0 utterances of the user, not 1'],
])('what is missing is named: %#', (change, fault) => {
  expect(faultsOf({ ...complete, ...change })).toContain(fault);
});

test('percentiles are by nearest rank', () => {
  const values = [5, 1, 4, 2, 3];
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile([], 0.5)]).toEqual([3, 5, null]);
});
