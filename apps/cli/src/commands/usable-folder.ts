import { mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recordingsDir, spoolDir, type Context } from './context.ts';
import { fileFault, UsageError } from './exit-codes.ts';

/**
 * Makes a folder and those above it. Not `recursive`, which tries for ever, and listens to no signal, where the system answers that a
 * folder in an existing one does not exist: `/proc/x`.
 *
 * @throws the system's error of the folder that could not be made
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path || isFolder(parent)) throw error;
    makeFolder(parent, mode);
    mkdirSync(path, { mode });
  }
}

/**
 * Sees to it that the folders a recording writes into are there and take files, before anything is opened on the server.
 *
 * @throws UsageError naming the folder, the reason and where it is set
 */
export function requireFolders({ say, outputDir, stateDir }: Pick<Context, 'say' | 'outputDir' | 'stateDir'>): void {
  requireFolder(say, outputDir, {
    from: say('output.directory du fichier de configuration', 'output.directory of the configuration file'),
  });
  const state = { from: process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_STATE_HOME', mode: 0o700 };
  for (const path of [stateDir, spoolDir(stateDir), recordingsDir(stateDir)]) requireFolder(say, path, state);
}

function requireFolder(
  say: Context['say'],
  path: string,
  { from, mode }: { readonly from: string; readonly mode?: number },
): void {
  try {
    makeFolder(path, mode);
    // Rights alone do not tell: an administrator has all of them, also where nothing can be made.
    rmdirSync(mkdtempSync(join(path, '.eloquence-')));
  } catch (error) {
    const { code = '?' } = error as NodeJS.ErrnoException;
    const [fr, en] = reasonOf(code);
    throw new UsageError(
      say(
        `Rien ne peut être écrit dans ${path} : ${fr} (${code}). Donnez un autre dossier : ${from}.`,
        `Nothing can be written into ${path}: ${en} (${code}). Give another folder: ${from}.`,
      ),
      { cause: error },
    );
  }
}

function reasonOf(code: string): readonly [fr: string, en: string] {
  if (code === 'ENOENT') return ['ce système n’y prend pas de dossier', 'the system takes no folder there'];
  const [fr, en] = fileFault(code === 'EEXIST' ? 'ENOTDIR' : code)?.split(' / ') ?? [];
  return [fr ?? 'le système refuse', en ?? 'the system refuses'];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
