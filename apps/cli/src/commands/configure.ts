import { existsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ServerAwayError } from '../api/api-client.ts';
import { readEnvironment } from '../config.ts';
import { exampleSettings } from '../config/example-settings.ts';
import type { Context } from './context.ts';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.ts';
import { makeFolder } from './usable-folder.ts';

/** The file that counts. @param named `--config` */
export const configPath = (named: string | undefined): string =>
  named === undefined ? readEnvironment().configFile : resolve(named);

/** Writes the commented example. @throws UsageError when there is a file already */
export function initConfig(named: string | undefined): string {
  const path = configPath(named);
  if (existsSync(path))
    throw new UsageError(
      `${path} existe déjà / is there already. Modifiez-le, ou donnez un autre fichier : --config FICHIER`,
    );
  makeFolder(dirname(path));
  // It may hold a key.
  writeFileSync(path, exampleSettings, { mode: 0o600, flag: 'wx' });
  return path;
}

/** Shows every setting as it counts now, keys left out, and who writes on the server. */
export async function showConfig(context: Context, named: string | undefined): Promise<ExitCode> {
  const { settings, api, say, print } = context;
  const path = configPath(named);
  const shown = {
    ...settings,
    api: { url: api.client.url, key: settings.api.key || context.env.apiKey ? '(set)' : '' },
    person: { name: context.person.name, user_id: context.person.userId },
    output: { ...settings.output, directory: context.outputDir },
  };
  const writer = await writerOf(context);
  print(
    'settings',
    { file: path, exists: existsSync(path), settings: shown, server_writer: writer },
    [
      `# ${path}${existsSync(path) ? '' : say(' (pas de fichier : valeurs par défaut)', ' (no file: defaults)')}`,
      stringify(shown).trimEnd(),
      `# ${say('Les synthèses sont écrites par (choix du serveur, LLM_SUMMARISE et LLM_SYNTHESISE) :', "Summaries are written by (the server's choice, LLM_SUMMARISE and LLM_SYNTHESISE):")} ${writer}`,
    ].join('\n'),
  );
  return exitCodes.ok;
}

async function writerOf({ api, say }: Context): Promise<string> {
  try {
    const { llm } = await api.engines();
    if (!llm) return say('personne', 'nobody');
    if (llm.demo)
      return say(
        'personne, seul le coach de démonstration est là : des règles font le brouillon. Donnez au serveur MISTRAL_API_KEY ou une autre clé de .env.example.',
        'nobody, only the demonstration coach is there: rules make the draft. Give the server MISTRAL_API_KEY or another key of .env.example.',
      );
    return say(llm.label_fr, llm.label);
  } catch (error) {
    return error instanceof ServerAwayError
      ? say('le serveur ne répond pas', 'the server does not answer')
      : (error as Error).message;
  }
}
