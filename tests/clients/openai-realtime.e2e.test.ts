import { once } from 'node:events';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { eventually } from './eventually.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { misheard, play, record } from './speech.ts';
import { key, sttUrl, whisperUrl } from './stack.ts';
import { TlsFront } from './tls-front.ts';

const RATE_HZ = 24_000;
const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse'];

type Turns = { type: 'server_vad'; silence_duration_ms: number } | null;

/** A transcription session of the SDK and all that came; the SDK speaks TLS only, so there is a front. */
async function open(front: TlsFront, turns: Turns, apiKey = key) {
  const client = new OpenAI({ apiKey, baseURL: `${front.url}/v1` });
  const socket = new OpenAIRealtimeWS({ intent: 'transcription', options: { ca: front.certificate } }, client);
  onTestFinished(() => socket.close());
  const events: RealtimeServerEvent[] = [];
  const errors: Error[] = [];
  socket.on('event', (event) => events.push(event));
  socket.on('error', (error) => errors.push(error));
  socket.on('session.created', () =>
    socket.send({
      type: 'session.update',
      session: {
        type: 'transcription',
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: RATE_HZ },
            transcription: { model: 'gpt-4o-transcribe', language: 'fr' },
            turn_detection: turns,
          },
        },
      },
    }),
  );
  const of = <Type extends RealtimeServerEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<RealtimeServerEvent, { type: Type }> => event.type === type);
  return {
    socket,
    events,
    errors,
    of,
    push: (samples: Int16Array) =>
      socket.send({ type: 'input_audio_buffer.append', audio: Buffer.from(samples.buffer).toString('base64') }),
    heard: () => of('conversation.item.input_audio_transcription.completed').map(({ transcript }) => transcript),
  };
}

describe('openai (Node), realtime', () => {
  test('turns found by the gateway: items in order, deltas that only append, one text each', async () => {
    await using front = await TlsFront.start(sttUrl);
    const recording = await record(said, { rateHz: RATE_HZ, tailMs: 2_000 });
    const { of, push, heard, errors } = await open(front, { type: 'server_vad', silence_duration_ms: 400 });
    await eventually(() => of('session.updated').length === 1);
    await play(recording, push);
    await eventually(() => heard().length === said.length);

    expect(misheard(said, heard())).toEqual([]);
    expect(errors).toEqual([]);
    const starts = of('input_audio_buffer.speech_started');
    const stops = of('input_audio_buffer.speech_stopped');
    expect(starts).toHaveLength(said.length);
    expect(stops).toHaveLength(said.length);
    for (const [index, { startS, endS }] of recording.sentences.entries()) {
      const { item_id, audio_start_ms } = starts[index]!;
      // OpenAI counts the padding before the speech in.
      expect(audio_start_ms).toBeGreaterThan(startS * 1000 - 900);
      expect(audio_start_ms).toBeLessThan(startS * 1000 + 500);
      expect(stops[index]?.audio_end_ms).toBeGreaterThan(endS * 1000 - 500);
      expect(of('input_audio_buffer.committed')[index]?.item_id).toBe(item_id);
      const deltas = of('conversation.item.input_audio_transcription.delta').filter((one) => one.item_id === item_id);
      const text = deltas.map(({ delta }) => delta).join('');
      expect(text.length).toBeGreaterThan(0);
      expect(heard()[index]?.startsWith(text.trim())).toBe(true);
    }
  });

  test('turns ended by the client: a commit brings the text, and nothing before it', async () => {
    await using front = await TlsFront.start(sttUrl);
    const { socket, of, push, heard, errors } = await open(front, null);
    await eventually(() => of('session.updated').length === 1);
    for (const [index, text] of said.entries()) {
      await play(await record([text], { rateHz: RATE_HZ, pauseMs: 600 }), push, { speed: 2 });
      expect(heard()).toHaveLength(index);
      socket.send({ type: 'input_audio_buffer.commit' });
      await eventually(() => heard().length === index + 1);
    }
    expect(misheard(said, heard())).toEqual([]);
    expect(of('input_audio_buffer.committed')).toHaveLength(said.length);
    expect(errors).toEqual([]);
  });

  test('a restart of the gateway closes its socket with 1001; the next session works', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    await using front = await TlsFront.start(gateway.url);
    const before = await open(front, null, gateway.key);
    await eventually(() => before.of('session.updated').length === 1);
    const closed = once(before.socket.socket, 'close') as Promise<[number, Buffer]>;
    await gateway.stop();
    const [code, reason] = await closed;
    expect(code).toBe(closeCodes.goingAway);
    expect(reason.toString()).toContain('Connect again');
    await gateway.start();
    const after = await open(front, null, gateway.key);
    await eventually(() => after.of('session.updated').length === 1);
    await play(await record(['quels sont vos tarifs'], { rateHz: RATE_HZ, pauseMs: 300 }), after.push, { speed: 2 });
    after.socket.send({ type: 'input_audio_buffer.commit' });
    await eventually(() => after.heard().length === 1);
    expect(misheard(['quels sont vos tarifs'], after.heard())).toEqual([]);
  });

  test('a wrong key is an error with our status', async () => {
    await using front = await TlsFront.start(sttUrl);
    const { errors } = await open(front, null, 'a-wrong-key');
    await eventually(() => errors.length > 0);
    expect(errors[0]?.message).toContain('401');
  });
});
