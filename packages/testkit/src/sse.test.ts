import { expect, test } from 'vitest';
import { parseEventStream, type ServerSentEvent } from './sse.ts';

async function parse(parts: readonly string[]): Promise<ServerSentEvent[]> {
  async function* text() {
    yield* parts;
  }
  const events: ServerSentEvent[] = [];
  for await (const event of parseEventStream(text())) events.push(event);
  return events;
}

test('events split over network packets, comments and line ends of both kinds are understood', async () => {
  expect(
    await parse([': hello\n\nid: 1\nda', 'ta: {"a":1}\n', '\n:\r\n\r\nevent: x\r\ndata: one\r\ndata: two\r\n\r\n']),
  ).toEqual([
    { event: 'message', id: '1', data: '{"a":1}' },
    { event: 'x', id: '1', data: 'one\ntwo' },
  ]);
});

test('an event that was cut off by the end of the stream is not delivered', async () => {
  expect(await parse(['data: whole\n\ndata: half'])).toEqual([{ event: 'message', id: '', data: 'whole' }]);
});
