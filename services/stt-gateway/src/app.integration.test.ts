import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { defaults } from './config.ts';
import { FakeEngine } from './test-support/fake-engine.ts';
import { Client, KEY, startGateway } from './test-support/gateway.ts';
import { silence, speak } from './test-support/speech.ts';

const authorization = `Bearer ${KEY}`;

describe('closing', () => {
  test('new sockets are refused, open ones get their finals and 1001, then engine and worker go', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 800;
    const gateway = await startGateway(engine.url);
    using client = await Client.open(gateway.url);
    await client.play(Buffer.concat([silence(300), await speak('bonjour madame')]), 4);
    await expect.poll(() => gateway.hearing.streams).toBe(1);
    const closing = gateway.lifecycle.close();
    await expect(Client.open(gateway.url)).rejects.toThrow('503');
    await client.until(({ closed }) => closed !== undefined);
    expect(client.said).toEqual(['bonjour']);
    expect(client.closed?.code).toBe(1001);
    expect(await closing).toBe(true);
    expect(gateway.hearing.ready).toBe(false);
    await expect(request(`${gateway.url}/health`)).rejects.toThrow('ECONNREFUSED');
  });

  test('a final that takes too long does not hold the process', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 5_000;
    const gateway = await startGateway(engine.url, { streams: { ...defaults.streams, drainMs: 300 } });
    using client = await Client.open(gateway.url);
    await client.play(Buffer.concat([silence(300), await speak('bonjour madame')]), 4);
    const startedMs = performance.now();
    expect(await gateway.lifecycle.close()).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    await client.until(({ closed }) => closed !== undefined);
  });
});

describe('REST', () => {
  test('a form goes through to the engine as it came, with our key', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const form = new FormData();
    form.set('model', 'whisper-1');
    form.set('file', new Blob([new Uint8Array(200_000)]), 'speech.wav');
    const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization },
      body: form,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ text: 'bonjour' });
    expect(engine.requests[0]?.contentType).toMatch(/^multipart\/form-data; boundary=/);
    expect(engine.requests[0]?.body.length).toBeGreaterThan(200_000);
    expect(engine.requests[0]?.authorization).toBe(authorization);
  });

  test('refusals are problem bodies: no key, no form, too large, the engine says no', async () => {
    await using engine = await new FakeEngine().start();
    engine.answer = () => ({ status: 400, body: { detail: 'The form has no file.' } });
    await using gateway = await startGateway(engine.url, { rest: { ...defaults.rest, maxBytes: 1_000 } });
    const post = async (headers: Record<string, string>, body: string) => {
      const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', headers, body });
      return { status: response.status, ...((await response.json()) as { code: string; detail: string }) };
    };
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(await post(type, '')).toMatchObject({ status: 401, code: 'unauthorized' });
    for (const contentType of ['application/xml', 'application/json', 'text/plain']) {
      expect(await post({ authorization, 'content-type': contentType }, '{}'), contentType).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
      });
    }
    expect(await post({ authorization, ...type }, 'x'.repeat(2_000))).toMatchObject({ code: 'payload_too_large' });
    expect(await post({ authorization, ...type }, '--x--')).toMatchObject({
      status: 400,
      code: 'invalid_request',
      detail: 'The form has no file.',
    });
    await engine.stop();
    expect(await post({ authorization, ...type }, '--x--')).toMatchObject({ status: 503, code: 'unavailable' });
    await engine.start();
  });

  test('a caller who hangs up takes its request off the engine', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 500;
    await using gateway = await startGateway(engine.url);
    const abort = new AbortController();
    const call = fetch(`${gateway.url}/v1/audio/transcriptions?language=fr`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'audio/pcm;rate=16000' },
      body: new Uint8Array(32_000),
      signal: abort.signal,
    });
    await expect.poll(() => engine.requests.length).toBe(1);
    abort.abort();
    await expect(call).rejects.toThrow('aborted');
    await expect.poll(() => engine.aborted, { timeout: 3_000 }).toBe(1);
    const { body } = await request(`${gateway.url}/metrics`);
    expect(await body.text()).toContain('eloquence_stt_decodes_total{kind="rest",outcome="cancelled"} 1');
  });

  test('models are those of the engine', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const { statusCode, body } = await request(`${gateway.url}/v1/models`, { headers: { authorization } });
    expect(statusCode).toBe(200);
    expect(await body.json()).toMatchObject({ data: [{ id: 'fake' }] });
    expect((await request(`${gateway.url}/v1/models`)).statusCode).toBe(401);
  });
});
