import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram, ManagedProcess, MissingProgramError } from './processes.ts';
import { waitFor } from './wait-for.ts';

const processes = new URL('processes.ts', import.meta.url).pathname;
/** Where process 1 collects nothing (a container without init), what has ended stays in the list as a zombie. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'what a process started ends with it when it gets %s',
  async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'eloquence-test-'));
    const program = `
    const { ManagedProcess } = await import('${processes}');
    const child = new ManagedProcess({ name: 'sleep', command: 'sleep', args: ['600'], folder: '${folder}' });
    console.log('child', child.pid);
    setInterval(() => undefined, 1000);`;
    await using parent = new ManagedProcess({
      name: 'parent',
      command: process.execPath,
      args: ['--input-type=module', '-e', program],
    });
    const pid = Number(await waitFor(() => /child (\d+)/.exec(parent.output)?.[1], { timeoutMs: 10_000 }));
    expect(isAlive(pid)).toBe(true);
    parent.signal(signal);
    await waitFor(() => !isAlive(pid), { what: 'the end of the child' });
    await waitFor(() => !existsSync(folder), { what: 'the removal of its folder' });
  },
);

test('a process that ends while starting is reported with what it wrote', async () => {
  const failing = new ManagedProcess({ name: 'failing', command: 'sh', args: ['-c', 'echo no port; exit 3'] });
  await expect(failing.ready(() => Promise.resolve(false))).rejects.toThrow(/failing ended while starting:\nno port/);
  expect(await failing.exited).toBe(3);
});

test('a program that is not there is named with what installs it', () => {
  expect(() => findProgram('no-such-program')).toThrow(MissingProgramError);
  expect(() => findProgram('no-such-program')).toThrow('"npm test" installs');
});
