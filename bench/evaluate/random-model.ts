import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, toolsDir } from '@eloquence/testkit/config';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { python, reasonOf } from './services.ts';

/**
 * Directory of a model of random weights, made once by bench/whisper/random_model.py and kept beside the downloaded ones.
 *
 * @param tokens what it writes at each call
 * @throws Error with the program's last line
 */
export async function randomModel(shape: string, tokens: number): Promise<string> {
  const directory = join(toolsDir, 'models', `random-${shape}-${tokens}`);
  if (existsSync(directory)) return directory;
  const partial = `${directory}.${process.pid}.partial`;
  const program = join(repositoryRoot, 'bench/whisper/random_model.py');
  const maker = new ManagedProcess({
    name: 'random_model',
    command: python(),
    args: [program, shape, partial, '--tokens', String(tokens)],
  });
  const code = await maker.exited;
  if (code !== 0) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(`The random model could not be made: ${reasonOf(maker)}`);
  }
  renameSync(partial, directory);
  return directory;
}
