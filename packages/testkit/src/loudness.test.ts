import { expect, test } from 'vitest';
import { parseLoudness } from './loudness.ts';

const summary = (loudness: string, peak: string) => `[Parsed_ebur128_0 @ 0x5] t: 1 I: -99.0 LUFS
[Parsed_ebur128_0 @ 0x5] Summary:

  Integrated loudness:
    I:         ${loudness} LUFS
    Threshold: -27.2 LUFS

  True peak:
    Peak:       ${peak} dBFS
`;

test("loudness and true peak are those of ffmpeg's summary", () => {
  expect(parseLoudness(summary('-17.1', '-1.4'))).toEqual({ integratedLufs: -17.1, truePeakDb: -1.4 });
});

test('silence has no loudness', () => {
  expect(parseLoudness(summary('-70.0', '-inf'))).toBeUndefined();
  expect(parseLoudness('')).toBeUndefined();
});
