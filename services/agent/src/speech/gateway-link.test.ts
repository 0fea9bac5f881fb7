import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FakeGateway } from '../test-support/fake-gateway.ts';
import { GatewayLink, listenUrl, type Transcript } from './gateway-link.ts';

const logger = createLogger('test', 'silent');
const LOUD = Buffer.from(new Int16Array(320).fill(5_000).buffer);
const QUIET = Buffer.alloc(640);

async function setUp(texts = ['bonjour', 'au revoir'], refusal?: ErrorCode) {
  const gateway = await FakeGateway.start({ texts });
  gateway.refusal = refusal;
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const heard: Transcript[] = [];
  const outages: number[] = [];
  const unsupported = vi.fn<() => void>();
  const link = new GatewayLink({
    url: listenUrl(gateway.url, { language: 'fr', keyterms: ['Éloquence', 'Dupont'], endpointingMs: 1_000 }),
    key: 'the-key',
    logger,
    onTranscript: (transcript) => heard.push(transcript),
    onOutage: () => outages.push(Date.now()),
    onUnsupported: unsupported,
  });
  const running = link.run();
  onTestFinished(async () => {
    await link.close();
    await running;
  });
  const finals = () => heard.filter((transcript) => transcript.isFinal);
  const open = (count: number) => waitFor(() => gateway.streams[count - 1], { what: `connection ${count}` });
  return { gateway, link, running, heard, finals, outages, unsupported, open };
}

function say(link: GatewayLink, frames: number, pcm = LOUD): void {
  for (let index = 0; index < frames; index += 1) link.push(pcm, 1_000_000 + (index + 1) * 20);
}

test('it opens a Deepgram socket with the key, the language and every keyterm', async () => {
  const { open } = await setUp();
  const stream = await open(1);
  expect(stream.authorization).toBe('Token the-key');
  expect(Object.fromEntries(stream.url.searchParams)).toMatchObject({
    encoding: 'linear16',
    sample_rate: '16000',
    interim_results: 'true',
    language: 'fr',
    endpointing: '1000',
  });
  expect(stream.url.searchParams.getAll('keyterm')).toEqual(['Éloquence', 'Dupont']);
});

test('speech gives interims, Finalize gives the final text once, with wall times of its audio', async () => {
  const { link, heard, finals, open } = await setUp();
  await open(1);
  say(link, 50, QUIET);
  say(link, 50);
  await waitFor(() => heard.length > 0);
  link.finalize();
  link.finalize();
  const [final] = await waitFor(() => finals().length > 0 && finals());
  link.finalize();
  expect(heard[0]).toMatchObject({ isFinal: false, text: 'bonjour' });
  expect(final).toMatchObject({ text: 'bonjour', startMs: 1_001_000, endMs: 1_002_000, startS: 1, endS: 2 });
  expect(final?.words).toEqual([{ text: 'bonjour', start_ms: 1_001_000, end_ms: 1_002_000, confidence: 0.9 }]);
  await link.close();
  expect(finals()).toHaveLength(1);
});

test('after a lost connection what has no final text is sent again, and its times stay right', async () => {
  const { gateway, link, finals, open } = await setUp();
  await open(1);
  say(link, 50);
  await waitFor(() => gateway.streams[0]?.bytes === 32_000);
  link.finalize();
  await waitFor(() => finals().length === 1);
  for (let index = 0; index < 25; index += 1) link.push(LOUD, 1_001_000 + (index + 1) * 20);
  await waitFor(() => (gateway.streams[0]?.bytes ?? 0) === 48_000);
  gateway.cut();
  const second = await open(2);
  await waitFor(() => second.bytes === 16_000, { what: 'the audio without a final text, and only that' });
  await waitFor(() => {
    link.finalize();
    return finals().length === 2;
  });
  expect(finals()[1]).toMatchObject({ text: 'au revoir', startMs: 1_001_000, endMs: 1_001_500 });
});

test('words said while the gateway is away are not lost, and of a short absence nobody is told', async () => {
  const { gateway, link, finals, outages, open } = await setUp();
  await open(1);
  gateway.down = true;
  gateway.cut();
  say(link, 100);
  gateway.down = false;
  const second = await open(2);
  await waitFor(() => second.bytes === 64_000);
  await waitFor(() => {
    link.finalize();
    return finals().length === 1;
  });
  expect(outages).toEqual([]);
});

test('after three seconds of absence the outage is told once', async () => {
  const { gateway, outages, open } = await setUp();
  await open(1);
  gateway.down = true;
  gateway.cut();
  await waitFor(() => outages.length === 1, { timeoutMs: 5_000 });
  gateway.down = false;
  await open(2);
  expect(outages).toHaveLength(1);
});

test('a language the gateway does not understand is told once, and not asked for again', async () => {
  const { gateway, link, running, unsupported, outages } = await setUp([], 'unsupported_language');
  say(link, 10);
  await running;
  say(link, 10);
  expect(gateway.refused).toBe(1);
  expect(unsupported).toHaveBeenCalledOnce();
  expect(outages).toEqual([]);
});

test('an engine that stops understanding the language in the middle of a call ends the link too', async () => {
  const { running, unsupported, open } = await setUp();
  const { socket } = await open(1);
  socket.send(JSON.stringify({ type: 'Error', code: 'unsupported_language', description: 'no', retryable: false }));
  await running;
  expect(unsupported).toHaveBeenCalledOnce();
});

test('a gateway that is full is asked again', async () => {
  const { gateway, unsupported, open } = await setUp(undefined, 'overloaded');
  await waitFor(() => gateway.refused > 1);
  gateway.refusal = undefined;
  await open(1);
  expect(unsupported).not.toHaveBeenCalled();
});

test('a stream that ends asks for its last words before it closes', async () => {
  const { link, open } = await setUp();
  const stream = await open(1);
  say(link, 10);
  await link.close();
  await waitFor(() => stream.closed);
  expect(stream.controls.at(-1)).toBe('CloseStream');
});

test('closing while the gateway is away does not wait for it', async () => {
  const { gateway, link, open } = await setUp();
  await open(1);
  gateway.down = true;
  gateway.cut();
  const startedMs = performance.now();
  await link.close();
  expect(performance.now() - startedMs).toBeLessThan(500);
});
