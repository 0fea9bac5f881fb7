import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveVoice } from './resolve-voice.ts';
import { builtinMap, readVoiceMap } from './voice-map.ts';

function file(content: unknown): string {
  const path = join(mkdtempSync(join(tmpdir(), 'voices-')), 'voices.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('the voice map', () => {
  it('is the built-in one without a file', () => {
    expect(readVoiceMap(undefined)).toBe(builtinMap);
  });

  it('changes a member of a built-in voice and leaves the others', () => {
    const map = readVoiceMap(file({ 'accueil-fr': { names: { elevenlabs: 'my-clone', mistral: 'my-id' } } }));
    expect(map.get('accueil-fr')).toEqual({
      language: 'fr',
      gender: 'female',
      names: { openai: 'nova', elevenlabs: 'my-clone', espeak: 'fr+f2', mistral: 'my-id' },
    });
    expect(map.get('coach-en')).toBe(builtinMap.get('coach-en'));
    expect(builtinMap.get('accueil-fr')?.names.mistral).toBeUndefined();
  });

  it('takes voices of the operator’s own', () => {
    const map = readVoiceMap(
      file({
        marcel: { gender: 'male', language: 'fr', names: { piper: 'fr_FR-tom-medium' } },
        dr_who: { gender: 'female' },
      }),
    );
    expect(resolveVoice(map, 'marcel')).toMatchObject({ gender: 'male', names: { piper: 'fr_FR-tom-medium' } });
    expect(resolveVoice(map, 'dr_who', { text: 'Hello, how are you?' })).toMatchObject({ language: 'en' });
  });

  it.each([
    ['{"a":', /voices\.json: is not JSON/],
    [[1], /voices\.json: the file: /],
    [{ marcel: { language: 'fr' } }, /voices\.json: marcel\.gender: is missing; "female" or "male"/],
    [{ marcel: { gender: 'man' } }, /voices\.json: marcel\.gender: /],
    [{ marcel: { gender: 'male', names: { eleven: 'x' } } }, /voices\.json: marcel\.names/],
    [{ 'a b': { gender: 'male' } }, /voices\.json: a b: .*letters, digits/],
    [{ marcel: { gender: 'male', voice: 'x' } }, /voices\.json: marcel: /],
  ])('says of %j what is wrong and where', (content, message) => {
    expect(() => readVoiceMap(file(content))).toThrow(message);
  });

  it('takes the JSON itself in place of a file', () => {
    expect(readVoiceMap('{"marcel": {"gender": "male"}}').get('marcel')).toMatchObject({ gender: 'male' });
    expect(() => readVoiceMap('{"marcel": {}}')).toThrow('  TTS_VOICES: marcel.gender: is missing');
  });

  it('names a file that cannot be read', () => {
    expect(() => readVoiceMap('/nowhere/voices.json')).toThrow(
      'TTS_VOICES: /nowhere/voices.json: cannot be read (ENOENT)',
    );
  });
});
