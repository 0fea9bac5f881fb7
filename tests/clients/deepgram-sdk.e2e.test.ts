import { DeepgramClient, type Deepgram } from '@deepgram/sdk';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { eventually } from './eventually.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { misheard, play, record } from './speech.ts';
import { key, sttUrl, whisperUrl } from './stack.ts';

/** As the SDK's page on self-hosted servers has it: one address for all it does. */
function clientOf(url: string, apiKey = key): DeepgramClient {
  const socketUrl = url.replace('http', 'ws');
  return new DeepgramClient({
    apiKey,
    environment: { base: url, production: socketUrl, agent: socketUrl, agentRest: url },
  });
}

type Results = Deepgram.listen.ListenV1Results;
type Message =
  | Results
  | Deepgram.listen.ListenV1Metadata
  | Deepgram.listen.ListenV1UtteranceEnd
  | Deepgram.listen.ListenV1SpeechStarted;

const settings = {
  model: 'nova-3',
  language: 'fr',
  encoding: 'linear16',
  sample_rate: 16_000,
  interim_results: 'true',
  vad_events: 'true',
  utterance_end_ms: 1000,
  endpointing: 300,
  smart_format: 'true',
} as const;

/** A live connection and all it delivered. */
async function listen(client: DeepgramClient, more: Record<string, unknown> = {}) {
  const connection = await client.listen.v1.connect({ ...settings, ...more });
  const messages: Message[] = [];
  const closes: { code: number; reason: string }[] = [];
  const errors: Error[] = [];
  connection.on('message', (message) => messages.push(message));
  connection.on('close', ({ code, reason }) => closes.push({ code, reason }));
  connection.on('error', (error) => errors.push(error));
  connection.connect();
  onTestFinished(() => connection.close());
  const results = () => messages.filter((message): message is Results => message.type === 'Results');
  return {
    connection,
    messages,
    closes,
    errors,
    results,
    finals: () => results().filter(({ is_final }) => is_final),
    said: () => textsOf(results().filter(({ is_final }) => is_final)),
  };
}

const textsOf = (results: readonly Results[]) =>
  results.map(({ channel }) => channel.alternatives[0]?.transcript ?? '').filter(Boolean);

describe('@deepgram/sdk', () => {
  test('hears sentences while they are spoken, with words in their places', async () => {
    const said = ['je voudrais prendre rendez-vous pour une coupe mardi prochain', 'quels sont vos tarifs'];
    const recording = await record(said, { tailMs: 2_000 });
    const { connection, messages, results, finals } = await listen(clientOf(sttUrl));
    await connection.waitForOpen();
    await play(recording, (frame) => connection.sendMedia(frame));
    await eventually(() => messages.filter(({ type }) => type === 'UtteranceEnd').length === 2);

    expect(misheard(said, textsOf(finals()))).toEqual([]);
    expect(finals()).toHaveLength(2);
    for (const [index, final] of finals().entries()) {
      const { startS, endS } = recording.sentences[index] ?? { startS: 0, endS: 0 };
      const words = final.channel.alternatives[0]?.words ?? [];
      expect(final.speech_final).toBe(true);
      expect(words.map(({ word }) => word).join(' ')).not.toMatch(/[.,?!]/);
      expect(words[0]?.start).toBeGreaterThan(startS - 0.3);
      expect(words.at(-1)?.end).toBeLessThan(endS + 0.3);
      const starts = words.map(({ start }) => start);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    }
    const interims = results().filter(({ is_final }) => !is_final);
    expect(interims.length).toBeGreaterThanOrEqual(2);
    expect(said[0]).toContain(textsOf(interims)[0]?.toLowerCase().split(' ')[0]);
    const order = messages.map(({ type }) => type);
    expect(order.indexOf('SpeechStarted')).toBeLessThan(order.indexOf('Results'));
  });

  test('Finalize gives the text without waiting for a pause, CloseStream ends with Metadata and 1000', async () => {
    const recording = await record(['quelle est votre adresse'], { tailMs: 0 });
    const { connection, messages, closes, finals, said } = await listen(clientOf(sttUrl), {
      endpointing: 'false',
      shouldReconnect: () => false,
    });
    await connection.waitForOpen();
    await play(recording, (frame) => connection.sendMedia(frame), { speed: 4 });
    connection.sendFinalize({ type: 'Finalize' });
    await eventually(() => finals().length > 0);
    expect(finals()[0]?.from_finalize).toBe(true);
    expect(misheard(['quelle est votre adresse'], said())).toEqual([]);
    connection.sendCloseStream({ type: 'CloseStream' });
    await eventually(() => closes.length > 0);
    expect(closes).toEqual([{ code: closeCodes.normal, reason: '' }]);
    expect(messages.at(-1)).toMatchObject({ type: 'Metadata', channels: 1 });
  });

  test('a wrong key fails with our status instead of hanging', async () => {
    const { connection, errors } = await listen(clientOf(sttUrl, 'a-wrong-key'), { reconnectAttempts: 0 });
    await expect(connection.waitForOpen()).rejects.toThrow(/401/);
    expect(errors[0]?.message).toContain('401');
  });

  test('connects again after a restart of the gateway when it is told to go on trying', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    const { connection, closes, said } = await listen(clientOf(gateway.url, gateway.key), {
      // Left to itself it gives up after one failed attempt, which it takes for a close with 1000 (5.13.0).
      shouldReconnect: () => true,
    });
    await connection.waitForOpen();
    await play(await record(['quels sont vos tarifs']), (frame) => connection.sendMedia(frame), { speed: 2 });
    await eventually(() => said().length === 1);
    await gateway.stop();
    await eventually(() => closes.length > 0);
    expect(closes[0]).toMatchObject({ code: closeCodes.goingAway });
    await gateway.start();
    // Between two attempts it waits 1 to 10 s.
    await eventually(() => connection.readyState === 1, { timeoutMs: 45_000, what: 'the reconnect' });
    await play(await record(['êtes-vous ouvert le samedi']), (frame) => connection.sendMedia(frame), { speed: 2 });
    await eventually(() => said().length === 2);
    expect(misheard(['quels sont vos tarifs', 'êtes-vous ouvert le samedi'], said())).toEqual([]);
  });
});
