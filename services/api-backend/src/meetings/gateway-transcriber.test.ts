import { Readable } from 'node:stream';
import { AppError } from '@eloquence/shared/runtime/errors';
import { expect, it } from 'vitest';
import { done, FakeSttGateway, heard } from '../testing/fake-stt-gateway.ts';
import { GatewayTranscriber, type RecordingBody } from './gateway-transcriber.ts';

const recording = (over: Partial<RecordingBody> = {}): RecordingBody => ({
  body: Readable.from([Buffer.from('sound')]),
  contentType: 'application/x-www-form-urlencoded',
  contentLength: undefined,
  language: 'fr',
  keyterms: [],
  signal: new AbortController().signal,
  ...over,
});

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const event of events) found.push(event);
  return found;
}

it('hands on what the gateway says, of a body of any name', async () => {
  await using gateway = await new FakeSttGateway().start();
  gateway.steps = () => [heard('bonjour', 1), done(2)];
  const transcriber = new GatewayTranscriber({ sttUrl: gateway.url, internalKey: 'k', maxBytes: 100 });
  expect(await all(transcriber.transcribe(recording()))).toEqual([heard('bonjour', 1), done(2)]);
  expect(gateway.asked).toMatchObject([
    { contentType: 'application/octet-stream', authorization: 'Bearer k', bytes: 5 },
  ]);
  await transcriber.close();
});

it('does not wait for a gateway that has taken it and says nothing', async () => {
  await using gateway = await new FakeSttGateway().start();
  gateway.silent = true;
  const transcriber = new GatewayTranscriber({ sttUrl: gateway.url, internalKey: 'k', maxBytes: 100, answerMs: 50 });
  const failure = transcriber.transcribe(recording()).next();
  await expect(failure).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 5 });
  await transcriber.close();
});

it('takes an answer that breaks off for none', async () => {
  await using gateway = await new FakeSttGateway().start();
  gateway.steps = () => [heard('bonjour', 1)];
  const transcriber = new GatewayTranscriber({ sttUrl: gateway.url, internalKey: 'k', maxBytes: 100 });
  await expect(all(transcriber.transcribe(recording()))).rejects.toMatchObject({ code: 'unavailable' });
  await transcriber.close();
});

it('leaves the sender its connection, and gives the signal its own reason back', async () => {
  await using gateway = await new FakeSttGateway().start();
  const transcriber = new GatewayTranscriber({ sttUrl: gateway.url, internalKey: 'k', maxBytes: 3 });
  const body = Readable.from([Buffer.from('sound'), Buffer.from('sound')]);
  await expect(transcriber.transcribe(recording({ body })).next()).rejects.toMatchObject({ code: 'payload_too_large' });
  expect(body.destroyed).toBe(false);
  const reason = new AppError('session_ended', 'The meeting has ended.');
  const signal = AbortSignal.abort(reason);
  await expect(transcriber.transcribe(recording({ signal })).next()).rejects.toBe(reason);
  await transcriber.close();
});
