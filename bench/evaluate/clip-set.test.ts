import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readClipSet, speechEnd, spread } from './clip-set.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clip-set-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (set = folder) => readClipSet({ set, clips: undefined, voices: [], noiseDb: undefined });
const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);

describe('a set that cannot be used', () => {
  test('tells all of its faults at once, each with its fix', async () => {
    put('a.wav', '');
    put('b.mp3', '');
    put('b.txt', ' ...\n');
    put('c.FLAC', '');
    put('c.txt', Buffer.from('déjà', 'latin1'));
    await expect(read()).rejects.toThrow(
      /a\.wav has no text: write what is said in it to a\.txt\.\n.*b\.txt holds no word.*\n.*c\.txt is not UTF-8/,
    );
  });

  test('is named when it does not exist, is a file, or holds no recording', async () => {
    put('notes.txt', 'bonjour');
    await expect(read()).rejects.toThrow(/holds no recording: put x\.wav/);
    await expect(read(join(folder, 'none'))).rejects.toThrow(/does not exist/);
    await expect(read(join(folder, 'notes.txt'))).rejects.toThrow(/is a file/);
  });
});

test('fewer clips are taken evenly from the whole set', () => {
  expect(spread(['a', 'b', 'c', 'd', 'e', 'f'], 3)).toEqual(['a', 'c', 'e']);
  expect(spread(['a', 'b'], 5)).toEqual(['a', 'b']);
  expect(spread(['a', 'b'], Infinity)).toEqual(['a', 'b']);
});

const tone = (ms: number, level: number) =>
  Array.from({ length: ms * 16 }, (_, at) => Math.sin(at / 3) * level * 32_767);
const pcm = (...parts: number[][]) => Int16Array.from(parts.flat());

describe('the end of speech', () => {
  test('is that of the last loud sound, however much of the room follows', () => {
    const room = tone(500, 0.004);
    expect(speechEnd(pcm(room, tone(800, 0.5), room))).toBeCloseTo(1300, -1);
  });

  test('of a quiet recording is found too', () => {
    expect(speechEnd(pcm(tone(800, 0.02), tone(500, 0.0001)))).toBeCloseTo(800, -1);
  });

  test('of silence is 0', () => {
    expect(speechEnd(new Int16Array(16_000))).toBe(0);
  });
});
