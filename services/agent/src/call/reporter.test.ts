import { EventEmitter } from 'node:events';
import { sessionEventBodySchema, type Interim, type SessionEventBody } from '@eloquence/shared/contracts/events';
import { voice } from '@livekit/agents';
import { expect, test } from 'vitest';
import { SessionClock } from '../events/session-clock.ts';
import { Reporter } from './reporter.ts';

const STARTED_MS = 1_000_000;

function setUp() {
  const bodies: SessionEventBody[] = [];
  const interims: Interim[] = [];
  const reporter = new Reporter({
    writer: { append: (body) => void bodies.push(body), interim: (interim) => void interims.push(interim) },
    clock: new SessionClock(STARTED_MS),
    speaker: 'marie',
    onTurn: () => {},
  });
  return { reporter, bodies, interims };
}

const spoken = {
  text: 'bonjour',
  startMs: STARTED_MS + 1_000,
  endMs: STARTED_MS + 1_500,
  startS: 1,
  endS: 1.5,
  words: [],
  confidence: 1,
};
const message = (role: 'user' | 'assistant', textContent: string, metrics: object, interrupted = false) => ({
  role,
  textContent,
  metrics,
  interrupted,
});

test('an interim is shown, a final is a fact', () => {
  const { reporter, bodies, interims } = setUp();
  reporter.transcript({ ...spoken, isFinal: false });
  reporter.transcript({ ...spoken, isFinal: true });
  expect(interims).toMatchObject([{ speaker: 'marie', text: 'bonjour' }]);
  expect(bodies).toMatchObject([
    {
      type: 'utterance.final',
      utterance: { role: 'user', speaker: 'marie', text: 'bonjour', start_ms: 1_000, end_ms: 1_500 },
    },
  ]);
});

test('an answer is an utterance and a measured turn, and both are of their contract', () => {
  const { reporter, bodies } = setUp();
  reporter.message(message('user', 'bonjour', { stoppedSpeakingAt: 1_002, endOfTurnDelay: 0.8 }));
  reporter.message(
    message('assistant', ' Bonjour Marie. ', { startedSpeakingAt: 1_003, stoppedSpeakingAt: 1_005, e2eLatency: 1 }),
  );
  expect(bodies).toMatchObject([
    { type: 'turn.measured', turn: { total_ms: 1_000, turn_committed_ms: 800, interrupted: false } },
    { type: 'utterance.final', utterance: { role: 'agent', text: 'Bonjour Marie.', start_ms: 3_000, end_ms: 5_000 } },
  ]);
  for (const body of bodies) expect(sessionEventBodySchema.safeParse(body).success).toBe(true);
});

test('of a sentence that was cut only what was heard is written, also when the library gives all of it', () => {
  const { reporter, bodies } = setUp();
  const output = new EventEmitter();
  reporter.followOutput(output as unknown as voice.AudioOutput);
  output.emit(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, {
    playbackPosition: 1,
    interrupted: true,
    synchronizedTranscript: 'Bonjour, je suis',
  });
  reporter.message(message('assistant', 'Bonjour, je suis votre coach.', { startedSpeakingAt: 1_001 }, true));
  expect(bodies).toMatchObject([{ utterance: { text: 'Bonjour, je suis' } }]);
});

test('a sentence cut by the end of the call is written as far as its time goes', () => {
  const { reporter, bodies } = setUp();
  const output = new EventEmitter();
  reporter.followOutput(output as unknown as voice.AudioOutput);
  for (const seconds of [0.9, 5]) {
    output.emit(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, { playbackPosition: seconds, interrupted: true });
    reporter.message(message('assistant', 'Bonjour, je suis votre coach.', { startedSpeakingAt: 1_001 }, true));
  }
  expect(bodies).toMatchObject([
    { utterance: { text: 'Bonjour, je' } },
    { utterance: { text: 'Bonjour, je suis votre coach.' } },
  ]);
});

test('words nobody heard are not in the transcript', () => {
  const { reporter, bodies } = setUp();
  reporter.message(message('assistant', 'Bonjour.', {}, true));
  expect(bodies).toEqual([]);
});

test('typed text is an utterance of the person', () => {
  const { reporter, bodies } = setUp();
  reporter.typed('je préfère écrire');
  expect(bodies).toMatchObject([{ type: 'utterance.final', utterance: { role: 'user', text: 'je préfère écrire' } }]);
});

test('a state is written when it changes, and idle is listening', () => {
  const { reporter, bodies } = setUp();
  for (const state of ['listening', 'idle', 'thinking', 'speaking', 'speaking'] as const) reporter.state(state);
  expect(bodies.map((body) => body.type === 'state.changed' && body.state)).toEqual([
    'listening',
    'thinking',
    'speaking',
  ]);
});
