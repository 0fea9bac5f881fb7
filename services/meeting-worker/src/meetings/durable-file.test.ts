import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceFile, replaceFileBy } from './durable-file.ts';

test('a file is replaced as a whole or not at all, and nothing is left beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'eloquence-durable-'));
  const path = join(folder, 'report.md');
  // What a crash left.
  await writeFile(`${path}.tmp`, 'x'.repeat(1_000));
  await replaceFile(path, 'old');
  const breaking = replaceFileBy(path, async (add) => {
    await add('ne');
    throw new Error('the disk is full');
  });
  await expect(breaking).rejects.toThrow('full');
  expect(await readFile(path, 'utf8')).toBe('old');
  await replaceFile(path, 'new');
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['report.md']);
  await rm(folder, { recursive: true });
});
