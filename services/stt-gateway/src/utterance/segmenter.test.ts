import { describe, expect, test } from 'vitest';
import {
  endIsKnown,
  initialState,
  msOf,
  samplesOf,
  step,
  type SegmenterEffect,
  type SegmenterInput,
  type SegmenterOptions,
} from './segmenter.ts';

const WINDOW = 512;
const WINDOW_MS = msOf(WINDOW);

/** Feeds windows and keeps the effects. */
function listener(overrides: Partial<SegmenterOptions> = {}) {
  const options: SegmenterOptions = {
    endpointingMs: 300,
    utteranceEndMs: undefined,
    cutFromMs: 20_000,
    cutAtMs: 25_000,
    ...overrides,
  };
  let state = initialState();
  const effects: SegmenterEffect[] = [];
  const give = (input: SegmenterInput) => {
    const next = step(state, input, options);
    state = next.state;
    effects.push(...next.effects);
  };
  const hear = (durationMs: number, probability: number, rms = probability / 10) => {
    for (let heardMs = 0; heardMs < durationMs; heardMs += WINDOW_MS)
      give({ type: 'window', start: state.position, end: state.position + WINDOW, probability, rms });
  };
  return {
    effects,
    give,
    hear,
    speech: (ms: number) => hear(ms, 0.95),
    silence: (ms: number) => hear(ms, 0.02),
    get state() {
      return state;
    },
    kinds: () => effects.map(({ type }) => type),
    commits: () => effects.filter((effect) => effect.type === 'commit'),
  };
}

describe('segmenter', () => {
  test('one utterance: started with pre-roll, guessed at 120 ms, committed at 300 ms of silence', () => {
    const ear = listener();
    ear.silence(1000);
    const started = ear.state.position;
    ear.speech(500);
    const ended = ear.state.position;
    ear.silence(1000);
    expect(ear.kinds()).toEqual(['speech.started', 'speculate', 'commit']);
    const [commit] = ear.commits();
    expect(commit).toMatchObject({
      cause: 'endpoint',
      span: { from: started - samplesOf(300), speechStart: started, speechEnd: ended, to: ended + samplesOf(120) },
    });
  });

  test('the guess and the commit are of the same audio', () => {
    const ear = listener();
    ear.speech(500);
    ear.silence(400);
    const guess = ear.effects.find((effect) => effect.type === 'speculate');
    expect(guess).toMatchObject({ span: ear.commits()[0]?.span as object });
  });

  test('speech that resumes in the pause withdraws the guess and goes on as one utterance', () => {
    const ear = listener();
    ear.speech(400);
    ear.silence(200);
    ear.speech(400);
    ear.silence(400);
    expect(ear.kinds()).toEqual(['speech.started', 'speculate', 'speech.resumed', 'speculate', 'commit']);
  });

  test('one window of speech is a click', () => {
    const ear = listener();
    ear.silence(200);
    ear.speech(WINDOW_MS);
    ear.silence(1000);
    expect(ear.effects).toEqual([]);
  });

  test('a probability between the thresholds keeps speech going but does not start it', () => {
    const ear = listener();
    ear.hear(1000, 0.4);
    expect(ear.effects).toEqual([]);
    ear.speech(200);
    ear.hear(1000, 0.4);
    expect(ear.kinds()).toEqual(['speech.started']);
    // Once silence has begun it does not count as speech again.
    ear.silence(40);
    ear.hear(400, 0.4);
    expect(ear.kinds()).toEqual(['speech.started', 'speculate', 'commit']);
  });

  test('two utterances close together share no audio', () => {
    const ear = listener();
    ear.speech(300);
    ear.silence(320);
    ear.speech(300);
    ear.silence(320);
    const [first, second] = ear.commits();
    expect(second?.span.from).toBeGreaterThanOrEqual(first?.span.to ?? Infinity);
  });

  test('a client that stops sending is in silence by the wall clock', () => {
    const ear = listener();
    ear.speech(300);
    ear.give({ type: 'stall', stalledMs: 100 });
    ear.give({ type: 'stall', stalledMs: 200 });
    expect(ear.kinds()).toEqual(['speech.started', 'speculate']);
    ear.give({ type: 'stall', stalledMs: 300 });
    expect(ear.commits()).toHaveLength(1);
    ear.give({ type: 'stall', stalledMs: 9_000 });
    expect(ear.commits()).toHaveLength(1);
  });

  test('the end of the utterance is told once, after its commit, by audio or by wall clock', () => {
    const ear = listener({ utteranceEndMs: 1000 });
    ear.speech(300);
    ear.silence(700);
    expect(ear.kinds()).not.toContain('utterance.ended');
    ear.give({ type: 'stall', stalledMs: 300 });
    ear.silence(2000);
    expect(ear.kinds()).toEqual(['speech.started', 'speculate', 'commit', 'utterance.ended']);
  });

  test('the end is known before the last windows are heard when they cannot move it, and only then', () => {
    const ear = listener({ endpointingMs: undefined });
    const knows = (tailMs: number) => endIsKnown(ear.state, ear.state.position + samplesOf(tailMs));
    ear.speech(350);
    // So little speech is doubted: its last windows count.
    expect(knows(32)).toBe(false);
    ear.speech(200);
    expect([knows(0), knows(120), knows(121)]).toEqual([true, true, false]);
    ear.silence(64);
    expect([knows(56), knows(57)]).toEqual([true, false]);
    const end = ear.state.position + samplesOf(56);
    ear.give({ type: 'finalize', end });
    expect(ear.commits()).toMatchObject([{ span: { to: end } }]);
    expect(ear.state).toMatchObject({ phase: 'idle', position: end, committedTo: end });
  });

  test('without endpointing only Finalize commits', () => {
    const ear = listener({ endpointingMs: undefined });
    ear.speech(500);
    ear.silence(5000);
    expect(ear.commits()).toHaveLength(0);
    ear.give({ type: 'finalize' });
    expect(ear.commits()).toMatchObject([{ cause: 'finalize' }]);
    ear.give({ type: 'finalize' });
    expect(ear.commits()).toHaveLength(1);
  });

  test('speech without a pause is cut between 20 and 25 s at its quietest point and goes on without a gap', () => {
    const ear = listener();
    ear.speech(22_000);
    const quiet = ear.state.position;
    ear.hear(64, 0.9, 0.001);
    ear.speech(4_000);
    const [cut] = ear.commits();
    expect(cut).toMatchObject({ cause: 'too_long' });
    expect(Math.abs((cut?.span.to ?? 0) - (quiet + WINDOW))).toBeLessThanOrEqual(WINDOW);
    ear.silence(400);
    expect(ear.commits()[1]?.span.from).toBe(cut?.span.to);
    const starts = ear.effects.filter((effect) => effect.type === 'speech.started');
    expect(starts).toMatchObject([{ continues: false }, { continues: true, at: cut?.span.to }]);
  });

  test('a window is cut in the first pause of 300 ms after 20 s; what follows is a start of its own', () => {
    const ear = listener({ endpointingMs: 4_000, cutAtMs: 30_000 });
    ear.speech(10_000);
    ear.silence(1_000);
    ear.speech(10_000);
    ear.silence(200);
    ear.speech(2_000);
    expect(ear.commits()).toEqual([]);
    const ended = ear.state.position;
    ear.silence(400);
    expect(ear.commits()).toMatchObject([{ cause: 'too_long', span: { to: ended + samplesOf(150) } }]);
    expect(ear.state.phase).toBe('idle');
    ear.speech(500);
    const starts = ear.effects.filter((effect) => effect.type === 'speech.started');
    expect(starts.map(({ continues }) => continues)).toEqual([false, false]);
  });

  test('a long pause closes a window early', () => {
    const ear = listener({ endpointingMs: 4_000, cutAtMs: 30_000 });
    ear.speech(2_000);
    ear.silence(3_900);
    expect(ear.commits()).toEqual([]);
    ear.silence(200);
    expect(ear.commits()).toMatchObject([{ cause: 'endpoint' }]);
  });

  test('a cut asked for ends the utterance there, and only what has been said after it goes on', () => {
    const ear = listener();
    ear.speech(3_000);
    ear.give({ type: 'cut', at: samplesOf(2_000) });
    expect(ear.commits()).toMatchObject([{ span: { from: 0, to: samplesOf(2_000), speechEnd: samplesOf(2_000) } }]);
    expect(ear.state).toMatchObject({ phase: 'speaking', span: { from: samplesOf(2_000) } });
    ear.silence(64);
    ear.give({ type: 'cut', at: ear.state.position });
    expect(ear.state.phase).toBe('idle');
    ear.give({ type: 'cut', at: ear.state.position });
    expect(ear.commits()).toHaveLength(2);
  });

  test('what is discarded leaves nothing, not even its last syllable', () => {
    const ear = listener({ utteranceEndMs: 1_000 });
    ear.speech(500);
    const at = ear.state.position;
    ear.give({ type: 'discard' });
    ear.speech(300);
    ear.silence(2_000);
    expect(ear.kinds()).toEqual([
      'speech.started',
      'discarded',
      'speech.started',
      'speculate',
      'commit',
      'utterance.ended',
    ]);
    expect(ear.commits()[0]?.span.from).toBe(at);
    ear.give({ type: 'discard' });
    expect(ear.kinds().filter((kind) => kind === 'discarded')).toHaveLength(1);
  });

  test('positions beyond 2^31 samples, 37 hours, are exact', () => {
    const ear = listener();
    const start = 2 ** 31 + WINDOW;
    ear.give({ type: 'window', start, end: start + WINDOW, probability: 0.02, rms: 0 });
    ear.speech(320);
    ear.silence(400);
    expect(ear.commits()).toMatchObject([
      {
        span: {
          from: start + WINDOW - samplesOf(300),
          speechStart: start + WINDOW,
          to: start + 11 * WINDOW + samplesOf(120),
        },
      },
    ]);
  });

  test('three hours of speech without a pause: nothing is lost, the state does not grow', () => {
    const ear = listener();
    ear.speech(10_000);
    const size = JSON.stringify(ear.state).length;
    ear.speech(3 * 3_600_000 - 10_000);
    ear.silence(400);
    const commits = ear.commits();
    expect(commits.length).toBeGreaterThan(430);
    for (const [index, commit] of commits.entries()) {
      expect(msOf(commit.span.to - commit.span.from)).toBeLessThanOrEqual(25_000 + WINDOW_MS);
      expect(commit.span.from).toBe(commits[index - 1]?.span.to ?? 0);
    }
    ear.speech(10_000);
    expect(JSON.stringify(ear.state).length).toBeLessThan(size + 50);
  });
});
