import { utteranceSchema } from '@eloquence/shared/contracts/sessions';
import { expect, test } from 'vitest';
import { SessionClock } from './session-clock.ts';

const clock = new SessionClock(1_000_000);

test('times become whole ms since the session started', () => {
  const utterance = clock.utterance('user', {
    speaker: 'marie',
    text: 'bonjour',
    startMs: 1_001_200.4,
    endMs: 1_001_900.6,
    words: [{ text: 'bonjour', start_ms: 1_001_200.4, end_ms: 1_001_900.6, confidence: 0.9 }],
  });
  expect(utterance).toMatchObject({
    start_ms: 1_200,
    end_ms: 1_901,
    words: [{ text: 'bonjour', start_ms: 1_200, end_ms: 1_901, confidence: 0.9 }],
  });
  expect(utteranceSchema.safeParse(utterance).success).toBe(true);
});

test('speech from before the start begins at zero, and an end is never before its beginning', () => {
  const utterance = clock.utterance('agent', { speaker: 'agent', text: 'oui', startMs: 990_000, endMs: 980_000 });
  expect(utterance).toMatchObject({ start_ms: 0, end_ms: 0 });
  expect(utterance.words).toBeUndefined();
});
