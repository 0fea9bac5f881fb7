import { expect, it } from 'vitest';
import { createSseParser } from './sse-parser.ts';
import type { SseMessage } from './sse-parser.ts';

function parse(...pieces: string[]): SseMessage[] {
  const messages: SseMessage[] = [];
  const parser = createSseParser((message) => messages.push(message));
  for (const piece of pieces) parser.push(piece);
  return messages;
}

it('reads name, data and id, and keeps the id for messages without one', () => {
  expect(parse('id: 4\nevent: session.event\ndata: {"a":1}\n\n', 'event: utterance.interim\ndata: x\n\n')).toEqual([
    { event: 'session.event', data: '{"a":1}', id: '4' },
    { event: 'utterance.interim', data: 'x', id: '4' },
  ]);
});

it('gives the same messages wherever the stream is cut', () => {
  const stream = 'id: 1\r\ndata: é one\r\n\r\n: heartbeat\r\n\r\nid: 2\r\ndata: two\r\ndata: lines\r\n\r\n';
  const whole = parse(stream);
  expect(whole).toHaveLength(2);
  for (let cut = 1; cut < stream.length; cut += 1) {
    expect(parse(stream.slice(0, cut), stream.slice(cut))).toEqual(whole);
  }
});

it('drops a message the connection cut in the middle', () => {
  expect(parse('data: whole\n\ndata: half')).toEqual([{ event: 'message', data: 'whole', id: null }]);
});
