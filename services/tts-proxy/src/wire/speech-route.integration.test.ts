import { AppError } from '@eloquence/shared/runtime/errors';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { Ffmpeg } from '../audio/ffmpeg.ts';
import { readConfig } from '../config.ts';
import { espeakSpeech } from '../providers/espeak.ts';
import { serveTts } from '../test-server.ts';
import { serveWires } from '../test-support/serve-wires.ts';

const { ffmpeg: program, providers: all } = readConfig({
  INTERNAL_API_KEY: 'internal-key-of-the-test',
  PATH: process.env['PATH'],
});
const ffmpeg = program === undefined ? undefined : await Ffmpeg.open(program);
const espeak = all.find((settings) => settings.id === 'espeak');

describe.skipIf(!espeak)('POST /v1/audio/speech with espeak-ng', () => {
  const providers = espeak ? [espeakSpeech(espeak)] : [];

  it('speaks to a stock OpenAI client', async () => {
    await using server = await serveTts({ providers });
    const client = new OpenAI({ apiKey: 'internal-key-of-the-test', baseURL: `${server.url}/v1`, maxRetries: 0 });
    const response = await client.audio.speech.create({
      model: 'gpt-4o-mini-tts',
      voice: 'nova',
      input: 'Bonjour à tous, on peut commencer.',
      response_format: 'pcm',
    });
    const samples = new Int16Array(await response.arrayBuffer());
    expect(samples.length / 24_000).toBeGreaterThan(1);
    expect(samples.findIndex((sample) => Math.abs(sample) > 104) / 24).toBeLessThanOrEqual(20);
    expect([samples[0], samples.at(-1)]).toEqual([0, 0]);
  });

  it('speaks a text that looks like options, and one that looks like a command', async () => {
    await using server = await serveTts({ providers });
    for (const input of ['-v en --version', '--help', '; touch /tmp/eloquence-was-here', '$(reboot)', '@/etc/passwd']) {
      const response = await server.speak({ input });
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
    }
  });

  it('makes WAV that says 24 kHz mono and holds the samples of pcm', async () => {
    await using server = await serveTts({ providers });
    const pcm = Buffer.from(await (await server.speak()).arrayBuffer());
    const response = await server.speak({ response_format: 'wav' });
    expect(response.headers.get('content-type')).toBe('audio/wav');
    const wav = Buffer.from(await response.arrayBuffer());
    expect([wav.toString('latin1', 0, 4), wav.readUInt16LE(22), wav.readUInt32LE(24)]).toEqual(['RIFF', 1, 24_000]);
    // How loud the voice is has been learned in between.
    expect(wav.length - 44).toBe(pcm.length);
  });

  it.skipIf(!ffmpeg).each([
    ['mp3', 'audio/mpeg', /^(?:ID3|\xff[\xe0-\xff])/],
    ['opus', 'audio/ogg; codecs=opus', /^OggS[\s\S]+OpusHead/],
    ['flac', 'audio/flac', /^fLaC/],
    ['aac', 'audio/aac', /^\xff[\xf0-\xff]/],
  ])('makes %s', async (format, contentType, magic) => {
    await using server = await serveTts({ providers, ...(ffmpeg && { ffmpeg }) });
    const response = await server.speak({ response_format: format });
    expect(response.headers.get('content-type')).toBe(contentType);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBeGreaterThan(4_000);
    expect(bytes.toString('latin1', 0, 100)).toMatch(magic);
  });

  it.skipIf(!ffmpeg)('breaks off an mp3 too when the voice does, instead of ending it neatly', async () => {
    await using server = await serveWires({}, ffmpeg);
    const broken = new AppError('upstream_failed', 'The voice broke off.');
    server.opener.script = (sentence) => (sentence.startsWith('Deux') ? { broken } : undefined);
    const input = `${'Une longue phrase '.repeat(20)}. Deux.`;
    const response = await server.post('/v1/audio/speech', { input, response_format: 'mp3' });
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow(/terminated|aborted/);
  });

  it('gives its places back after callers that hang up', async () => {
    await using server = await serveTts({ providers, limits: { maxRunning: 2, maxWaiting: 0 } });
    const input = 'Bonjour à tous et merci d’être venus. '.repeat(100);
    for (let time = 0; time < 6; time += 1) {
      const controller = new AbortController();
      const response = await server.speak({ input }, { signal: controller.signal });
      expect(response.status).toBe(200);
      controller.abort();
      // With a place that stays taken there is none for the third.
      await expect.poll(async () => (await server.speak()).status).toBe(200);
    }
  });
});
