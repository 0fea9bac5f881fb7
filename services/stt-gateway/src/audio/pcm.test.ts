import { describe, expect, test } from 'vitest';
import { rms, S16leFramer } from './pcm.ts';
import { Timeline } from './timeline.ts';

describe('S16leFramer', () => {
  test.each([1, 2, 3, 5, 7, 1000])('samples survive frames of %i bytes', (size) => {
    const samples = Int16Array.from({ length: 500 }, (_, n) => n * 131 - 32_000);
    const bytes = Buffer.from(samples.buffer);
    const framer = new S16leFramer();
    const out: number[] = [];
    for (let offset = 0; offset < bytes.length; offset += size)
      out.push(...framer.push(bytes.subarray(offset, offset + size)));
    expect(Int16Array.from(out)).toEqual(samples);
  });

  test('an empty frame changes nothing', () => {
    const framer = new S16leFramer();
    framer.push(Buffer.from([1]));
    expect(framer.push(Buffer.alloc(0))).toHaveLength(0);
    expect(framer.push(Buffer.from([2]))).toEqual(Int16Array.from([0x0201]));
  });
});

test('rms is 1 at full scale, 0 for nothing', () => {
  expect(rms(Int16Array.from([-32_768, -32_768]))).toBe(1);
  expect(rms(new Int16Array(0))).toBe(0);
});

const counting = (from: number, length: number) => Int16Array.from({ length }, (_, n) => from + n);

describe('Timeline', () => {
  test('slices by absolute position across chunks', () => {
    const timeline = new Timeline(1_000);
    timeline.append(counting(0, 10));
    timeline.append(counting(10, 5));
    timeline.append(counting(15, 10));
    expect(timeline.slice(8, 17)).toEqual(counting(8, 9));
    expect(timeline.slice(20, 99)).toEqual(counting(20, 5));
  });

  test('trims what lies before a position and no more', () => {
    const timeline = new Timeline(1_000);
    timeline.append(counting(0, 10));
    timeline.append(counting(10, 10));
    timeline.trimBefore(12);
    expect(timeline.held).toBe(10);
    expect(timeline.slice(0, 20)).toEqual(counting(10, 10));
  });

  test('beyond its limit the oldest is dropped and counted', () => {
    const timeline = new Timeline(25);
    for (const from of [0, 10]) expect(timeline.append(counting(from, 10))).toBe(0);
    expect(timeline.append(counting(20, 10))).toBe(10);
    expect(timeline.held).toBe(20);
    expect(timeline.end).toBe(30);
  });
});
