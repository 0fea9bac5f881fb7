import { lineSchema } from '@eloquence/shared/contracts/ids';
import type { Evidence } from '@eloquence/shared/contracts/meeting';
import { reportFormatSchema, type ReportFormat } from '@eloquence/shared/contracts/report';
import { ServerAwayError } from '../api/api-client.ts';
import { printable, type Context } from './context.ts';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.ts';
import { reportFileName, rewriteReport } from './fetch-report.ts';
import { RecordingStates } from './recording-state.ts';
import { replaceFile } from './replace-file.ts';
import { resolveId } from './start-meeting.ts';
import { clockText } from './table.ts';
import { didYouMean } from '../config/did-you-mean.ts';
import { resolve } from 'node:path';
import { existsSync, statSync } from 'node:fs';

/** Formats a terminal can show. */
const TEXT: ReadonlySet<ReportFormat> = new Set(['md', 'html', 'srt', 'vtt', 'json']);

/** Gives the report of a meeting: as a file, or on stdout with `-`, which is the default for what a terminal can show. */
export async function giveReport(
  context: Context,
  id: string | undefined,
  options: { readonly format: string; readonly output?: string },
): Promise<ExitCode> {
  const { api, say, print, log } = context;
  const format = requireFormat(context, options.format);
  const sessionId = resolveId(context, id);
  const status = await api.report(sessionId);
  const { bytes, revision } = await api.reportFile(sessionId, format);
  const toStdout = options.output === '-' || (options.output === undefined && TEXT.has(format) && !context.json);
  const path = toStdout
    ? null
    : pathOf(options.output ?? reportFileName(context.language, format), reportFileName(context.language, format));
  const document = {
    session_id: sessionId,
    format,
    revision,
    state: status.state,
    path,
    ...(path === null && TEXT.has(format) && { content: Buffer.from(bytes).toString('utf8') }),
  };
  if (path === null && !context.json) process.stdout.write(bytes);
  else {
    if (path !== null) replaceFile(path, bytes);
    print('report', document, path ?? '');
  }
  if (status.state === 'done') return exitCodes.ok;
  log(
    status.state === 'partial' && status.report?.draft_reason !== 'model_slow'
      ? say(
          'C’est le brouillon : aucun modèle de langage n’a pu écrire la synthèse.',
          'This is the draft: no language model could write the summary.',
        )
      : say(
          'C’est le brouillon ; le compte rendu final s’écrit encore.',
          'This is the draft; the final report is still being written.',
        ),
  );
  return exitCodes.partialReport;
}

/** A folder gets the usual name. */
function pathOf(given: string, name: string): string {
  const path = resolve(given);
  try {
    return statSync(path).isDirectory() ? resolve(path, name) : path;
  } catch {
    return path;
  }
}

function requireFormat({ say }: Context, given: string): ReportFormat {
  const format = reportFormatSchema.safeParse(given.toLowerCase());
  if (format.success) return format.data;
  const known = reportFormatSchema.options.join(', ');
  const meant = didYouMean(given, reportFormatSchema.options);
  throw new UsageError(
    say(
      `--format ${given} : il y a ${known}${meant ? ` ; vouliez-vous dire ${meant} ?` : ''}`,
      `--format ${given}: there are ${known}${meant ? `; did you mean ${meant}?` : ''}`,
    ),
  );
}

const speakerNameSchema = lineSchema.trim().min(1).max(120);

/** @throws UsageError for less than what the server takes */
function requireWords({ say }: Context, text: string): void {
  if (text.trim().length < 2)
    throw new UsageError(say('Écrivez au moins deux caractères.', 'Write at least two characters.'));
}

/** The speaker's id for an id, or for the name people see where just one is called so. */
export function speakerOf(given: string, names: ReadonlyMap<string, string>): string {
  if (names.has(given)) return given;
  const wanted = given.trim().toLowerCase();
  const called = [...names].filter(
    ([speaker, name]) => name.toLowerCase() === wanted || speaker.toLowerCase() === wanted,
  );
  return called.length === 1 && called[0] ? called[0][0] : given;
}

/** Calls a speaker by a name; the report follows. */
export async function renameSpeaker(
  context: Context,
  id: string,
  renamed: { readonly speaker: string; readonly name: string },
): Promise<ExitCode> {
  const { api, say, print } = context;
  if (!speakerNameSchema.safeParse(renamed.name).success)
    throw new UsageError(
      say('Le nouveau nom : 1 à 120 caractères, sur une ligne.', 'The new name: 1 to 120 characters, one line.'),
    );
  const sessionId = resolveId(context, id);
  const answer = await api.rename(
    sessionId,
    speakerOf(renamed.speaker, await namesOf(context, sessionId)),
    renamed.name,
  );
  const folder = new RecordingStates(context.stateDir).read(sessionId)?.folder;
  if (folder !== undefined && existsSync(folder)) {
    const names = new Map(answer.speakers.map(({ speaker, name }) => [speaker, name]));
    const paths = await rewriteReport(context, { sessionId, folder, names });
    for (const path of paths) context.log(path);
  }
  print(
    'rename',
    answer,
    say(
      `${renamed.speaker} s'appelle maintenant ${renamed.name}.`,
      `${renamed.speaker} is called ${renamed.name} now.`,
    ) + `\n${answer.speakers.map(({ speaker, name }) => `  ${speaker} : ${name}`).join('\n')}`,
  );
  return exitCodes.ok;
}

/** Asks a meeting a question. */
export async function askMeeting(context: Context, id: string, question: string): Promise<ExitCode> {
  const sessionId = resolveId(context, id);
  requireWords(context, question);
  const names = await namesOf(context, sessionId);
  const answer = await context.api.ask(sessionId, question, { signal: context.signal });
  context.print('ask', answer, [answer.answer, ...answer.citations.map((one) => citation(one, names))].join('\n'));
  return exitCodes.ok;
}

/** What was missed of a meeting. */
export async function digestMeeting(
  context: Context,
  id: string | undefined,
  since: string | undefined,
): Promise<ExitCode> {
  const { api, say, print } = context;
  const sessionId = resolveId(context, id);
  const names = await namesOf(context, sessionId);
  const answer = await api.digest(sessionId, await sinceMs(context, sessionId, since), { signal: context.signal });
  const lines = answer.lines.map(
    ({ text, evidence }) =>
      `• ${text}${evidence[0] ? `  [${clockText(evidence[0].start_ms)} ${names.get(evidence[0].speaker) ?? evidence[0].speaker}]` : ''}`,
  );
  const open = answer.items.map((item) => {
    const [fr, en] = kindWords[item.kind];
    return `  ${say(fr, en)} : ${item.text}`;
  });
  print(
    'digest',
    answer,
    [
      say(
        `De ${clockText(answer.since_ms)} à ${clockText(answer.until_ms)} :`,
        `From ${clockText(answer.since_ms)} to ${clockText(answer.until_ms)}:`,
      ),
      ...(lines.length > 0 ? lines : [say('Rien n’a été dit.', 'Nothing was said.')]),
      ...(open.length > 0 ? [say('Points ouverts :', 'Open items:'), ...open] : []),
    ].join('\n'),
  );
  return exitCodes.ok;
}

const kindWords = {
  topic: ['sujet', 'topic'],
  decision: ['décision', 'decision'],
  action: ['action', 'action'],
  question: ['question', 'question'],
  highlight: ['à retenir', 'highlight'],
  retraction: ['retrait', 'taken back'],
} as const;

/** `hh:mm:ss` on the meeting's clock, or how long ago: `10m`, `90s`, `1h`. */
async function sinceMs({ api, say }: Context, sessionId: string, since: string | undefined): Promise<number> {
  if (since === undefined) return 0;
  const clock = /^(?:(\d{1,2}):)?(\d{1,2}):(\d{2})$/.exec(since);
  if (clock) return ((Number(clock[1] ?? 0) * 60 + Number(clock[2])) * 60 + Number(clock[3])) * 1000;
  const ago = /^(\d{1,5})\s*(h|m|min|s)$/.exec(since);
  if (!ago)
    throw new UsageError(
      say(
        `--since ${since} : écrivez 10m, 90s, 1h, ou un moment de la réunion : 00:42:00`,
        `--since ${since}: write 10m, 90s, 1h, or a moment of the meeting: 00:42:00`,
      ),
    );
  const unitMs = { h: 3_600_000, m: 60_000, min: 60_000, s: 1_000 }[ago[2] as 'h' | 'm' | 'min' | 's'];
  const session = await api.session(sessionId);
  const end = session.ended_at ? Date.parse(session.ended_at) : Date.now();
  const now = session.started_at ? end - Date.parse(session.started_at) : 0;
  return Math.max(0, Math.floor(now - Number(ago[1]) * unitMs));
}

/** Looks for words in all meetings. */
export async function searchMeetings(
  context: Context,
  text: string,
  options: { readonly limit: number; readonly mine?: boolean },
): Promise<ExitCode> {
  const { api, say, print, person } = context;
  requireWords(context, text);
  const answer = await api.search(text, { limit: options.limit, ...(options.mine && { userId: person.userId }) });
  const lines: string[] = [];
  for (const { session_id: id, title, started_at: at, speaker_name: name, evidence } of answer.hits) {
    const day = new Date(at).toLocaleDateString(context.language === 'fr' ? 'fr-FR' : 'en-GB');
    lines.push(`${title} (${day}, ${id})`, citation(evidence, new Map([[evidence.speaker, name]])));
  }
  print(
    'search',
    answer,
    lines.length > 0 ? lines.join('\n') : say('Aucune réunion n’en parle.', 'No meeting says so.'),
  );
  return exitCodes.ok;
}

async function namesOf({ api }: Context, sessionId: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { speakers } = await api.summaries(sessionId);
    return new Map(speakers.map(({ speaker, name }) => [speaker, name]));
  } catch (error) {
    if (error instanceof ServerAwayError) throw error;
    return new Map();
  }
}

const citation = (one: Evidence, names: ReadonlyMap<string, string>): string =>
  `  ${clockText(one.start_ms)} ${names.get(one.speaker) ?? one.speaker} : « ${printable(one.quote)} »`;
