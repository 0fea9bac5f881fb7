import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeFailure } from './exit-codes.ts';
import { replaceFile } from './replace-file.ts';

const thrownBy = (run: () => void): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

it('a file that cannot be written is told with its own path and the reason, not as a fault of ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-'));
  const path = join(folder, 'none', 'report.pdf');
  const failure = describeFailure(thrownBy(() => replaceFile(path, 'x')));
  expect(failure).toMatchObject({ exitCode: 1, code: 'file' });
  expect(failure.message).toBe(
    `${path} : ce dossier ou ce fichier n’existe pas / there is no such folder or file (ENOENT).`,
  );
  rmSync(folder, { recursive: true });
  expect(describeFailure(new TypeError('x is undefined'))).toMatchObject({ code: 'internal' });
});
