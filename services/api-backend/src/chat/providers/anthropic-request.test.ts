import { chatRequestSchema } from '@eloquence/shared/contracts/chat';
import { describe, expect, it } from 'vitest';
import { toAnthropic } from './anthropic-request.ts';
import { tools } from './test-support/chat-vendors.ts';

const CACHED = { type: 'ephemeral' };

function asked(messages: unknown[], more: Record<string, unknown> = {}, mayThinkLess = false) {
  return toAnthropic(chatRequestSchema.parse({ model: 'claude-haiku-5-5', messages, ...more }), mayThinkLess);
}

const call = (id: string, given: string) => ({
  id,
  type: 'function',
  function: { name: 'find_slots', arguments: given },
});

const format = (schema: unknown) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
});

const user = (content: string) => ({ role: 'user', content });

describe('a request in Anthropic’s words', () => {
  it('keeps what stays the same in the cache: the last instructions, and the conversation so far', () => {
    const body = asked([
      { role: 'system', content: 'Un.' },
      { role: 'developer', content: 'Deux.' },
      user('Bonjour'),
      { role: 'assistant', content: 'Oui ?' },
      user('Un conseil'),
    ]);
    expect(body.system).toEqual([
      { type: 'text', text: 'Un.' },
      { type: 'text', text: 'Deux.', cache_control: CACHED },
    ]);
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Bonjour' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Oui ?' }] },
      { role: 'user', content: [{ type: 'text', text: 'Un conseil', cache_control: CACHED }] },
    ]);
  });

  it('marks the tools where there are no instructions', () => {
    expect(asked([user('Bonjour')], { tools }).tools).toEqual([
      {
        name: 'find_slots',
        description: 'Free slots',
        input_schema: { type: 'object', properties: { day: { type: 'string' } } },
        cache_control: CACHED,
      },
    ]);
  });

  it('leaves instructions in the middle where they were said, so that the cache holds', () => {
    const body = asked([{ role: 'system', content: 'Un.' }, user('Bonjour'), { role: 'system', content: 'Silence.' }]);
    expect(body.system).toHaveLength(1);
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Bonjour' },
          { type: 'text', text: '<instructions>\nSilence.\n</instructions>', cache_control: CACHED },
        ],
      },
    ]);
  });

  it('joins results of calls made at once into one turn, before what is said then', () => {
    const { messages } = asked(
      [
        user('Quand ?'),
        {
          role: 'assistant',
          content: ' ',
          tool_calls: [call('toolu_1', '{"day":"mardi"}'), call('call.2', 'not json')],
        },
        { role: 'tool', tool_call_id: 'toolu_1', content: '[]' },
        { role: 'tool', tool_call_id: 'call.2', content: '' },
        user('Alors ?'),
      ],
      { tools },
    );
    const [, calls, results] = messages as { content: { id?: string; tool_use_id?: string; input?: unknown }[] }[];
    expect(calls?.content).toMatchObject([
      { type: 'tool_use', id: 'toolu_1', input: { day: 'mardi' } },
      { type: 'tool_use', id: expect.stringMatching(/^toolu_[0-9a-f]{24}$/) as string, input: {} },
    ]);
    expect(results?.content).toMatchObject([
      { type: 'tool_result', tool_use_id: 'toolu_1' },
      { type: 'tool_result', tool_use_id: calls?.content[1]?.id },
      { type: 'text', text: 'Alors ?' },
    ]);
  });

  it('tells of tools that earlier turns have called, and forbids them, when none are given now', () => {
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'book', arguments: '{}' } }];
    const body = asked([
      user('x'),
      { role: 'assistant', tool_calls },
      { role: 'tool', tool_call_id: 'a', content: 'ok' },
    ]);
    expect(body).toMatchObject({ tools: [{ name: 'book' }], tool_choice: { type: 'none' } });
  });

  it.each([
    ['claude-haiku-5-5', {}],
    ['claude-opus-4-7', {}],
    ['claude-sonnet-4-6', { temperature: 1 }],
    ['claude-haiku-4-5-20251001', { temperature: 1 }],
    ['claude-sonnet-4-20250514', { temperature: 1 }],
    ['claude-3-5-haiku-20241022', { temperature: 1 }],
  ])('gives %s the sampling it takes: %j', (model, sampling) => {
    const { temperature, top_p } = { ...asked([user('x')], { model, temperature: 1.7, top_p: 0.5 }) } as {
      temperature?: number;
      top_p?: number;
    };
    expect({ temperature, top_p }).toEqual({ temperature: undefined, top_p: undefined, ...sampling });
  });

  it('asks models that may to answer without thinking, and always sets a limit', () => {
    expect(asked([user('x')], {}, true)).toMatchObject({ thinking: { type: 'disabled' }, max_tokens: 4096 });
    expect(asked([user('x')], { max_tokens: 7 })).not.toHaveProperty('thinking');
    expect(asked([user('x')], { max_tokens: 7 }).max_tokens).toBe(7);
  });

  it('drops stop sequences of white space, which Anthropic refuses', () => {
    expect(asked([user('x')], { stop: ['\n', 'FIN'] }).stop_sequences).toEqual(['FIN']);
    expect(asked([user('x')], { stop: '\n' })).not.toHaveProperty('stop_sequences');
  });

  it('gives a JSON schema in the form Anthropic can keep to, and refuses one that it cannot', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 3 } }, required: ['n'] };
    expect(asked([user('x')], format(schema)).output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: '{minimum: 3}' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    });
    expect(() => asked([user('x')], format({ properties: {} }))).toThrow(/every part needs a type/);
  });
});
