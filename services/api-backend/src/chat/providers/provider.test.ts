import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoCoach } from '../demo-coach/demo-coach.ts';
import type { ChatProvider } from './provider.ts';
import {
  argumentsOf,
  callOf,
  collect,
  finishOf,
  never,
  openProvider,
  requestFor,
  textOf,
  tools,
  usageOf,
  vendorCases,
  type ChatVendor,
} from './test-support/chat-vendors.ts';

const schema = {
  type: 'object',
  properties: { mark: { type: 'integer', minimum: 0 }, why: { type: 'string' } },
  required: ['mark', 'why'],
  additionalProperties: false,
};

for (const { name, vendor: make, env, callId } of vendorCases) {
  describe(`${name} as a chat provider`, () => {
    let vendor: ChatVendor;
    let provider: ChatProvider;
    beforeEach(async () => {
      vendor = await make().listen();
      provider = await openProvider(name, env(vendor));
    });
    afterEach(async () => {
      await vendor[Symbol.asyncDispose]();
      assert.deepEqual(vendor.faults, [], 'requests and answers have the shape of the vendor’s document');
    });
    const lastBody = () => vendor.requests.at(-1)?.body as Record<string, unknown>;

    it('gives text piece by piece, one finish and then the usage', async () => {
      const parts = await collect(provider);
      expect(parts.filter((part) => part.type === 'text').length).toBeGreaterThan(2);
      expect(textOf(parts)).toBe('Bonjour, parlons de votre entretien.');
      expect(parts.slice(-2).map((part) => part.type)).toEqual(['finish', 'usage']);
      expect(finishOf(parts)).toEqual(['stop']);
      const [usage] = usageOf(parts);
      expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
      expect(usage?.completion_tokens).toBe(5);
      expect(usage?.prompt_tokens).toBeGreaterThan(20);
    });

    it('takes every option of the contract', async () => {
      const sampling = { temperature: 2, top_p: 0.9, max_tokens: 100, stop: ['\n', 'FIN'] };
      const choice = { tools, tool_choice: 'auto', parallel_tool_calls: false, response_format: { type: 'text' } };
      const parts = await collect(provider, requestFor(provider, { ...sampling, ...choice, unknown_member: 1 }));
      expect(textOf(parts)).not.toBe('');
      const body = lastBody();
      expect(body['max_tokens'] ?? body['max_completion_tokens']).toBe(100);
      expect(body).not.toHaveProperty('unknown_member');
    });

    it('leaves out what is not asked for, and never sends a choice without tools', async () => {
      await collect(provider, requestFor(provider, { tool_choice: 'auto', parallel_tool_calls: true, stop: null }));
      const optional = ['parallel_tool_calls', 'stop', 'stop_sequences', 'temperature', 'response_format'];
      expect(Object.keys(lastBody()).filter((member) => optional.includes(member))).toEqual([]);
    });

    it('answers instructions that nobody has spoken to yet', async () => {
      const messages = [{ role: 'system', content: 'Greet the caller.' }];
      expect(textOf(await collect(provider, requestFor(provider, { messages })))).not.toBe('');
    });

    it('answers after its own last words, and after instructions in the middle', async () => {
      const messages = [
        { role: 'system', content: 'Language: fr' },
        { role: 'user', content: 'Bonjour' },
        { role: 'system', content: 'The caller has been silent.' },
        { role: 'assistant', content: 'Êtes-vous là ?' },
      ];
      expect(textOf(await collect(provider, requestFor(provider, { messages })))).not.toBe('');
    });

    it('hands on calls of tools made at once, in pieces that join to JSON', async () => {
      const toolCalls = ['mardi', 'été'].map((day, index) => ({
        id: callId(index + 1),
        name: 'find_slots',
        arguments: JSON.stringify({ day }),
      }));
      vendor.chat = { words: ['Je', ' cherche'], finish: 'tool_calls', toolCalls };
      const parts = await collect(provider, requestFor(provider, { tools }));
      expect(textOf(parts)).toBe('Je cherche');
      for (const index of [0, 1]) {
        const [first, ...rest] = callOf(parts, index);
        expect(first).toMatchObject({ id: callId(index + 1), name: 'find_slots' });
        for (const piece of rest) expect(Object.keys(piece).toSorted()).toEqual(['arguments', 'index', 'type']);
      }
      expect([argumentsOf(parts, 0), argumentsOf(parts, 1)]).toEqual([{ day: 'mardi' }, { day: 'été' }]);
      expect(finishOf(parts)).toEqual(['tool_calls']);
    });

    it('takes back the calls it made, with their results', async () => {
      vendor.chat = {
        words: [],
        finish: 'tool_calls',
        toolCalls: [{ id: callId(7), name: 'find_slots', arguments: '{"day":"jeudi"}' }],
      };
      const [piece] = callOf(await collect(provider, requestFor(provider, { tools })), 0);
      vendor.chat = { words: ['Jeudi', ' à 10 h'], finish: 'stop' };
      const messages = [
        { role: 'user', content: 'Jeudi ?' },
        {
          role: 'assistant',
          content: 'Je regarde.',
          tool_calls: [
            { id: piece?.id, type: 'function', function: { name: 'find_slots', arguments: '{"day":"jeudi"}' } },
          ],
        },
        { role: 'tool', tool_call_id: piece?.id, content: '["10:00"]' },
      ];
      expect(textOf(await collect(provider, requestFor(provider, { messages, tools })))).toBe('Jeudi à 10 h');
      expect(JSON.stringify(lastBody())).toContain(callId(7));
    });

    it.each(['auto', 'none', 'required', { type: 'function', function: { name: 'find_slots' } }])(
      'passes on the choice of tools %j',
      async (choice) => {
        const options = { tools, tool_choice: choice, parallel_tool_calls: false };
        expect(finishOf(await collect(provider, requestFor(provider, options)))).toEqual(['stop']);
        expect(lastBody()).toHaveProperty('tool_choice');
        expect(JSON.stringify(lastBody())).toMatch(
          choice === 'none' ? /"none"/ : /"parallel_tool_calls":false|"disable_parallel_tool_use":true/,
        );
      },
    );

    it('asks for an answer after a JSON schema', async () => {
      vendor.chat = { words: ['{"mark"', ': 3, "why": "clair"}'], finish: 'stop' };
      const format = { type: 'json_schema', json_schema: { name: 'mark', strict: true, schema } };
      const parts = await collect(provider, requestFor(provider, { response_format: format }));
      expect(JSON.parse(textOf(parts))).toEqual({ mark: 3, why: 'clair' });
      const sent = JSON.stringify(lastBody());
      expect(sent).toContain('"why":{"type":"string"}');
      expect(sent).toContain('"required":["mark","why"]');
    });

    it('asks for any JSON object', async () => {
      vendor.chat = { words: ['{}'], finish: 'stop' };
      const parts = await collect(provider, requestFor(provider, { response_format: { type: 'json_object' } }));
      expect(textOf(parts)).toBe('{}');
      expect(JSON.stringify(lastBody())).toMatch(/json_object|JSON object/);
    });

    it('says how much of the prompt the vendor had kept', async () => {
      const messages = [
        { role: 'system', content: 'Vous êtes un coach. '.repeat(50) },
        { role: 'user', content: 'Bonjour' },
      ];
      const cacheKey = 'session-1';
      const [first] = usageOf(await collect(provider, requestFor(provider, { messages, cacheKey })));
      expect(first?.prompt_tokens_details).toEqual({ cached_tokens: 0 });
      const turn = [...messages, { role: 'assistant', content: 'Bonjour.' }, { role: 'user', content: 'Un conseil ?' }];
      const [second] = usageOf(await collect(provider, requestFor(provider, { messages: turn, cacheKey })));
      expect(second?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(200);
      expect(second?.prompt_tokens_details?.cached_tokens).toBeLessThan(second?.prompt_tokens ?? 0);
      expect(second?.prompt_tokens).toBeGreaterThan(first?.prompt_tokens ?? 0);
    });

    it.each([
      ['length', 'length'],
      ['stop', 'stop'],
      ...(name === 'mistral' ? [] : [['content_filter', 'content_filter'] as const]),
    ] as const)('maps the end %s of an answer', async (finish, reason) => {
      vendor.chat = { words: ['Il', ' était'], finish };
      expect(finishOf(await collect(provider))).toEqual([reason]);
    });

    it('gives an empty answer its finish', async () => {
      vendor.chat = { words: [], finish: 'stop' };
      const parts = await collect(provider);
      expect(parts.map((part) => part.type)).toEqual(['finish', 'usage']);
    });

    it('hands on a huge answer whole', async () => {
      const words = Array.from({ length: 2000 }, (_, index) => ` mot${index}`);
      vendor.chat = { words, finish: 'stop', gapMs: 0 };
      expect(textOf(await collect(provider))).toBe(words.join(''));
    });

    it.each([1, 7])('puts letters together that the network cut, %i bytes at a time', async (size) => {
      const words = ['L’été', ' à « Nîmes » :', ' 12 € 👍🏽', ' œuvre\n\ndata: [DONE]\n\n', ' fin.'];
      vendor.chat = { words, finish: 'stop', gapMs: 0 };
      vendor.chatPieceBytes = size;
      expect(textOf(await collect(provider))).toBe(words.join(''));
    });

    it('keeps its connection from one turn to the next', async () => {
      const before = vendor.connections;
      for (let turn = 0; turn < 6; turn += 1) {
        await collect(provider);
        await vendor.requests.at(-1)?.outcome;
      }
      // The second turn may come before the first connection is free again.
      expect(vendor.connections - before).toBeLessThanOrEqual(2);
    });

    it('lists its models, refuses a name it does not know, and is checked for the one it uses', async () => {
      expect(await provider.models(never)).toContain(provider.defaultModel());
      const asked = collect(provider, requestFor(provider, { model: 'no-such-model' }));
      await expect(asked).rejects.toMatchObject({ code: 'unknown_model' });
      await expect(provider.check(never)).resolves.toBeUndefined();
    });

    it('names the setting, and models that exist, when its own is not listed', async () => {
      if (name === 'ollama') return;
      vendor.models = ['one', 'two'];
      await expect(provider.check(never)).rejects.toMatchObject({
        code: 'unknown_model',
        message: expect.stringMatching(/_MODEL to one that it has, such as one, two\./) as string,
      });
    });

    it('is well at a server that keeps no list of models', async () => {
      // Without one, nothing says which model Ollama has.
      if (name === 'ollama') return;
      vendor.hasModelList = false;
      await expect(provider.check(never)).resolves.toBeUndefined();
    });

    it('is not well where its key is refused or nobody listens', async () => {
      vendor.mode = { type: 'error', status: 401 };
      await expect(provider.check(never)).rejects.toMatchObject({ code: 'upstream_rejected' });
      await vendor[Symbol.asyncDispose]();
      await expect(provider.check(never)).rejects.toMatchObject({ code: 'upstream_failed' });
    });

    it('says what it is, and is no stand-in', () => {
      expect(provider.engine()).toMatchObject({ id: `${name}/${provider.defaultModel()}`, demo: false });
      expect(provider.engine('other').id).toBe(`${name}/other`);
    });
  });
}

describe('demo coach as a chat provider', () => {
  const provider = demoCoach();

  it('gives text piece by piece, one finish and then the usage', async () => {
    const parts = await collect(provider);
    expect(textOf(parts).trim().length).toBeGreaterThan(5);
    expect(parts.slice(-2).map((part) => part.type)).toEqual(['finish', 'usage']);
    expect(finishOf(parts)).toEqual(['stop']);
  });

  it('answers instructions that nobody has spoken to yet', async () => {
    const messages = [{ role: 'system', content: 'Greet the caller.' }];
    expect(textOf(await collect(provider, requestFor(provider, { messages })))).not.toBe('');
  });

  it('refuses the name of any other model, and calls itself a stand-in', async () => {
    const asked = collect(provider, requestFor(provider, { model: 'gpt-4o' }));
    await expect(asked).rejects.toMatchObject({ code: 'unknown_model' });
    expect(provider.engine().demo).toBe(true);
    expect(await provider.models(never)).toEqual([provider.defaultModel()]);
    await expect(provider.check(never)).resolves.toBeUndefined();
  });

  it('throws the reason of an abort', async () => {
    const aborted = AbortSignal.abort(new DOMException('enough', 'AbortError'));
    await expect(collect(provider, requestFor(provider), aborted)).rejects.toMatchObject({ message: 'enough' });
  });
});
