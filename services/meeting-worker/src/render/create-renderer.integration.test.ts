import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRenderer, offeredFormats } from './create-renderer.ts';
import { longReportFixture, reportFixture } from './test-support/report-fixture.ts';

/** Processes whose parent is this one, dead ones that nobody waited for included. */
function children(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /, '')
            .split(' ')[1] === String(process.pid)
        );
      } catch {
        return false;
      }
    });
}

const { signal } = new AbortController();

describe('rendering in a child', () => {
  test.each(['pdf', 'docx'] as const)('gives the same %s twice and leaves no process', async (format) => {
    const renderer = createRenderer();
    const before = children();
    const both = await Promise.all([1, 2].map(() => renderer.render(reportFixture(), format, signal)));
    expect(Buffer.from(both[0]!).equals(Buffer.from(both[1]!))).toBe(true);
    expect(children()).toEqual(before);
  });

  test('ends with the signal, and the next one goes on', async () => {
    const renderer = createRenderer();
    const before = children();
    const stop = new AbortController();
    const stopped = renderer.render(longReportFixture(), 'pdf', stop.signal);
    setTimeout(() => stop.abort(new DOMException('stopped', 'AbortError')), 100);
    await expect(stopped).rejects.toThrow('stopped');
    expect(children()).toEqual(before);
    expect((await renderer.render(reportFixture(), 'pdf', signal)).length).toBeGreaterThan(1_000);
  });

  test('that takes too long is ended and says which format is missing', async () => {
    const before = children();
    await expect(createRenderer({ timeoutMs: 50 }).render(longReportFixture(), 'docx', signal)).rejects.toThrow(/docx/);
    expect(children()).toEqual(before);
  });

  test('a meeting of four hours is there in seconds, in every format', async () => {
    const renderer = createRenderer();
    const report = longReportFixture();
    for (const format of offeredFormats(report)) {
      const begin = performance.now();
      const { length } = await renderer.render(report, format, signal);
      const tookMs = Math.round(performance.now() - begin);
      process.stdout.write(`${format}: ${tookMs} ms, ${length} bytes\n`);
      expect(tookMs).toBeLessThan(20_000);
    }
  });
});
