import { join, resolve } from 'node:path';
import type { CliDocuments } from '@eloquence/shared/contracts/cli-documents';
import type { Language } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import { ApiClient } from '../api/api-client.ts';
import { MeetingApi } from '../api/meeting-api.ts';
import { readEnvironment, type CliEnvironment } from '../config.ts';
import { loadSettings } from '../config/load-settings.ts';
import type { Settings } from '../config/settings-schema.ts';
import { UsageError } from './exit-codes.ts';

/** Options every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly api?: string;
  readonly key?: string;
  readonly config?: string;
}

/** Where a command's words go: results to stdout, everything else to stderr. */
export interface Output {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** What every command works with. */
export interface Context {
  readonly env: CliEnvironment;
  readonly settings: Settings;
  readonly api: MeetingApi;
  readonly json: boolean;
  readonly language: Language;
  /** Aborted by Ctrl-C: stop and finish. */
  readonly signal: AbortSignal;
  readonly stateDir: string;
  /** Absolute. */
  readonly outputDir: string;
  readonly person: { readonly name: string; readonly userId: string };
  /** The words of the person's language. */
  readonly say: (fr: string, en: string) => string;
  /** The result: the document with --json, else the text. */
  readonly print: <K extends keyof CliDocuments>(kind: K, document: CliDocuments[K], text: string) => void;
  /** What happens meanwhile, for people. */
  readonly log: (line: string) => void;
}

/** Control characters could steer the terminal a text is shown in. */
export const printable = (text: string): string =>
  text.replaceAll(/(?!\n)[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ');

/**
 * Reads environment, configuration file and options, which win in that order.
 *
 * @throws ConfigError, UsageError
 */
export function createContext(options: CommonOptions, output: Output, signal: AbortSignal): Context {
  const env = readEnvironment();
  const named = options.config !== undefined || env.configNamed;
  const settings = loadSettings(options.config === undefined ? env.configFile : resolve(options.config), named);
  const json = options.json ?? false;
  const { language } = settings;
  const url = (options.api ?? env.apiUrl ?? settings.api.url).replace(/\/+$/, '');
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw new UsageError(
      `${options.api === undefined && env.apiUrl ? 'ELOQUENCE_API_URL' : '--api'} : « ${url} » n'est pas une adresse telle que http://127.0.0.1:8000`,
    );
  const userId = settings.person.user_id || idOf(env.userName);
  return {
    env,
    settings,
    api: new MeetingApi(new ApiClient({ url, key: options.key ?? env.apiKey ?? settings.api.key, language })),
    json,
    language,
    signal,
    stateDir: env.stateDir,
    outputDir: expand(settings.output.directory, env.homeDir),
    person: { name: settings.person.name || env.userName, userId },
    say: (fr, en) => (language === 'fr' ? fr : en),
    print: (_kind, document, text) => {
      output.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${printable(text)}\n`);
    },
    log: (line) => {
      output.stderr.write(`${printable(line)}\n`);
    },
  };
}

/** `~` is the home folder; other relative paths count from it too, because the command runs anywhere. */
function expand(path: string, home: string): string {
  return path === '~' ? home : resolve(home, path.replace(/^~[/\\]/, ''));
}

/** A name as speakers' ids are written: letters, digits, - and _. */
export function idOf(name: string): string {
  const id = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '-')
    .replaceAll(/^[-_]+|-+$/g, '')
    .slice(0, 60);
  return id || 'moi';
}

/** Folder of what recordings keep on this machine. */
export const recordingsDir = (stateDir: string): string => join(stateDir, 'recordings');
export const spoolDir = (stateDir: string): string => join(stateDir, 'spool');

/** A session id as people give it, checked before anything is asked. */
export function requireId(id: string): string {
  if (/^ses_[a-z2-7]{20}$/.test(id)) return id;
  throw new AppError(
    'not_found',
    `« ${id} » n'est pas un identifiant de réunion (ses_ et 20 caractères). « eloquence meeting list » les montre ; « last » désigne la dernière de cette machine.`,
  );
}
