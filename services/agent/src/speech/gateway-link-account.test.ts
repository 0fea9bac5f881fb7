import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { FakeGateway } from '../test-support/fake-gateway.ts';
import { GatewayLink, listenUrl } from './gateway-link.ts';
import { SampleClock } from './sample-clock.ts';

const logger = createLogger('test', 'silent');
const SECOND = 16_000;
const LOUD = Buffer.from(new Int16Array(1_600).fill(5_000).buffer);
const QUIET = Buffer.alloc(3_200);

/** A link that accounts for every sample, with a ring of two seconds. */
async function setUp() {
  const gateway = await FakeGateway.start({ texts: ['bonjour'] });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const told: string[] = [];
  const link = new GatewayLink({
    url: listenUrl(gateway.url, { language: 'fr', keyterms: [], endpointingMs: 600 }),
    key: 'k',
    logger,
    onTranscript: ({ isFinal, text }) => isFinal && told.push(text),
    onOutage: () => {},
    onUnsupported: () => {},
    account: {
      clock: new SampleClock(SECOND),
      ringSeconds: 2,
      drainMs: 1_000,
      missedPings: 6,
      onAcknowledged: (sample) => told.push(`to ${sample / SECOND}`),
      onLost: (from, to) => told.push(`lost ${from / SECOND}-${to / SECOND}`),
    },
  });
  let nowMs = 1_000_000;
  const push = (seconds: number, pcm = LOUD) => {
    for (let frame = 0; frame < seconds * 10; frame += 1) link.push(pcm, (nowMs += 100));
  };
  const running = link.run();
  onTestFinished(async () => {
    await link.close();
    await running;
  });
  const open = (count: number) => waitFor(() => gateway.streams[count - 1], { what: `connection ${count}` });
  return { gateway, link, told, push, open };
}

test('the answer to a Finalize is about everything before it, silence included, and text is told before its place', async () => {
  const { link, told, push, open } = await setUp();
  await open(1);
  push(1, QUIET);
  link.finalize();
  expect(link.isFinalizing).toBe(true);
  await waitFor(() => told.length === 1);
  expect(link.isFinalizing).toBe(false);
  push(1);
  push(0.5, QUIET);
  link.finalize();
  await waitFor(() => told.length === 3);
  expect(told).toEqual(['to 1', 'bonjour', 'to 2.5']);
});

test('what the ring could not keep while the gateway was away is told as lost, and the rest is heard', async () => {
  const { gateway, link, told, push, open } = await setUp();
  await open(1);
  gateway.down = true;
  gateway.cut();
  await waitFor(() => gateway.streams[0]?.closed);
  push(5);
  gateway.down = false;
  await open(2);
  await waitFor(() => {
    link.finalize();
    return told.includes('to 5');
  });
  expect(told).toEqual(['lost 0-3', 'bonjour', 'to 5']);
});

test('speech whose text the gateway lost is sent again; after three times it is lost', async () => {
  const { gateway, link, told, push, open } = await setUp();
  gateway.losing = 2;
  await open(1);
  push(1);
  await waitFor(() => {
    if (!link.isFinalizing) link.finalize();
    return told.includes('to 1');
  });
  expect(told).toEqual(['bonjour', 'to 1']);
  gateway.losing = 3;
  push(1);
  await waitFor(() => {
    if (!link.isFinalizing) link.finalize();
    return told.includes('to 2');
  });
  expect(told.slice(2)).toEqual(['lost 1-2', 'to 2']);
});

test('a stream that is closed has everything transcribed, or says what is lost', async () => {
  const heard = await setUp();
  await heard.open(1);
  heard.push(1);
  await heard.link.close();
  expect(heard.told).toEqual(['bonjour', 'to 1']);

  const away = await setUp();
  await away.open(1);
  away.gateway.down = true;
  away.gateway.cut();
  away.push(1);
  await away.link.close();
  expect(away.told).toEqual(['lost 0-1']);
});
