import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeServer, sendJson } from '../test-support/fake-server.ts';
import { describeFailure } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { requireFolders } from './usable-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eloquence-folders-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const say = (fr: string): string => fr;

/** How the command ends for these folders, and what it says. */
function told(folders: { readonly outputDir?: string; readonly stateDir?: string }) {
  try {
    requireFolders({ say, outputDir: join(folder, 'out'), stateDir: join(folder, 'state'), ...folders });
  } catch (error) {
    return describeFailure(error);
  }
  return undefined;
}

describe('the folders of a recording', () => {
  it('are made when they are not there, the state for nobody else, and nothing is left in them', () => {
    const [outputDir, stateDir] = [join(folder, 'a', 'b'), join(folder, 'c', 'd')];
    expect(told({ outputDir, stateDir })).toBeUndefined();
    expect(readdirSync(outputDir)).toEqual([]);
    expect(readdirSync(stateDir).toSorted()).toEqual(['recordings', 'spool']);
    expect(statSync(stateDir).mode & 0o777).toBe(0o700);
    expect(told({ outputDir, stateDir })).toBeUndefined();
  });

  it('that are files are refused with the place where they are set', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'in', 'it')])
      expect(told({ outputDir: path })).toEqual({
        exitCode: 2,
        code: 'usage',
        message: expect.stringMatching(/n’est pas un dossier \(E.*output\.directory du fichier de configuration\.$/),
      });
    const stateDir = join(folder, 'state');
    mkdirSync(stateDir);
    writeFileSync(join(stateDir, 'spool'), '');
    expect(told({})?.message).toMatch(/state\/spool : .*n’est pas un dossier.*XDG_STATE_HOME\.$/);
  });

  it.skipIf(process.platform !== 'linux')('are refused where the system takes none, rather than tried for ever', () => {
    for (const path of ['/proc/nulle', '/proc/nulle/part', '/proc'])
      expect(told({ outputDir: path })?.message).toMatch(/^Rien ne peut être écrit dans \/proc/);
    expect(told({ stateDir: '/proc/nulle' })).toMatchObject({ exitCode: 2 });
  });

  it.skipIf(process.platform !== 'linux')('without the right to write are refused', () => {
    // Not even an administrator makes a folder there.
    expect(told({ outputDir: '/sys/kernel' })?.message).toMatch(
      /: (les droits manquent|ce disque est en lecture seule) \(/,
    );
  });
});

it('a meeting whose folder cannot be used is not opened', async () => {
  await using server = await fakeServer((_request, response) => sendJson(response, 500, {}));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const config = join(folder, 'config.yaml');
  writeFileSync(config, `output:\n  directory: ${file}\n`);
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  vi.stubEnv('LOCALAPPDATA', join(folder, 'state'));
  const meeting = async (...args: string[]): Promise<unknown> =>
    createProgram({
      output: { stdout: new PassThrough(), stderr: new PassThrough() },
      signal: new AbortController().signal,
      onExitCode: () => undefined,
    }).parseAsync(['node', 'eloquence', 'meeting', ...args, '--config', config, '--api', server.url]);
  const id = 'ses_aaaaaaaaaaaaaaaaaaaa';
  for (const args of [
    ['start', '--name', 'Comité', '--consent', 'Anne'],
    ['start', '--file', config],
    ['resume', '--session', id],
  ])
    await expect(meeting(...args)).rejects.toThrow(`Rien ne peut être écrit dans ${file}`);
  expect(server.asked).toEqual([]);
  expect(existsSync(join(folder, 'state', 'eloquence', 'consents.log'))).toBe(false);
});
