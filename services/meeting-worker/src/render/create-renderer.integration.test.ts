import { waitFor } from '@eloquence/testkit/wait-for';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRenderer, offeredFormats } from './create-renderer.ts';
import { longReportFixture, reportFixture } from './test-support/report-fixture.ts';

const WILD_CHILD = path.join(import.meta.dirname, 'test-support/wild-child.ts');

/** Fields of a process behind its name. */
const stat = (pid: string | number) =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');

/** Processes whose parent is this one, dead ones that nobody waited for included. */
function children(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return stat(pid)[1] === String(process.pid);
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

  test.each([
    ['hangs', /took over 10000 ms/],
    ['fills its heap', /ended with/],
    ['fills the memory', /ended with SIGKILL/],
    ['crashes', /ended with SIGABRT/],
    ['throws', /a fault of ours/],
  ])(
    'that %s is ended and says why, leaves nothing, and the next one is clean',
    async (mood, why) => {
      const renderer = createRenderer({ child: WILD_CHILD, timeoutMs: mood === 'hangs' ? 10_000 : 60_000 });
      const before = children();
      const report = { ...reportFixture(), title: mood };
      await expect(renderer.render(report, 'pdf', signal)).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(why),
      });
      expect(children()).toEqual(before);
      expect(Buffer.from(await renderer.render(reportFixture(), 'pdf', signal)).toString()).toBe('fine');
      expect(children()).toEqual(before);
    },
    120_000,
  );

  test('that hangs does not outlive a parent that was killed', async () => {
    const parent = fork(path.join(import.meta.dirname, 'test-support/wild-parent.ts'), { stdio: 'ignore' });
    const [childPid] = (await once(parent, 'message')) as [number];
    const ticks = () => Number(stat(childPid)[11]);
    const before = ticks();
    await waitFor(() => ticks() > before + 50, { what: 'half a second of its computing', timeoutMs: 20_000 });
    parent.kill('SIGKILL');
    const isGone = () => !existsSync(`/proc/${childPid}`);
    await expect(waitFor(isGone, { what: 'the end of the child', timeoutMs: 20_000 })).resolves.toBe(true);
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
