import { ConfigError } from '@eloquence/shared/runtime/config';
import { AppError } from '@eloquence/shared/runtime/errors';
import { ServerAwayError } from '../api/api-client.ts';

/** How the command ends; stable, for scripts. */
export const exitCodes = {
  ok: 0,
  /** Something failed; the text says what. */
  failed: 1,
  /** The command or the configuration file is wrong. */
  usage: 2,
  /** The server does not answer. */
  serverAway: 3,
  /** Recorded, but a source stayed silent while sound was to be expected. */
  silentSource: 4,
  /** The report is not there yet, or is only the draft: no model answered. */
  partialReport: 5,
  /** Sound is left on disk that the server has not heard: `eloquence meeting resume`. */
  undelivered: 6,
  /** Recorded, but some sound neither the disk took nor the room: it is lost for good. */
  lostSound: 7,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a person asked for cannot be done as they asked it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code, stable name and sentence of whatever was thrown. */
export function describeFailure(error: unknown): { exitCode: ExitCode; code: string; message: string } {
  if (error instanceof UsageError) return { exitCode: exitCodes.usage, code: 'usage', message: error.message };
  if (error instanceof ConfigError) return { exitCode: exitCodes.usage, code: 'configuration', message: error.message };
  if (error instanceof ServerAwayError)
    return { exitCode: exitCodes.serverAway, code: 'server_away', message: error.message };
  if (error instanceof AppError) return { exitCode: exitCodes.failed, code: error.code, message: error.message };
  const file = fileFailure(error);
  if (file) return { exitCode: exitCodes.failed, code: 'file', message: file };
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: exitCodes.failed, code: 'internal', message };
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'ce dossier ou ce fichier n’existe pas / there is no such folder or file',
  ENOTDIR: 'une partie du chemin n’est pas un dossier / a part of the path is no folder',
  EISDIR: 'c’est un dossier / this is a folder',
  EACCES: 'les droits manquent / permission denied',
  EPERM: 'les droits manquent / permission denied',
  EROFS: 'ce disque est en lecture seule / this disk is read-only',
  ENOSPC: 'le disque est plein / the disk is full',
  ENAMETOOLONG: 'le nom est trop long / the name is too long',
};

/** What a code of the file system means, French / English. */
export const fileFault = (code: string): string | undefined => FILE_FAULTS[code];

/** What a file or folder of this machine refused, for a person; undefined for anything else. */
function fileFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const fault = fileFault(error.code);
  if (fault === undefined) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? `${error.path} : ` : '';
  return `${path}${fault} (${error.code}).`;
}
