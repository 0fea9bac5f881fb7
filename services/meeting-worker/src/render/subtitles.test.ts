import { AppError } from '@eloquence/shared/runtime/errors';
import { describe, expect, test } from 'vitest';
import { offeredFormats } from './create-renderer.ts';
import { toSrt, toVtt } from './subtitles.ts';
import { longReportFixture, reportFixture } from './test-support/report-fixture.ts';

const said = (texts: readonly (readonly [speaker: string, startMs: number, endMs: number, text: string])[]) =>
  reportFixture('fr', {
    transcript: texts.map(([speaker, start_ms, end_ms, text], index) => ({
      ...reportFixture().transcript![index]!,
      speaker,
      start_ms,
      end_ms,
      text,
    })),
  });

const ms = (stamp: string) => {
  const [h = 0, m = 0, s = 0, milli = 0] = stamp.split(/[:,.]/).map(Number);
  return ((h * 60 + m) * 60 + s) * 1_000 + milli;
};
const cues = (srt: string) =>
  srt
    .trim()
    .split('\n\n')
    .map((cue) => {
      const [number, times = '', ...lines] = cue.split('\n');
      const [start = '', end = ''] = times.split(' --> ');
      return { number: Number(number), start: ms(start), end: ms(end), lines };
    });

describe('subtitles', () => {
  test('of four hours have at most two lines of 42 characters, numbered, in order of time', () => {
    const all = cues(toSrt(longReportFixture()));
    expect(all.length).toBeGreaterThanOrEqual(3_000);
    for (const [index, { number, start, end, lines }] of all.entries()) {
      expect(number).toBe(index + 1);
      expect(lines.length).toBeLessThanOrEqual(2);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(42);
      expect(end).toBeGreaterThan(start);
      expect(start).toBeGreaterThanOrEqual(all[index - 1]?.start ?? 0);
    }
  });

  test('a long utterance becomes several cues that share its time, none of its words lost', () => {
    const text = 'mot '.repeat(60).trim();
    const all = cues(toSrt(said([['marc', 1_000, 13_000, text]])));
    expect(all[0]?.start).toBe(1_000);
    // The last, of one word, is held long enough to be read.
    expect(all.at(-1)?.end).toBeLessThanOrEqual(13_400);
    expect(all.flatMap(({ lines }) => lines).join(' ')).toBe(`Marc\u00A0: ${text}`);
  });

  test('two people at once are shown at once; one never overlaps with itself', () => {
    const report = said([
      ['marc', 0, 5_000, 'Je parle longtemps.'],
      ['claire', 1_000, 1_500, 'Oui.'],
      ['marc', 4_000, 8_000, 'Et encore.'],
    ]);
    const all = cues(toSrt(report));
    expect(all.map(({ start, end }) => [start, end])).toEqual([
      [0, 5_000],
      [1_000, 1_500],
      [5_000, 8_000],
    ]);
  });

  test('an utterance without length can be seen, a word without end is cut', () => {
    const all = cues(toSrt(said([['marc', 1_000, 1_000, 'x'.repeat(200)]])));
    expect(Math.max(...all.flatMap(({ lines }) => lines.map((line) => line.length)))).toBeLessThanOrEqual(42);
    expect(all.every(({ start, end }) => end - start >= 100)).toBe(true);
  });

  test('tags and arrows that were said do nothing', () => {
    const report = said([['marc', 0, 1_000, '<i>a</i> {\\an8} --> &lt;']]);
    expect(toSrt(report)).toContain('‹i›a‹/i› (\\an8) → &lt;');
    expect(toVtt(report)).toContain('&lt;i&gt;a&lt;/i&gt; {\\an8} --&gt; &amp;lt;');
  });

  test('of a report without transcript are not offered, and say why', () => {
    const report = reportFixture('fr', { transcript: null });
    expect(offeredFormats(report)).toEqual(['md', 'html', 'pdf', 'docx', 'json']);
    expect(() => toSrt(report)).toThrow(AppError);
    expect(() => toVtt(report)).toThrow(/include_full_transcript/);
  });

  test('of a silent meeting are an empty file', () => {
    expect(toSrt(reportFixture('fr', { transcript: [] }))).toBe('');
    expect(toVtt(reportFixture('fr', { transcript: [] }))).toBe('WEBVTT\n\n');
  });
});
