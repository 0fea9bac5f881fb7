import { initializeLogger, stt } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import { AudioFrame } from '@livekit/rtc-node';
import { eventually } from './eventually.ts';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { misheard, play, record } from './speech.ts';
import { key, sttUrl, whisperUrl } from './stack.ts';

const RATE_HZ = 24_000;
const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse', "oui c'est bien ça"];
const { SpeechEventType } = stt;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

function pluginOf(more: Partial<openai.STTOptions> = {}, url = sttUrl): openai.STT {
  return new openai.STT({ apiKey: key, baseURL: `${url}/v1`, language: 'fr', ...more });
}

/** @param close false for a stream with its own VAD: closing that rejects unheard (VADStream.endInput, agents 1.9.0). */
function open(plugin: openai.STT, close = true) {
  const stream = plugin.stream();
  const events: stt.SpeechEvent[] = [];
  const errors: Error[] = [];
  plugin.on('error', ({ error }) => errors.push(error));
  const done = (async () => {
    for await (const event of stream) events.push(event);
  })();
  if (close) onTestFinished(() => stream.close());
  const of = (type: stt.SpeechEventType) => events.filter((event) => event.type === type);
  const texts = (type: stt.SpeechEventType) => of(type).map((event) => event.alternatives?.[0]?.text ?? '');
  return {
    stream,
    events,
    errors,
    of,
    done,
    push: (samples: Int16Array) => stream.pushFrame(new AudioFrame(samples, RATE_HZ, 1, samples.length)),
    interims: () => texts(SpeechEventType.INTERIM_TRANSCRIPT),
    heard: () => texts(SpeechEventType.FINAL_TRANSCRIPT),
  };
}

describe('@livekit/agents-plugin-openai, realtime', () => {
  test('with server_vad: interims that grow, one final each, and the ends of speech', async () => {
    const { events, of, push, interims, heard, errors } = open(pluginOf({ model: 'gpt-4o-transcribe' }));
    await play(await record(said, { rateHz: RATE_HZ, tailMs: 2_000 }), push);
    await eventually(() => heard().length === said.length);
    expect(misheard(said, heard())).toEqual([]);
    expect(of(SpeechEventType.START_OF_SPEECH)).toHaveLength(said.length);
    expect(of(SpeechEventType.END_OF_SPEECH)).toHaveLength(said.length);
    expect(events[0]?.type).toBe(SpeechEventType.START_OF_SPEECH);
    expect(interims().length).toBeGreaterThanOrEqual(2);
    for (const interim of interims()) expect(heard().some((text) => text.startsWith(interim.trim()))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('with its default model, whose turns it finds by its own VAD and commits', async () => {
    const { of, push, heard, errors } = open(pluginOf(), false);
    await play(await record(said, { rateHz: RATE_HZ, tailMs: 2_000 }), push);
    await eventually(() => heard().length === said.length);
    expect(misheard(said, heard())).toEqual([]);
    expect(of(SpeechEventType.END_OF_SPEECH)).toHaveLength(said.length);
    expect(errors).toEqual([]);
  });

  test('with no VAD at all: a flush commits', async () => {
    const { stream, push, heard } = open(pluginOf({ vad: null }));
    for (const [index, text] of said.entries()) {
      await play(await record([text], { rateHz: RATE_HZ, pauseMs: 300 }), push, { speed: 2 });
      stream.flush();
      await eventually(() => heard().length === index + 1);
    }
    expect(misheard(said, heard())).toEqual([]);
  });

  test('a wrong key is an error the agent sees', async () => {
    const { errors } = open(pluginOf({ apiKey: 'a-wrong-key', model: 'gpt-4o-transcribe' }));
    await eventually(() => errors.length > 0, { timeoutMs: 20_000 });
    expect(errors[0]?.message).toContain('401');
  });

  test('a restart ends its stream; the next one works', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    const plugin = pluginOf({ apiKey: gateway.key, model: 'gpt-4o-transcribe' }, gateway.url);
    const before = open(plugin);
    await play(await record(['quels sont vos tarifs'], { rateHz: RATE_HZ }), before.push, { speed: 2 });
    await eventually(() => before.heard().length === 1);
    await gateway.stop();
    await before.done;
    await gateway.start();
    const after = open(plugin);
    await play(await record(['êtes-vous ouvert le samedi'], { rateHz: RATE_HZ }), after.push, { speed: 2 });
    await eventually(() => after.heard().length === 1);
    expect(misheard(['êtes-vous ouvert le samedi'], after.heard())).toEqual([]);
  });
});
