import { describe, expect, it } from 'vitest';
import { chatRequestSchema } from './chat.ts';

const messages = [{ role: 'user', content: 'Bonjour' }];

/** What is wrong with a body, as `path: message`. */
function faultsOf(body: unknown): string[] {
  const { error } = chatRequestSchema.safeParse(body);
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

const many = <T>(length: number, value: T): T[] => Array.from({ length }, () => value);

/** A JSON schema of so many levels. */
function nested(levels: number): object {
  let schema: object = { type: 'string' };
  for (let level = 1; level < levels; level += 1) schema = { inner: schema };
  return schema;
}

const withTool = (parameters: object) => ({
  messages,
  tools: [{ type: 'function', function: { name: 'find_slots', parameters } }],
});

describe('a chat request', () => {
  it('may be as short as one message', () => {
    expect(chatRequestSchema.parse({ messages })).toEqual({ model: 'talk', stream: false, messages });
    expect(faultsOf({ messages, n: 1, model: 'rest/模型 🙂' })).toEqual([]);
    expect(faultsOf({})).toEqual(['messages: Invalid input: expected array, received undefined']);
    expect(faultsOf(null)[0]).toMatch(/expected object/);
  });

  it.each(['openai/x\u0000y', 'openai/x\ud800y', 'openai/\udc00', 'x\r\nset-cookie: y', 'x\u007f', 'x\u0085'])(
    'names no model that a database or a header cannot hold: %j',
    (model) => {
      expect(faultsOf({ model, messages })).toEqual([expect.stringMatching(/^model: .*control characters/)]);
    },
  );

  it('says what a message may be when it is something else', () => {
    const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }] };
    expect(faultsOf({ messages: [image] })).toEqual([
      'messages.0.content: text, or parts of type text; images and sound are not supported',
    ]);
    expect(faultsOf({ messages: [{ role: 'usr', content: 'a' }] })).toEqual([
      expect.stringMatching(/^messages\.0\.role: .*system, developer, user, assistant or tool/),
    ]);
  });

  it('gets one answer, and is told so when it wants more', () => {
    expect(faultsOf({ messages, n: 2 })).toEqual([expect.stringMatching(/^n: one answer per request/)]);
  });

  it('has no more messages and parts than a conversation has', () => {
    const part = { type: 'text', text: 'a' };
    const of = (parts: number) => ({ role: 'user', content: Array.from({ length: parts }, () => part) });
    expect(faultsOf({ messages: many(2000, of(2)) })).toEqual([]);
    expect(faultsOf({ messages: many(2001, messages[0]) })).toEqual([expect.stringMatching(/^messages: .*<=2000/)]);
    expect(faultsOf({ messages: [of(257)] })).toEqual(['messages.0.content: at most 256 parts']);
    expect(faultsOf({ messages: many(40, of(250)) })).toEqual([
      'messages: at most 8000 messages, parts and tool calls together',
    ]);
    expect(faultsOf({ messages, more: many(200, many(600, 1)) })).toEqual(['more: at most 100000 values']);
  });

  it('is not nested deeper than a schema of a tool needs', () => {
    expect(faultsOf(withTool(nested(40)))).toEqual([]);
    expect(faultsOf(withTool(nested(5000)))).toEqual(['tools: nested more than 64 levels deep']);
    const json_schema = { name: 'a', schema: nested(5000) };
    expect(faultsOf({ messages, response_format: { type: 'json_schema', json_schema } })).toEqual([
      'response_format: nested more than 64 levels deep',
    ]);
  });

  it('made to be slow is refused faster than it is read', () => {
    const content = many(120_000, { type: 'image', x: 'a' });
    const assistant = { role: 'assistant', tool_calls: many(300_000, {}) };
    const bodies = [
      { messages: [{ role: 'user', content }] },
      { messages: [assistant] },
      { messages, tools: many(300_000, {}) },
      { messages, stop: many(300_000, 1) },
    ].map((body) => JSON.stringify(body));
    let [readMs, checkedMs] = [0, 0];
    for (const body of bodies) {
      const startedMs = performance.now();
      const value: unknown = JSON.parse(body);
      readMs += performance.now() - startedMs;
      expect(faultsOf(value)).toHaveLength(1);
      checkedMs += performance.now() - startedMs;
    }
    expect(checkedMs).toBeLessThan(2 * readMs);
  });
});
