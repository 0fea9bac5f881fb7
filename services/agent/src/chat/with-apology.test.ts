import { expect, test } from 'vitest';
import { withApology, type ReplyPart } from './with-apology.ts';

function setUp(parts: readonly (ReplyPart | Error)[], failed = false) {
  const apologies: number[] = [];
  const reply = new ReadableStream<ReplyPart>({
    start(controller) {
      for (const part of parts) {
        if (part instanceof Error) return controller.error(part);
        controller.enqueue(part);
      }
      controller.close();
    },
  });
  const spoken = withApology(reply, {
    nothing: () => 'NOTHING',
    brokenOff: 'BROKEN',
    failedSince: () => failed,
    onApology: () => apologies.push(1),
  });
  return { spoken, apologies };
}

const text = (content: string): ReplyPart => ({ id: 'x', delta: { role: 'assistant', content } });
async function read(stream: ReadableStream<ReplyPart>): Promise<string> {
  let all = '';
  for await (const part of stream) all += typeof part === 'object' ? (part.delta?.content ?? '') : String(part);
  return all;
}

test('an answer passes as it is', async () => {
  const { spoken, apologies } = setUp([text('Bonjour '), text('Marie.')]);
  expect(await read(spoken)).toBe('Bonjour Marie.');
  expect(apologies).toHaveLength(0);
});

test('no answer becomes an apology', async () => {
  const { spoken, apologies } = setUp([]);
  expect(await read(spoken)).toBe('NOTHING');
  expect(apologies).toHaveLength(1);
});

test('a stream that throws before its first word becomes an apology', async () => {
  expect(await read(setUp([new Error('502')]).spoken)).toBe('NOTHING');
});

test('an answer that broke off says so', async () => {
  expect(await read(setUp([text('Alors')], true).spoken)).toBe('Alors BROKEN');
});

test('an answer of tool calls only is no failure', async () => {
  const call: ReplyPart = { id: 'x', delta: { role: 'assistant', toolCalls: [{} as never] } };
  expect(await read(setUp([call]).spoken)).toBe('');
});

test('an answer nobody waits for any more is not apologised for', async () => {
  const { spoken, apologies } = setUp([text('Alors')]);
  const reader = spoken.getReader();
  await reader.read();
  await reader.cancel();
  expect(apologies).toHaveLength(0);
});
