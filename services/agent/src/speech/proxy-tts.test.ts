import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { speechRequestSchema } from '@eloquence/shared/contracts/tts';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { initializeLogger, type tts } from '@livekit/agents';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { ProxyTts } from './proxy-tts.ts';
import { SpeechClient } from './speech-client.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

interface Ask {
  readonly input: string;
  readonly authorization: string | undefined;
  readonly response: ServerResponse;
  closed: boolean;
}
type Answer = (ask: Ask, count: number) => void;

/** A voice on a real socket that answers as the test says. */
async function setUp(answer: Answer) {
  const asks: Ask[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { input } = speechRequestSchema.parse(JSON.parse(Buffer.concat(parts).toString()));
      const ask: Ask = { input: input, authorization: request.headers.authorization, response, closed: false };
      response.on('close', () => {
        ask.closed = true;
      });
      answer(ask, asks.push(ask));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = new SpeechClient({
    ttsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: 'the-key',
    language: 'fr',
    firstByteTimeoutMs: 400,
  });
  const voice = new ProxyTts({ client, logger: createLogger('test', 'silent') });
  const errors: { readonly recoverable: boolean }[] = [];
  voice.on('error', (error) => errors.push(error));
  return { voice, asks, errors };
}

/** Samples that say which sentence they are of: its length, again and again. */
const pcm = (input: string, samples: number) => Buffer.from(new Int16Array(samples).fill(input.length).buffer);

async function speak(voice: ProxyTts, text: string) {
  const stream = voice.stream();
  stream.pushText(text);
  stream.endInput();
  const frames: tts.SynthesizedAudio[] = [];
  for await (const item of stream) if (typeof item !== 'symbol') frames.push(item);
  return frames;
}

const FIRST = 'Bonjour et bienvenue à vous.';
const SECOND = 'Comment allez-vous ?';

test('every sample arrives, in frames of 20 ms, sentence after sentence, each with its text', async () => {
  const { voice, asks } = await setUp(({ input, response }) => response.end(pcm(input, 1_000)));
  const frames = await speak(voice, `${FIRST} ${SECOND}`);
  expect(frames.map(({ frame }) => frame.samplesPerChannel)).toEqual([480, 480, 40, 480, 480, 40]);
  expect(frames.map(({ frame }) => frame.data[0])).toEqual([28, 28, 28, 20, 20, 20]);
  expect(frames.flatMap(({ timedTranscripts }) => timedTranscripts?.map(({ text }) => text) ?? [])).toEqual([
    `${FIRST} `,
    SECOND,
  ]);
  expect(asks[0]?.authorization).toBe('Bearer the-key');
});

test('samples torn apart by the network are put together again', async () => {
  const { voice } = await setUp(({ input, response }) => {
    const bytes = pcm(input, 480);
    response.write(bytes.subarray(0, 1));
    setTimeout(() => response.end(bytes.subarray(1)), 20);
  });
  const frames = await speak(voice, FIRST);
  expect(frames).toHaveLength(1);
  expect([...(frames[0]?.frame.data ?? [])].every((sample) => sample === 28)).toBe(true);
});

test('the first frame is there while the answer is still being made', async () => {
  const { voice, asks } = await setUp(({ input, response }) => response.write(pcm(input, 480)));
  const stream = voice.stream();
  stream.pushText(FIRST);
  stream.endInput();
  expect((await stream.next()).done).toBe(false);
  asks[0]?.response.end();
  stream.close();
});

test('at most two sentences are asked for at once', async () => {
  const { voice, asks } = await setUp(() => {});
  const stream = voice.stream();
  stream.pushText('Une première phrase. Une deuxième phrase. Une troisième phrase. Une quatrième phrase.');
  stream.endInput();
  await waitFor(() => asks.length === 2);
  asks[0]?.response.end(pcm('x', 10));
  await waitFor(() => asks.length === 3);
  expect(asks.filter(({ closed }) => !closed)).toHaveLength(2);
  stream.close();
});

test('an answer that is cut off closes its sockets', async () => {
  const { voice, asks } = await setUp(({ input, response }) => response.write(pcm(input, 480)));
  const stream = voice.stream();
  stream.pushText(`${FIRST} ${SECOND}`);
  stream.endInput();
  await stream.next();
  stream.close();
  const allClosed = await waitFor(() => asks.length > 0 && asks.every(({ closed }) => closed), {
    what: 'closed sockets',
  });
  expect(allClosed).toBe(true);
});

test('a failure before the first sound is tried again, and nothing is said twice', async () => {
  const { voice, errors } = await setUp(({ input, response }, count) =>
    count < 3 ? response.writeHead(503).end() : response.end(pcm(input, 480)),
  );
  expect(await speak(voice, FIRST)).toHaveLength(1);
  expect(errors).toEqual([]);
});

test('a failure after the first sound is told and never tried again', async () => {
  const { voice, asks, errors } = await setUp(({ input, response }) => {
    response.writeHead(200, { 'content-length': '9600' });
    response.write(pcm(input, 480));
    setTimeout(() => response.destroy(), 20);
  });
  const frames = await speak(voice, FIRST);
  expect(frames).toHaveLength(1);
  expect(asks).toHaveLength(1);
  expect(errors.map(({ recoverable }) => recoverable)).toEqual([false]);
});

test('a voice that stays silent is taken for failed', async () => {
  const { voice, errors } = await setUp(() => {});
  expect(await speak(voice, FIRST)).toEqual([]);
  expect(errors).toHaveLength(1);
});

test('a refused text is not asked for again', async () => {
  const { voice, asks, errors } = await setUp(({ response }) => response.writeHead(400).end());
  await speak(voice, FIRST);
  expect(asks).toHaveLength(1);
  expect(errors).toHaveLength(1);
});
