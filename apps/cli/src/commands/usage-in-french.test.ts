import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createProgram } from './program.ts';

/** What a person reads who gives that command. */
async function told(...args: string[]): Promise<string> {
  const stderr = new PassThrough();
  const program = createProgram({
    output: { stdout: new PassThrough(), stderr },
    signal: new AbortController().signal,
    onExitCode: () => undefined,
  });
  await expect(program.parseAsync(['node', 'eloquence', 'meeting', ...args])).rejects.toMatchObject({ exitCode: 1 });
  return String(stderr.read());
}

it.each([
  [['lisst'], /^la commande « lisst » n’existe pas \/ unknown command.*\nVouliez-vous dire list \? /],
  [['start', '--nam', 'x'], /^l’option « --nam » n’existe pas \/ unknown option.*\nVouliez-vous dire --name \? /],
  [['start', '--name'], /^il manque la valeur de --name <name> \/ /],
  [['start', '--language', 'de'], /^--language <language> : « de » ne convient pas ; il y a fr, en \/ /],
  [['start', 'Comité'], /^« Comité » est de trop ; .*guillemets \/ /],
  [['report'], /^il manque <session> \/ /],
  [['list', '--limit', '0'], /^--limit <number> : « 0 » ne convient pas : de 1 à 50/],
])('%j is refused in French first', async (args, words) => {
  expect(await told(...args)).toMatch(words);
});
