import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { Chunk } from '@eloquence/shared/contracts/meeting';
import type { ReportFormat, ReportStatus } from '@eloquence/shared/contracts/report';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { ServerAwayError } from '../api/api-client.ts';
import type { MeetingApi } from '../api/meeting-api.ts';
import type { Context } from './context.ts';
import { replaceFile } from './replace-file.ts';

/** Longest a report may take: a model on a processor writes mini-summaries of hours one after the other. */
const REPORT_MS = 30 * 60_000;
/** Longest a server may be away meanwhile. */
const AWAY_MS = 60_000;
const POLL_MS = 500;
/** From a report to its files: the PDF of hours is made in some seconds. */
const RENDERING_MS = 90_000;
/** From a new name to the report that has it. */
const RENAMED_MS = 20_000;

/**
 * Waits for the report of a meeting that is over, and says how far it is.
 *
 * @throws AppError `upstream_timeout` when it does not come; ServerAwayError when the server stays away
 */
export async function followReport(context: Context, id: string, signal: AbortSignal): Promise<ReportStatus> {
  const { api, log, say } = context;
  const deadline = Date.now() + REPORT_MS;
  let said = '';
  const tell = (what: string, line: string) => {
    if (said !== what) log(line);
    said = what;
  };
  let awayAt: number | undefined;
  while (Date.now() < deadline) {
    try {
      const status = await api.report(id, { signal });
      awayAt = undefined;
      if (status.state === 'done' || status.state === 'partial') return status;
      if (status.report)
        tell(
          'draft',
          say('Brouillon prêt ; le compte rendu final s’écrit…', 'Draft ready; the final report is being written…'),
        );
      else tell('writing', say('Le compte rendu s’écrit…', 'The report is being written…'));
    } catch (error) {
      if (!(error instanceof ServerAwayError)) throw error;
      awayAt ??= Date.now();
      if (Date.now() - awayAt > AWAY_MS) throw error;
      tell(
        'away',
        say(
          'Le serveur ne répond plus ; j’attends son retour…',
          'The server does not answer any more; waiting for it…',
        ),
      );
    }
    await delay(POLL_MS, signal);
  }
  throw new AppError(
    'upstream_timeout',
    say(
      `Le compte rendu n'est pas venu en ${REPORT_MS / 60_000} min. « eloquence meeting report ${id} » le donnera quand il sera là.`,
      `The report has not come within ${REPORT_MS / 60_000} min. "eloquence meeting report ${id}" gives it once it is there.`,
    ),
  );
}

/** `compte-rendu.md`, `report.md`. */
export const reportFileName = (language: Language, format: ReportFormat): string =>
  `${language === 'fr' ? 'compte-rendu' : 'report'}.${format}`;

/** There is no such file, not in time, or it could not be made. */
const NO_FILE: ReadonlySet<string> = new Set(['not_found', 'conflict', 'internal']);

/**
 * Writes the report into a folder, in formats; one that there is not is told and left out.
 *
 * @returns paths of what was written
 */
export async function writeReport(
  context: Context,
  status: ReportStatus,
  {
    folder,
    formats,
    signal,
  }: { readonly folder: string; readonly formats: readonly ReportFormat[]; readonly signal: AbortSignal },
): Promise<string[]> {
  const { api, log } = context;
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  for (const format of new Set(formats)) {
    try {
      const path = join(folder, reportFileName(context.language, format));
      replaceFile(path, await renderedFile(api, { id: status.session_id, format, revision: status.revision, signal }));
      paths.push(path);
    } catch (error) {
      if (!(error instanceof AppError) || error instanceof ServerAwayError || !NO_FILE.has(error.code)) throw error;
      log(`${format} : ${error.message}`);
    }
  }
  return paths;
}

/**
 * Writes the report of a renamed meeting over the one in its folder, once the server has it with those names. Of a meeting that is not
 * over there is none.
 *
 * @returns paths of what was written; none when the new report does not come in time, which the person is told
 */
export async function rewriteReport(
  context: Context,
  {
    sessionId,
    folder,
    names,
  }: { readonly sessionId: string; readonly folder: string; readonly names: ReadonlyMap<string, string> },
): Promise<string[]> {
  const { api, settings, signal, say, log } = context;
  const deadline = Date.now() + RENAMED_MS;
  for (;;) {
    const status = await api.report(sessionId, { signal });
    if (status.report === null) return [];
    if (status.report.speakers.every(({ speaker, name }) => name === (names.get(speaker) ?? name)))
      return writeReport(context, status, { folder, formats: settings.output.formats, signal });
    if (Date.now() > deadline) break;
    await delay(POLL_MS, signal);
  }
  log(
    say(
      `Les fichiers de ${folder} portent encore l'ancien nom. « eloquence meeting report ${sessionId} » donne le nouveau.`,
      `The files in ${folder} still have the old name. "eloquence meeting report ${sessionId}" gives the new one.`,
    ),
  );
  return [];
}

/** Writes the mini-summaries as they stand now: the last ones are written after the end. */
export async function writeChunks({ api }: Context, id: string, folder: string): Promise<void> {
  const { chunks } = await api.summaries(id);
  mkdirSync(folder, { recursive: true });
  for (const chunk of chunks) writeChunk(folder, chunk);
}

/** `chunk_N.json` */
export function writeChunk(folder: string, chunk: Chunk): void {
  replaceFile(join(folder, `chunk_${chunk.n}.json`), `${JSON.stringify(chunk, null, 2)}\n`);
}

/** The file of that revision, once it is rendered. */
async function renderedFile(
  api: MeetingApi,
  wanted: {
    readonly id: string;
    readonly format: ReportFormat;
    readonly revision: number;
    readonly signal: AbortSignal;
  },
): Promise<Uint8Array> {
  const { id, format, revision, signal } = wanted;
  const deadline = Date.now() + RENDERING_MS;
  for (;;) {
    try {
      const file = await api.reportFile(id, format, { signal });
      if (file.revision >= revision || Date.now() > deadline) return file.bytes;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict' || Date.now() > deadline) throw error;
    }
    await delay(POLL_MS, signal);
  }
}
