import { initializeLogger } from '@livekit/agents';
import * as livekit from '@livekit/agents-plugin-openai';
import OpenAI, { AuthenticationError, BadRequestError } from 'openai';
import { beforeAll, describe, expect, test } from 'vitest';
import { hear, hearFile, samplesOf } from './heard-speech.ts';
import { misheard } from './speech.ts';
import { key, ttsUrl } from './stack.ts';

const TTS_RATE_HZ = 24_000;
const TEXT = "Pouvez-vous répéter s'il vous plaît ?";
const client = new OpenAI({ apiKey: key, baseURL: `${ttsUrl}/v1`, maxRetries: 0 });
// A man: the demo model understands no woman's voice.
const base = { model: 'gpt-4o-mini-tts', voice: 'onyx', input: TEXT } as const;

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

describe('openai (Node), speech', () => {
  test.each(['mp3', 'opus', 'aac', 'flac', 'wav'] as const)('%s is what was said', async (format) => {
    const answer = await client.audio.speech.create({ ...base, response_format: format });
    const name = format === 'opus' ? 'speech.ogg' : `speech.${format}`;
    const heard = await hearFile(Buffer.from(await answer.arrayBuffer()), name);
    expect(misheard([TEXT], [heard.text])).toEqual([]);
    expect(heard.seconds).toBeGreaterThan(1);
    expect(heard.seconds).toBeLessThan(4);
  });

  test('pcm is what was said, begins at once and is heard while it is made', async () => {
    const answer = await client.audio.speech.create({ ...base, response_format: 'pcm' });
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
    const heard = await hear(samplesOf(Buffer.concat(chunks)), TTS_RATE_HZ);
    expect(misheard([TEXT], [heard.text])).toEqual([]);
    expect(heard.leadMs).toBeLessThan(60);
    expect(heard.soundMs).toBeGreaterThan(800);
  });

  test('speed makes it shorter', async () => {
    const lengths = [];
    for (const speed of [1, 1.6]) {
      const answer = await client.audio.speech.create({ ...base, speed, response_format: 'pcm' });
      lengths.push((await hear(samplesOf(Buffer.from(await answer.arrayBuffer())), TTS_RATE_HZ)).soundMs);
    }
    const [slow = 0, fast = 0] = lengths;
    expect(slow / fast).toBeGreaterThan(1.25);
  });

  test('a wrong key, an unknown voice and a text without words are errors that say so', async () => {
    const stranger = new OpenAI({ apiKey: 'a-wrong-key', baseURL: `${ttsUrl}/v1`, maxRetries: 0 });
    await expect(stranger.audio.speech.create(base)).rejects.toBeInstanceOf(AuthenticationError);
    const wrong = await client.audio.speech.create({ ...base, voice: 'zorglub' }).catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(BadRequestError);
    expect((wrong as Error).message).toContain('coach-fr');
    await expect(client.audio.speech.create({ ...base, input: '***' })).rejects.toThrow(/nothing to speak/);
  });

  test('lists models', async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toContain('gpt-4o-mini-tts');
  });
});

describe('@livekit/agents-plugin-openai, speech', () => {
  test('speaks a phrase', async () => {
    const plugin = new livekit.TTS({ apiKey: key, baseURL: `${ttsUrl}/v1`, voice: 'onyx' });
    const frames: Int16Array[] = [];
    for await (const { frame } of plugin.synthesize(TEXT)) frames.push(frame.data);
    const heard = await hear(Int16Array.from(frames.flatMap((frame) => [...frame])), plugin.sampleRate);
    expect(misheard([TEXT], [heard.text])).toEqual([]);
    await plugin.close();
  });
});
