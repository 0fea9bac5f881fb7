import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatProvider } from './provider.ts';
import {
  argumentsOf,
  callOf,
  collect,
  finishOf,
  openProvider,
  requestFor,
  textOf,
  usageOf,
} from './test-support/chat-vendors.ts';
import { chunk, DONE, events, RawServer, restOf } from './test-support/raw-server.ts';

let server: RawServer;
let provider: ChatProvider;
beforeEach(async () => {
  server = await new RawServer(events()).listen();
  provider = await restOf(server);
});
afterEach(() => server[Symbol.asyncDispose]());

const piece = (index: number | undefined, given: object, id?: string) =>
  chunk({ tool_calls: [{ ...(index !== undefined && { index }), ...(id && { id }), function: given }] });

/** Begins, and never ends. */
const flood =
  (head: string, status = 200): RawServer['answer'] =>
  (res) => {
    res.writeHead(status, { 'content-type': 'text/event-stream' });
    res.write(head);
    // The body of an error is one piece, whatever lines it has.
    const filler = 'x'.repeat(1_048_576) + (status === 200 ? '' : '\n\n');
    const more = () => {
      while (!res.destroyed && res.write(filler));
    };
    res.on('drain', more);
    more();
  };

const refusal =
  (message: string, param: string | null = null): RawServer['answer'] =>
  (res) => {
    res.writeHead(422, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ error: { message, type: 'BadRequestError', param, code: 422 } }));
  };

const hasLimit = (body: object) => 'max_tokens' in body || 'max_completion_tokens' in body;

describe('usage that cannot be believed', () => {
  it.each([
    ['a missing count', { prompt_tokens: 10, total_tokens: 10 }],
    ['nothing', {}],
    ['null', { prompt_tokens: null, completion_tokens: null, total_tokens: null }],
    ['a negative count', { prompt_tokens: -10, completion_tokens: 5 }],
    ['a fraction', { prompt_tokens: 10.5, completion_tokens: 5 }],
    ['more than can be counted', { prompt_tokens: 1e30, completion_tokens: 5 }],
    ['a sum beyond counting', { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 5 }],
    ['a text', { prompt_tokens: '10', completion_tokens: '5' }],
    ['no question', { prompt_tokens: 0, completion_tokens: 0 }],
  ])('is left out: %s', async (_what, usage) => {
    server.answer = events(chunk({ content: 'Oui.' }), chunk({}, 'stop', usage), DONE);
    const parts = await collect(provider);
    expect(finishOf(parts)).toEqual(['stop']);
    expect(usageOf(parts)).toEqual([]);
  });

  it('spoils neither what was counted before it nor beside it', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: -4 } };
    const endless = JSON.stringify(chunk({}, 'stop', { prompt_tokens: 7777 })).replace('7777', '1e999');
    server.answer = events(chunk({ content: 'Oui.' }, null, usage), endless, DONE);
    expect(usageOf(await collect(provider))).toEqual([{ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }]);
  });
});

describe('calls of tools, oddly written', () => {
  it.each([
    [
      'two numbers with one id',
      [piece(0, { name: 'f', arguments: '{"n":1}' }, 'a'), piece(1, { name: 'f', arguments: '{"n":2}' }, 'a')],
    ],
    [
      'whole calls with one id and no number',
      [
        piece(undefined, { name: 'f', arguments: '{"n":1}' }, 'a'),
        piece(undefined, { name: 'f', arguments: '{"n":2}' }, 'a'),
      ],
    ],
    [
      'whole calls with one number and no id',
      [piece(0, { name: 'f', arguments: '{"n":1}' }), piece(0, { name: 'f', arguments: '{"n":2}' })],
    ],
    [
      'objects for arguments',
      [piece(0, { name: 'f', arguments: { n: 1 } }, 'a'), piece(1, { name: 'f', arguments: { n: 2 } }, 'b')],
    ],
    [
      'the arguments before the name',
      [
        piece(0, { arguments: '{"n"' }),
        piece(0, { name: 'f', arguments: ':1}' }, 'a'),
        piece(1, { arguments: '{"n":2}' }),
        piece(1, { name: 'f' }, 'b'),
      ],
    ],
    [
      'a name in pieces',
      [
        piece(0, { name: 'f', arguments: '' }, 'a'),
        piece(0, { arguments: '{"n":1}' }),
        piece(7, { name: '' }, 'b'),
        piece(7, { name: 'f' }),
        piece(7, { arguments: '{"n":2}' }),
      ],
    ],
    [
      'numbers from anywhere, in turn',
      [
        piece(1e9, { name: 'f', arguments: '{"n"' }, 'a'),
        piece(-5, { name: 'f', arguments: '{"n"' }, 'b'),
        piece(1e9, { arguments: ':1}' }),
        piece(-5, { arguments: ':2}' }),
      ],
    ],
    [
      'the name with every piece',
      [
        piece(0, { name: 'f', arguments: '{"n"' }, 'a'),
        piece(0, { name: 'f', arguments: ':1}' }, 'a'),
        piece(1, { name: 'f', arguments: '{"n":2}' }, 'b'),
      ],
    ],
  ])('are told apart and whole: %s', async (_what, pieces) => {
    server.answer = events(...pieces, chunk({}, 'tool_calls'), DONE);
    const parts = await collect(provider);
    expect([argumentsOf(parts, 0), argumentsOf(parts, 1)]).toEqual([{ n: 1 }, { n: 2 }]);
    const ids = [0, 1].map((index) => {
      const [first, ...rest] = callOf(parts, index);
      expect(first?.name).toBe('f');
      for (const later of rest) expect(Object.keys(later)).toEqual(['type', 'index', 'arguments']);
      return first?.id;
    });
    expect(new Set(ids.filter(Boolean)).size).toBe(2);
    expect(finishOf(parts)).toEqual(['tool_calls']);
  });

  it('joins a name from its pieces', async () => {
    server.answer = events(
      piece(0, { name: 'get_', arguments: '' }, 'a'),
      piece(0, { name: 'weather', arguments: '{}' }),
      chunk({}, 'tool_calls'),
      DONE,
    );
    expect(callOf(await collect(provider), 0)[0]?.name).toBe('get_weather');
  });

  it.each([
    [
      'arguments that stop in the middle, behind a finish',
      [piece(0, { name: 'pay', arguments: '{"amount":1' }, 'a'), chunk({}, 'tool_calls'), DONE],
    ],
    [
      'arguments that stop in the middle, behind [DONE]',
      [piece(0, { name: 'pay', arguments: '{"amount":1' }, 'a'), DONE],
    ],
    ['no name', [piece(0, { arguments: '{"amount":1}' }, 'a'), chunk({}, 'tool_calls'), DONE]],
    [
      'another name in the middle',
      [
        piece(0, { name: 'pay', arguments: '{"amount"' }, 'a'),
        piece(0, { name: 'take', arguments: ':1}' }),
        chunk({}, 'tool_calls'),
        DONE,
      ],
    ],
  ])('are an error of the model and no finished answer: %s', async (_what, list) => {
    server.answer = events(...list);
    await expect(collect(provider)).rejects.toMatchObject({
      code: 'upstream_failed',
      message: expect.stringContaining('tool'),
    });
  });

  it('are given on in pieces where the limit cut them, and who asked is told so', async () => {
    server.answer = events(piece(0, { name: 'pay', arguments: '{"amount":1' }, 'a'), chunk({}, 'length'), DONE);
    const parts = await collect(provider);
    expect(callOf(parts, 0)).toMatchObject([{ name: 'pay', arguments: '{"amount":1' }]);
    expect(finishOf(parts)).toEqual(['length']);
  });
});

describe('words', () => {
  it('may come as a list of parts', async () => {
    const content = [{ type: 'text', text: 'Bon' }, { type: 'image_url' }, null, { type: 'text', text: 'jour' }];
    server.answer = events(chunk({ content }), chunk({ content: 5 }), chunk({}, 'stop'), DONE);
    expect(textOf(await collect(provider))).toBe('Bonjour');
  });

  it('are left out behind Anthropic’s stop reason', async () => {
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Oui.' } };
    const list = [
      { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      delta,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
      delta,
      { type: 'message_stop' },
    ];
    server.answer = (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of list) res.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      res.end();
    };
    const anthropic = await openProvider('anthropic', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: server.url });
    const parts = await collect(anthropic);
    expect(parts.map(({ type }) => type)).toEqual(['text', 'finish', 'usage']);
    expect(usageOf(parts)).toMatchObject([{ prompt_tokens: 5, completion_tokens: 3 }]);
  });
});

describe('an event without an end', () => {
  it.each([
    ['rest', 'data: ', 200],
    ['rest', `data: ${JSON.stringify(chunk({ content: 'Oui' }))}\n\ndata: `, 200],
    ['mistral', 'data: ', 200],
    ['anthropic', 'event: message_start\ndata: ', 200],
    ['rest', '{\n\n', 500],
  ] as const)('ends the answer of %s after 4 MiB: %j, %i', async (name, head, status) => {
    const closed = new Promise<void>((resolve) => {
      const answer = flood(head, status);
      server.answer = (res, body) => {
        res.on('close', resolve);
        answer(res, body);
      };
    });
    const asked = await openProvider(name, {
      LLM_REST_URL: server.url,
      LLM_REST_MODEL: 'm',
      MISTRAL_API_KEY: 'k',
      MISTRAL_BASE_URL: server.url,
      ANTHROPIC_API_KEY: 'k',
      ANTHROPIC_BASE_URL: server.url,
    });
    await expect(collect(asked)).rejects.toMatchObject({ code: 'upstream_failed' });
    await closed;
  });

  it('is not a long answer of many', async () => {
    const long = chunk({ content: 'x'.repeat(1_048_576) });
    server.answer = events(long, long, long, long, long, chunk({}, 'stop'), DONE);
    expect(textOf(await collect(provider))).toHaveLength(5 * 1_048_576);
  });
});

describe('what a server does not know', () => {
  const request = { temperature: 0.5, max_tokens: 50 };
  const fine = events(chunk({ content: 'Oui.' }), chunk({}, 'stop'), DONE);
  const members = async () => {
    await collect(provider, requestFor(provider, request));
    return Object.keys(server.bodies.at(-1) ?? {});
  };
  const all = ['model', 'messages', 'stream', 'stream_options', 'temperature', 'max_tokens'];

  it('is not what it quotes of one caller’s request', async () => {
    server.answer = fine;
    expect(await members()).toEqual(all);
    for (const word of ['stream_options', 'temperature', 'max_tokens']) {
      server.answer = refusal(`string does not match, input: unsupported ${word}`);
      await expect(collect(provider, requestFor(provider, request))).rejects.toMatchObject({ code: 'invalid_request' });
    }
    server.answer = fine;
    expect(await members()).toEqual(all);
  });

  it('is only what it would not answer with, when several things are left out by its words', async () => {
    const quoted = 'unsupported value, input: {"stream_options":{},"temperature":0.5}';
    server.answer = (res, body) => ('temperature' in body ? refusal(quoted) : fine)(res, body);
    expect(await members()).toEqual(all.filter((name) => name !== 'temperature' && name !== 'stream_options'));
    expect(await members()).toEqual(all.filter((name) => name !== 'temperature'));
  });

  it('is looked for where it says, and nowhere else', async () => {
    const elsewhere = refusal('Unsupported: stream_options, temperature', 'tools[0].function.name');
    server.answer = elsewhere;
    await expect(collect(provider, requestFor(provider, request))).rejects.toMatchObject({ code: 'invalid_request' });
    expect(server.bodies).toHaveLength(1);
    const named = refusal('Unsupported value near stream_options', 'temperature');
    server.answer = (res, body) => ('temperature' in body ? named : fine)(res, body);
    expect(await members()).toEqual(all.filter((name) => name !== 'temperature'));
  });

  it('is never both names of the token limit: that is a limit it would not have', async () => {
    const unsupported = refusal('max_tokens, max_completion_tokens: 50 is not supported');
    server.answer = (res, body) => (hasLimit(body) ? unsupported : fine)(res, body);
    for (let time = 0; time < 3; time += 1) await members();
    server.answer = fine;
    expect(await members()).toEqual(all);
  });
});
