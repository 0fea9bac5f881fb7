import { describe, expect, test } from 'vitest';
import { readTtsOptions } from './tts-options.ts';

const place = { folder: '/home/me', internalKey: undefined };
const read = (...args: string[]) => readTtsOptions(args, place);

describe('options of evaluate:tts', () => {
  test('nothing is needed', () => {
    expect(read()).toEqual({
      voices: ['coach-homme-fr'],
      source: { kind: 'own', providers: [{ name: 'auto', env: { TTS_PROVIDERS: 'auto' } }] },
      listener: 'demo',
      set: 'demo',
      clips: undefined,
      language: 'fr',
      pauseMs: 0,
      errors: false,
      json: false,
    });
  });

  test('two Piper voices are two proxies', () => {
    expect(read('--providers', 'piper:voices/a.onnx,piper:/b.onnx')?.source).toEqual({
      kind: 'own',
      providers: [
        { name: 'piper:voices/a.onnx', env: { TTS_PROVIDERS: 'piper', PIPER_VOICE_FR: '/home/me/voices/a.onnx' } },
        { name: 'piper:/b.onnx', env: { TTS_PROVIDERS: 'piper', PIPER_VOICE_FR: '/b.onnx' } },
      ],
    });
  });

  test('a running proxy is asked with the key given, else with the one of the environment', () => {
    const url = 'http://127.0.0.1:5002/';
    const running = { kind: 'running', url: 'http://127.0.0.1:5002' };
    expect(read('--url', url, '--key', 'k')?.source).toEqual({ ...running, key: 'k' });
    expect(readTtsOptions(['--url', url], { ...place, internalKey: 'own' })?.source).toEqual({
      ...running,
      key: 'own',
    });
  });

  test.each([
    [['--url', 'http://127.0.0.1:5002'], /--key/],
    [['--url', 'localhost:5002', '--key', 'k'], /is no address/],
    [['--providers', 'festival'], /piper:FILE\.onnx/],
    [['--language', 'de'], /use fr or en/],
    [['--pause=-1'], /--pause -1/],
  ])('%j is refused by name', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });

  test('help is no run', () => {
    expect(read('-h')).toBeUndefined();
  });
});
