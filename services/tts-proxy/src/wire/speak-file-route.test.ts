import { problemSchema } from '@eloquence/shared/contracts/errors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SAMPLES_PER_CHAR, serveWires, type WireServer } from '../test-support/serve-wires.ts';

let server: WireServer;
beforeEach(async () => {
  server = await serveWires();
});
afterEach(() => server[Symbol.asyncDispose]());

const TEXT = 'Hello. This is your coach.';
const SAMPLES = TEXT.length * SAMPLES_PER_CHAR;
const speak = (query: Record<string, string>, text = TEXT) =>
  server.post(`/v1/speak?${new URLSearchParams(query).toString()}`, { text });

describe('POST /v1/speak', () => {
  test.each([
    [{ encoding: 'linear16', container: 'none' }, 'audio/l16;rate=24000', SAMPLES * 2, undefined],
    [
      { encoding: 'linear16', container: 'none', sample_rate: '16000' },
      'audio/l16;rate=16000',
      (SAMPLES * 4) / 3,
      undefined,
    ],
    [{ encoding: 'linear16', sample_rate: '48000' }, 'audio/wav', SAMPLES * 4 + 44, 48_000],
    [{ encoding: 'mulaw' }, 'audio/mulaw;rate=8000', SAMPLES / 3, undefined],
    [{ encoding: 'alaw', container: 'none' }, 'audio/alaw;rate=8000', SAMPLES / 3, undefined],
  ])('%j answers as %s', async (query, type, bytes, rateHz) => {
    const response = await speak({ model: 'aura-2-thalia-en', ...query });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('dg-char-count')).toBe(String(TEXT.length));
    const sound = Buffer.from(await response.arrayBuffer());
    expect(sound.length).toBe(bytes);
    expect(sound.toString('latin1', 0, 4) === 'RIFF' ? sound.readUInt32LE(24) : undefined).toBe(rateHz);
    expect(server.opener.opened[0]?.options.voice.id).toBe('coach-en');
  });

  test.each([
    [{}, TEXT, /needs ffmpeg/],
    [{ encoding: 'mulaw', container: 'wav' }, TEXT, /container=none/],
    [{ encoding: 'linear16' }, '**', /nothing to speak/],
    [{ encoding: 'mp3', sample_rate: '8000' }, TEXT, /sample_rate=24000/],
    [{ encoding: 'linear16', voice: 'zorglub' }, TEXT, /coach-fr/],
  ])('%j with "%s" is refused', async (query, text, detail) => {
    const response = await speak(query, text);
    expect(response.status).toBe(400);
    expect(problemSchema.parse(await response.json()).detail).toMatch(detail);
    expect(server.opener.opened).toHaveLength(0);
  });
});
