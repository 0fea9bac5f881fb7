import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '@eloquence/shared/runtime/errors';
import { TranscriptionStream } from './event-stream.ts';

/** What a stream writes to of a response. */
class Response extends PassThrough {
  head: unknown;
  writeHead(...head: unknown[]): this {
    this.head = head;
    return this;
  }
  flushHeaders(): void {}
  get written(): string {
    return (this.read() as Buffer | null)?.toString() ?? '';
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const response = new Response();
  return { response, stream: new TranscriptionStream(response as unknown as ServerResponse, { 'x-own': '1' }) };
}

test('progress is told once a second, and only when there is some', () => {
  const { response, stream } = open();
  expect(response.head).toMatchObject([200, { 'x-own': '1', 'content-type': 'text/event-stream; charset=utf-8' }]);
  for (const doneS of [1.04, 2, 3.14]) stream.progress(doneS, 60);
  vi.advanceTimersByTime(1_000);
  expect(response.written).toBe('data: {"type":"transcript.progress","seconds_done":3.1,"seconds_total":60}\n\n');
  vi.advanceTimersByTime(3_000);
  expect(response.written).toBe('');
  stream.progress(4, undefined);
  vi.advanceTimersByTime(1_000);
  expect(response.written).toBe('data: {"type":"transcript.progress","seconds_done":4}\n\n');
});

test('a silent engine does not make a silent connection', () => {
  const { response } = open();
  vi.advanceTimersByTime(15_000);
  expect(response.written).toBe(': still at it\n\n');
});

test('the text of the end is that of the deltas', () => {
  const { response, stream } = open();
  stream.delta('bonjour');
  stream.delta(' madame');
  stream.done({ durationS: 2, language: undefined });
  expect(response.written).toContain(
    '{"type":"transcript.text.done","text":"bonjour madame","languages":[],"duration":2}',
  );
  expect(response.writableEnded).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('an error is an event of its own, with the code and the words of the problem', () => {
  const { response, stream } = open();
  stream.fail(new AppError('unavailable', 'The engine is away.', { retryAfterS: 5 }), 'req-1');
  expect(response.written).toMatch(
    /^event: error\ndata: \{.*"retry_after_s":5,"request_id":"req-1","error":\{"message"/,
  );
  expect(response.writableEnded).toBe(true);
});

test('a reader that goes leaves no timer behind', async () => {
  const { response } = open();
  expect(vi.getTimerCount()).toBe(2);
  const closed = new Promise((resolve) => response.once('close', resolve));
  response.destroy();
  await closed;
  expect(vi.getTimerCount()).toBe(0);
});
