import { expect, test } from 'vitest';
import { readMediaType } from './media-type.ts';

test('bare samples are described by their parameters', () => {
  expect(readMediaType('audio/pcm')).toEqual({ type: 'samples', encoding: 's16le', rateHz: 16_000, channels: 1 });
  expect(readMediaType('Audio/PCM; Rate=48000; channels="2"')).toEqual({
    type: 'samples',
    encoding: 's16le',
    rateHz: 48_000,
    channels: 2,
  });
  expect(readMediaType('audio/L16;rate=44100')).toMatchObject({ encoding: 's16be', rateHz: 44_100 });
});

test.each(['audio/mpeg', 'video/mp4', 'application/octet-stream', 'audio/x-m4a; codecs=x'])(
  '%s is a container',
  (type) => {
    expect(readMediaType(type)).toEqual({ type: 'container' });
  },
);

test.each(['audio/pcm;rate=1', 'audio/pcm;rate=abc', 'audio/pcm;channels=9', 'audio/l16'])('%s is refused', (type) => {
  expect(() => readMediaType(type)).toThrow('needs');
});

test('what is no recording is refused, but a part of a form may call itself anything', () => {
  expect(() => readMediaType('application/json')).toThrow('application/json is no recording');
  expect(readMediaType('text/plain', { lenient: true })).toEqual({ type: 'container' });
});
