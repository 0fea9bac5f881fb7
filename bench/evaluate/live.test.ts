import type { ListenMessage } from '@eloquence/shared/contracts/stt';
import { expect, test } from 'vitest';
import { resultOf } from './live.ts';

function results(transcript: string, isFinal: boolean): ListenMessage {
  return {
    type: 'Results',
    channel_index: [0, 1],
    start: 0,
    duration: 1,
    is_final: isFinal,
    speech_final: isFinal,
    channel: { alternatives: [{ transcript, confidence: 1, words: [] }] },
    metadata: { request_id: 'r' },
  };
}

test('finals are put together; the time is that of the last with words', () => {
  const arrived = [
    { message: results('bonjour ma', false), atMs: 1_000 },
    { message: results('bonjour', true), atMs: 1_400 },
    { message: results('madame', true), atMs: 2_500 },
    { message: results('', true), atMs: 3_000 },
  ];
  expect(resultOf(arrived, 2_000)).toEqual({ text: 'bonjour madame', finalMs: 500, errors: [] });
});

test('a final without words still has a time, and no final has none', () => {
  expect(resultOf([{ message: results('', true), atMs: 900 }], 500)).toEqual({ text: '', finalMs: 400, errors: [] });
  expect(resultOf([], 500)).toEqual({ text: '', finalMs: undefined, errors: [] });
});

test('what the gateway complains of is kept', () => {
  const message = { type: 'Error', code: 'unavailable', description: 'Away.', retryable: true };
  expect(resultOf([{ message: message as unknown as ListenMessage, atMs: 1 }], 0).errors).toEqual([
    'unavailable: Away.',
  ]);
});
