import { DeepgramClient } from '@deepgram/sdk';
import { initializeLogger, tts } from '@livekit/agents';
import * as livekit from '@livekit/agents-plugin-deepgram';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from './eventually.ts';
import { hear, hearFile, samplesOf } from './heard-speech.ts';
import { misheard } from './speech.ts';
import { key, ttsUrl } from './stack.ts';

/** Deepgram's name of a French man, whom the demo model understands: it knows no woman's voice. */
const MODEL = 'aura-2-hector-fr';
const said = ["Pouvez-vous répéter s'il vous plaît ?", 'Quelle est votre adresse ?'];

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

/** As the SDK's page on self-hosted servers has it: one address for all it does. */
function clientOf(apiKey = key): DeepgramClient {
  const socketUrl = ttsUrl.replace('http', 'ws');
  return new DeepgramClient({
    apiKey,
    environment: { base: ttsUrl, production: socketUrl, agent: socketUrl, agentRest: ttsUrl },
  });
}

/** A connection, the sound and the messages it delivered. */
async function connect(query: Record<string, unknown> = {}, apiKey = key) {
  const args = { model: MODEL, encoding: 'linear16', sample_rate: '24000', ...query } as const;
  const connection = await clientOf(apiKey).speak.v1.connect(args);
  const chunks: Blob[] = [];
  const messages: { readonly type: string }[] = [];
  const closes: number[] = [];
  const errors: Error[] = [];
  connection.on('message', (message: unknown) => {
    if (message instanceof Blob) chunks.push(message);
    else messages.push(message as { readonly type: string });
  });
  connection.on('close', ({ code }) => closes.push(code));
  connection.on('error', (error) => errors.push(error));
  connection.connect();
  onTestFinished(() => connection.close());
  const heard = async (rateHz: number) =>
    hear(samplesOf(Buffer.from(await new Blob(chunks.splice(0)).arrayBuffer())), rateHz);
  return {
    connection,
    heard,
    chunks,
    messages,
    closes,
    errors,
    of: (type: string) => messages.filter((one) => one.type === type),
  };
}

describe('@deepgram/sdk, speech', () => {
  test('speaks what is written bit by bit, twice on one socket, and closes with 1000', async () => {
    const { connection, heard, messages, closes, of } = await connect({ shouldReconnect: () => false });
    await connection.waitForOpen();
    for (const [index, text] of said.entries()) {
      for (const word of text.split(' ')) connection.sendText({ type: 'Speak', text: `${word} ` });
      connection.sendFlush({ type: 'Flush' });
      await eventually(() => of('Flushed').length === index + 1);
      const { text: understood } = await heard(24_000);
      expect(misheard([text], [understood])).toEqual([]);
    }
    expect(messages[0]).toMatchObject({ type: 'Metadata', model_name: MODEL });
    connection.sendClose({ type: 'Close' });
    await eventually(() => closes.length > 0);
    expect(closes).toEqual([1000]);
  });

  test('Clear ends a long text at once; the next one is spoken alone', async () => {
    const { connection, heard, chunks, of } = await connect();
    await connection.waitForOpen();
    for (let time = 0; time < 40; time += 1) connection.sendText({ type: 'Speak', text: `${said[0]} ` });
    connection.sendFlush({ type: 'Flush' });
    await eventually(() => chunks.length > 0);
    connection.sendClear({ type: 'Clear' });
    await eventually(() => of('Cleared').length === 1);
    chunks.length = 0;
    connection.sendText({ type: 'Speak', text: said[1] as string });
    connection.sendFlush({ type: 'Flush' });
    await eventually(() => of('Flushed').length === 1);
    const { text: understood } = await heard(24_000);
    expect(misheard([said[1] as string], [understood])).toEqual([]);
  });

  test.each([8_000, 16_000, 48_000])('speaks at %i Hz', async (rateHz) => {
    const { connection, heard, of } = await connect({ sample_rate: String(rateHz) });
    await connection.waitForOpen();
    connection.sendText({ type: 'Speak', text: said[0] as string });
    connection.sendFlush({ type: 'Flush' });
    await eventually(() => of('Flushed').length === 1);
    const { text: understood } = await heard(rateHz);
    expect(misheard([said[0] as string], [understood])).toEqual([]);
  });

  test('a wrong key fails with our status instead of hanging', async () => {
    const { connection, errors } = await connect({ reconnectAttempts: 0 }, 'a-wrong-key');
    await expect(connection.waitForOpen()).rejects.toThrow(/401/);
    expect(errors[0]?.message).toContain('401');
  });

  test('REST: a text that is known whole, as mp3', async () => {
    const answer = await clientOf().speak.v1.audio.generate({ text: said[0] as string, model: MODEL });
    const heard = await hearFile(Buffer.from(await answer.arrayBuffer()), 'speech.mp3');
    expect(misheard([said[0] as string], [heard.text])).toEqual([]);
  });
});

describe('@livekit/agents-plugin-deepgram, speech', () => {
  test('speaks a stream of tokens sentence by sentence', async () => {
    const plugin = new livekit.TTS({ apiKey: key, baseUrl: ttsUrl, model: MODEL });
    const stream = plugin.stream();
    for (const token of said.join(' ').split(/(?<= )/)) stream.pushText(token);
    stream.flush();
    stream.endInput();
    const frames: Int16Array[] = [];
    for await (const event of stream) {
      if (event === tts.SynthesizeStream.END_OF_STREAM) break;
      frames.push(event.frame.data);
    }
    stream.close();
    const heard = await hear(Int16Array.from(frames.flatMap((frame) => [...frame])), plugin.sampleRate);
    expect(misheard(said, [heard.text])).toEqual([]);
  });

  test('a wrong key is an error the agent sees', async () => {
    const plugin = new livekit.TTS({ apiKey: 'a-wrong-key', baseUrl: ttsUrl, model: MODEL });
    const errors: Error[] = [];
    plugin.on('error', ({ error }) => errors.push(error));
    const stream = plugin.stream({ connOptions: { maxRetry: 0, retryIntervalMs: 1, timeoutMs: 5_000 } });
    onTestFinished(() => stream.close());
    stream.pushText('Bonjour.');
    stream.endInput();
    await eventually(() => errors.length > 0);
    expect(errors[0]?.message).toMatch(/401|WebSocket/);
  });
});
