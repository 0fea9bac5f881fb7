import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { readinessSchema } from '@eloquence/shared/contracts/engine';
import { defaults } from '../config.ts';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { Client, startGateway } from '../test-support/gateway.ts';
import { silence, speak } from '../test-support/speech.ts';

const sentence = async () => Buffer.concat([silence(300), await speak('bonjour madame'), silence(700)]);

describe('an engine that dies', () => {
  test('in the middle of an utterance and comes back in time: nothing is lost', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 2_000;
    await using gateway = await startGateway(engine.url);
    using client = await Client.open(gateway.url);
    await client.play(await sentence(), 2);
    await expect.poll(() => engine.requests.length, { timeout: 5_000 }).toBeGreaterThan(0);
    await engine.stop();
    engine.delayMs = 0;
    const keeper = setInterval(() => client.control('KeepAlive'), 500);
    await expect.poll(() => decodes(gateway.url, 'unavailable'), { timeout: 5_000 }).toBeGreaterThan(1);
    await engine.start();
    await client.until(({ said }) => said.length === 1);
    clearInterval(keeper);
    expect(client.said).toEqual(['bonjour']);
    expect(client.messages.filter(({ type }) => type === 'Error')).toEqual([]);
  });

  test('and stays away: the utterance is reported lost, the socket goes on', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url, { decoding: { ...defaults.decoding, outageMs: 600 } });
    await engine.stop();
    using client = await Client.open(gateway.url);
    await client.play(await sentence(), 2);
    await client.until(({ messages }) => messages.some(({ type }) => type === 'Error'));
    expect(client.messages.find(({ type }) => type === 'Error')).toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
    await engine.start();
    await client.play(await sentence(), 2);
    await client.until(({ said }) => said.length === 1);
    expect(client.closed).toBeUndefined();
  });

  test('is named by /ready, and what it listens with when it lives', async () => {
    await using engine = await new FakeEngine().start();
    await using gateway = await startGateway(engine.url);
    const ready = async () => {
      const { statusCode, body } = await request(`${gateway.url}/ready`);
      return { statusCode, readiness: readinessSchema.parse(await body.json()) };
    };
    expect(await ready()).toMatchObject({
      statusCode: 200,
      readiness: { status: 'ready', engine: { id: 'fake', label: 'fake engine', label_fr: 'fake engine', demo: true } },
    });
    await engine.stop();
    expect(await ready()).toMatchObject({
      statusCode: 503,
      readiness: {
        checks: [
          { name: 'vad', ok: true },
          {
            name: 'engine',
            ok: false,
            detail: expect.stringMatching(/^The speech engine cannot be reached at 127\.0\.0\.1:\d+\.$/) as string,
          },
        ],
      },
    });
  });

  test('tells what it understands and what may be said to it', async () => {
    await using engine = await new FakeEngine().start();
    const about = { label_fr: 'faux moteur', languages: ['fr'], examples: { fr: ['Donnez-moi un conseil'] } };
    engine.engine = { ...engine.engine, ...about };
    await using gateway = await startGateway(engine.url);
    const { body } = await request(`${gateway.url}/ready`);
    expect(readinessSchema.parse(await body.json()).engine).toEqual({
      id: 'fake',
      label: 'fake engine',
      demo: true,
      ...about,
    });
  });

  test('that refuses a language says so once per utterance, without being asked again', async () => {
    await using engine = await new FakeEngine().start();
    const detail = 'The demo speech model understands fr only.';
    engine.answer = () => ({ status: 400, body: { detail, code: 'unsupported_language' } });
    await using gateway = await startGateway(engine.url);
    using client = await Client.open(gateway.url, { language: 'en' });
    await client.play(await sentence(), 4);
    await client.finish();
    expect(client.messages.filter(({ type }) => type === 'Error')).toEqual([
      expect.objectContaining({
        code: 'unsupported_language',
        retryable: false,
        description: 'What was said could not be transcribed and is lost. The demo speech model understands fr only.',
      }),
    ]);
  });
});

describe('an engine that is slow', () => {
  test('turns new streams away with 503 and a time to come back; open ones get their finals in order', async () => {
    await using engine = await new FakeEngine().start();
    engine.delayMs = 1_500;
    engine.answer = (_heard, index) => `phrase ${index}`;
    const decoding = { ...defaults.decoding, maxSlots: 1 };
    await using gateway = await startGateway(engine.url, { decoding });
    using client = await Client.open(gateway.url);
    await client.play(Buffer.concat([await sentence(), await sentence(), await sentence()]), 10);
    await expect
      .poll(
        () =>
          Client.open(gateway.url).then(
            ({ socket }) => socket.terminate(),
            (error: Error) => error.message,
          ),
        {
          timeout: 5_000,
        },
      )
      .toBe('Unexpected server response: 503');
    await client.finish();
    expect(client.said).toHaveLength(3);
    expect(client.said.map((text) => Number(text.split(' ')[1]))).toEqual(
      client.said.map((text) => Number(text.split(' ')[1])).toSorted((a, b) => a - b),
    );
  });
});

async function decodes(url: string, outcome: string): Promise<number> {
  const { body } = await request(`${url}/metrics`);
  const counts = (await body.text()).matchAll(
    new RegExp(`stt_decodes_total\\{[^}]*outcome="${outcome}"\\} (\\d+)`, 'g'),
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
