import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceFile } from './durable-file.ts';

test('writers of one file at the same moment leave one of their texts, whole, and nothing beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'eloquence-durable-'));
  const path = join(folder, 'report.md');
  const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(300_000));
  await Promise.all(texts.map((text) => replaceFile(path, text)));
  expect(texts).toContain(await readFile(path, 'utf8'));
  expect(await readdir(folder)).toEqual(['report.md']);
  await rm(folder, { recursive: true });
});
