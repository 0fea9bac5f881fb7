import { initializeLogger, stt } from '@livekit/agents';
import * as deepgram from '@livekit/agents-plugin-deepgram';
import { eventually } from './eventually.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { misheard, play, playSilence, record } from './speech.ts';
import { recordStream } from './record-stream.ts';
import { key, sttUrl, whisperUrl } from './stack.ts';

const RATE_HZ = 16_000;
const { SpeechEventType } = stt;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

/** The plugin as an agent is given it; all but the address and the language are its defaults. */
function pluginOf(url: string, apiKey = key, options: { interimResults?: boolean } = {}): deepgram.STT {
  return new deepgram.STT({ apiKey, baseUrl: url.replace('http', 'ws'), language: 'fr', ...options });
}

const open = (plugin: deepgram.STT) => recordStream(plugin, RATE_HZ);

describe('@livekit/agents-plugin-deepgram', () => {
  test('hears sentences with its own settings: interims, one final each, and the ends of speech', async () => {
    const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse', "oui c'est bien ça"];
    const recording = await record(said, { tailMs: 1_500 });
    const { events, of, heard, push } = open(pluginOf(sttUrl));
    await play(recording, push);
    await eventually(() => of(SpeechEventType.END_OF_SPEECH).length === said.length);

    expect(misheard(said, heard())).toEqual([]);
    expect(of(SpeechEventType.START_OF_SPEECH)).toHaveLength(said.length);
    expect(of(SpeechEventType.INTERIM_TRANSCRIPT).length).toBeGreaterThanOrEqual(2);
    const kinds = events.map(({ type }) => type).filter((type) => type !== SpeechEventType.RECOGNITION_USAGE);
    expect(kinds[0]).toBe(SpeechEventType.START_OF_SPEECH);
    expect(kinds.at(-1)).toBe(SpeechEventType.END_OF_SPEECH);
    // The plugin leaves silence out of what it sends, so its clock runs with ours only up to the first pause.
    const [first] = of(SpeechEventType.FINAL_TRANSCRIPT);
    const { startS, endS } = recording.sentences[0] ?? { startS: 0, endS: 0 };
    expect(first?.alternatives?.[0]).toMatchObject({ language: 'fr' });
    const words = first?.alternatives?.[0]?.words ?? [];
    expect(words).toHaveLength(said[0]?.split(' ').length ?? 0);
    expect(words[0]?.startTime).toBeGreaterThan(startS - 1);
    expect(words.at(-1)?.endTime).toBeLessThan(endS + 0.3);
  });

  test('a flush gives the text at once, the end of the input loses none', async () => {
    const said = ['quels sont vos tarifs', 'y a-t-il un parking'];
    // Once its input has ended the plugin leaves at the first message, also at an interim that was on its way: without
    // interims the first is the final.
    const { stream, of, heard, push, done } = open(pluginOf(sttUrl, key, { interimResults: false }));
    const [first, second] = await Promise.all(said.map((text) => record([text], { tailMs: 0 })));
    await play(first!, push, { speed: 2 });
    stream.flush();
    await eventually(() => of(SpeechEventType.FINAL_TRANSCRIPT).length === 1);
    await play(second!, push, { speed: 2 });
    stream.endInput();
    await eventually(() => of(SpeechEventType.FINAL_TRANSCRIPT).length === 2);
    await done;
    expect(misheard(said, heard())).toEqual([]);
  });

  test('12 seconds of nothing do not part it from the gateway: KeepAlive holds', async () => {
    const { of, heard, push, errors } = open(pluginOf(sttUrl));
    const quiet = new AbortController();
    const silence = playSilence(RATE_HZ, push, AbortSignal.any([quiet.signal, AbortSignal.timeout(12_000)]));
    await silence;
    await play(await record(['êtes-vous ouvert le samedi'], { tailMs: 1_500 }), push);
    await eventually(() => of(SpeechEventType.END_OF_SPEECH).length === 1);
    expect(misheard(['êtes-vous ouvert le samedi'], heard())).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('a wrong key is an error the agent sees', async () => {
    const { errors } = open(pluginOf(sttUrl, 'a-wrong-key'));
    await eventually(() => errors.length > 0);
    expect(errors[0]?.message).toMatch(/401|connect/);
  });

  test('after a restart of the gateway it goes on as soon as it is told to connect again', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    const { stream, heard, push } = open(pluginOf(gateway.url, gateway.key));
    await play(await record(['quels sont vos tarifs']), push, { speed: 2 });
    await eventually(() => heard().length === 1);
    await gateway.stop();
    await gateway.start();
    // By itself it never notices a closed socket: livekit/agents-js#2469.
    stream.updateOptions({});
    await play(await record(['êtes-vous ouvert le samedi']), push, { speed: 2 });
    await eventually(() => heard().length === 2);
    expect(misheard(['quels sont vos tarifs', 'êtes-vous ouvert le samedi'], heard())).toEqual([]);
  });
});
