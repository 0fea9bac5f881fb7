import { initializeLogger, stt } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import { eventually } from './eventually.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { misheard, play, record } from './speech.ts';
import { recordStream } from './record-stream.ts';
import { key, sttUrl, whisperUrl } from './stack.ts';

const RATE_HZ = 24_000;
const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse', "oui c'est bien ça"];
const { SpeechEventType } = stt;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

function pluginOf(more: Partial<openai.STTOptions> = {}, url = sttUrl): openai.STT {
  return new openai.STT({ apiKey: key, baseURL: `${url}/v1`, language: 'fr', ...more });
}

const open = (plugin: openai.STT, options?: { close: boolean }) => recordStream(plugin, RATE_HZ, options);

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
    // Closing a stream with its own VAD rejects unheard (VADStream.endInput, agents 1.9.0).
    const { of, push, heard, errors } = open(pluginOf(), { close: false });
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
