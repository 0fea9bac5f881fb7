import { expect, test } from 'vitest';
import { reasonOf } from './services.ts';

test('the reason is the line a service ends with, not the log before it', () => {
  const output = '{"level":50,"msg":"loading"}\nwhisper-stt: WHISPER_MODEL=x is unknown: use small.\n{"event":"end"}\n';
  expect(reasonOf({ name: 'whisper-stt', output })).toBe('WHISPER_MODEL=x is unknown: use small.');
});

test('without such a line it is the last, and silence is told as such', () => {
  expect(reasonOf({ name: 'tts-proxy', output: 'a\nb\n\n' })).toBe('b');
  expect(reasonOf({ name: 'tts-proxy', output: '' })).toBe('tts-proxy ended without a word');
});
