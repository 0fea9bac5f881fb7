import { AppError, toProblem } from '@eloquence/shared/runtime/errors';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fakeServer, sendJson } from '../test-support/fake-server.ts';
import { ApiClient, ServerAwayError } from './api-client.ts';

const anything = z.unknown();
const refuse = (_request: unknown, response: Parameters<typeof sendJson>[0]) => sendJson(response, 401, {});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a call', () => {
  it('carries the key, and gives what the server says in the server’s words', async () => {
    const error = new AppError('conflict', 'The meeting goes on.', { issues: [{ path: 'name', message: 'too long' }] });
    await using server = await fakeServer((_request, response) => sendJson(response, 409, toProblem(error)), 'a-key');
    await expect(server.api.client.json('/x', anything)).rejects.toMatchObject({
      code: 'conflict',
      message: 'The meeting goes on. (name: too long)',
    });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer a-key');
  });

  it('names the fix when nothing answers, or not in time', async () => {
    const away = new ApiClient({ url: 'http://127.0.0.1:9', key: undefined });
    await expect(away.json('/x', anything)).rejects.toThrow(/npm start.*--api/);
    await expect(away.json('/x', anything)).rejects.toBeInstanceOf(ServerAwayError);
    await using silent = await fakeServer(() => undefined);
    await expect(silent.api.client.json('/x', anything, { timeoutMs: 50 })).rejects.toBeInstanceOf(ServerAwayError);
  });

  it('tells a missing key from a wrong one', async () => {
    await using open = await fakeServer(refuse);
    await expect(open.api.client.json('/x', anything)).rejects.toThrow(/demande une clé.*--key/);
    await using closed = await fakeServer(refuse, 'wrong');
    await expect(closed.api.client.json('/x', anything)).rejects.toThrow(/n'est pas une clé de/);
  });

  it('says when what answers is no Eloquence', async () => {
    await using page = await fakeServer((_request, response) => response.writeHead(502).end('<html>'));
    await expect(page.api.client.json('/x', anything)).rejects.toThrow(/n'est pas Eloquence \(réponse 502\)/);
    page.answer = (_request, response) => sendJson(response, 200, { hello: 1 });
    await expect(page.api.client.json('/x', z.object({ a: z.string() }))).rejects.toMatchObject({
      code: 'upstream_failed',
    });
  });

  it('is broken off by its signal, with the signal’s reason', async () => {
    await using silent = await fakeServer(() => undefined);
    const abort = new AbortController();
    const pending = silent.api.client.json('/x', anything, { signal: abort.signal });
    abort.abort(new DOMException('enough', 'AbortError'));
    await expect(pending).rejects.toThrow('enough');
  });
});

it('a recording is sent as it is, and its progress is read as it comes', async () => {
  await using server = await fakeServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"type":"audio.progress","seconds_done":1.5,"seconds_total":3,"utterances":1}\n\n: beat\n\n');
    response.end(
      'data: {"type":"audio.done","utterances":["utt_aaaaaaaaaaaaaaaa"],"span":{"speaker":"zoe","start_ms":0,"end_ms":3000}}\n\n',
    );
  });
  const recording = { speaker: 'zoe', name: 'Zoé', startMs: 0, body: 'RIFF', contentType: 'audio/wav' };
  const events = await collect(server.api.upload('ses_x', recording));
  expect(events.map(({ type }) => type)).toEqual(['audio.progress', 'audio.done']);
  expect(server.asked[0]).toMatchObject({
    method: 'POST',
    url: '/api/sessions/ses_x/audio?speaker=zoe&start_ms=0&name=Zo%C3%A9',
    body: 'RIFF',
  });
  server.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      `event: error\ndata: ${JSON.stringify(toProblem(new AppError('invalid_audio', 'No sound in it.')))}\n\n`,
    );
  };
  await expect(collect(server.api.upload('ses_x', recording))).rejects.toMatchObject({ code: 'invalid_audio' });
});
