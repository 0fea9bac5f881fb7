import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '@eloquence/shared/contracts/sessions';
import type { ReportStatus } from '@eloquence/shared/contracts/report';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { ServerAwayError } from '../api/api-client.ts';
import { spoolDir, type Context } from './context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { RecordingStates, type RecordingState } from './recording-state.ts';
import { resolveId } from './start-meeting.ts';
import { durationText, facts, table } from './table.ts';

/** From asking a recorder to stop until it has stopped: it delivers what is left first. */
const STOPPING_MS = 90_000;
const POLL_MS = 300;

const stateWords: Readonly<Record<ReportStatus['state'], readonly [fr: string, en: string]>> = {
  recording: ['en cours', 'going on'],
  writing: ['terminée, le compte rendu s’écrit', 'over, the report is being written'],
  done: ['terminée, compte rendu final', 'over, final report'],
  partial: ['terminée, brouillon (aucun modèle n’a répondu)', 'over, draft (no model answered)'],
};

interface OnServer {
  readonly session: Session;
  readonly report: ReportStatus;
}

type Here = RecordingState & { readonly running: boolean };

/** How a meeting stands, and what this machine records. A server that is away is told; what is recorded here is shown all the same. */
export async function showStatus(context: Context, id: string | undefined): Promise<ExitCode> {
  const { say, print } = context;
  const states = new RecordingStates(context.stateDir);
  const here: Here[] = states.list().map((state) => ({ ...state, running: states.isRunning(state) }));
  const running = here.filter((state) => state.running);
  const sessionId = id === undefined ? (running[0] ?? here[0])?.session_id : resolveId(context, id);
  if (sessionId === undefined) {
    print(
      'status',
      { running: [], meeting: null },
      say(
        'Aucune réunion sur cette machine. Commencer : eloquence meeting start --name "…"',
        'No meeting on this machine. Start one: eloquence meeting start --name "…"',
      ),
    );
    return exitCodes.ok;
  }
  const local = here.find((state) => state.session_id === sessionId);
  const { server, fault } = await askServer(context, sessionId, local !== undefined);
  const meeting = statusDocument(sessionId, local, server);
  const document = {
    running: running.map(({ session_id: one, name, pid, folder }) => ({ session_id: one, name, pid, folder })),
    meeting,
    ...(fault && { error: { code: 'server_away', message: fault.message } }),
  };
  print('status', document, statusText(context, meeting));
  if (!fault) return exitCodes.ok;
  context.log(fault.message);
  return exitCodes.serverAway;
}

async function askServer(
  { api }: Context,
  sessionId: string,
  mayBeAway: boolean,
): Promise<{ readonly server?: OnServer; readonly fault?: AppError }> {
  try {
    const [session, report] = await Promise.all([api.session(sessionId), api.report(sessionId)]);
    return { server: { session, report } };
  } catch (error) {
    if (!(error instanceof ServerAwayError) || !mayBeAway) throw error;
    return { fault: error };
  }
}

function statusDocument(sessionId: string, local: Here | undefined, server: OnServer | undefined) {
  return {
    session_id: sessionId,
    name: server?.session.name ?? local?.name ?? null,
    state: server?.report.state ?? null,
    begun_at: server?.session.started_at ?? local?.started_at ?? null,
    recording_here: local?.running ?? false,
    /** Its recorder has died: `resume` delivers what it kept, and goes on. */
    interrupted: wasInterrupted(local),
    words: local?.words ?? null,
    folder: local?.folder ?? null,
    session: server?.session ?? null,
    report: server ? reportDocument(server.report) : null,
  };
}

const wasInterrupted = (local: Here | undefined): boolean =>
  local !== undefined && local.state !== 'finished' && !local.running;

const reportDocument = ({ state, revision, formats, report }: ReportStatus) => ({
  state,
  revision,
  kind: report?.kind ?? null,
  formats,
  coverage_percent: report?.coverage.percent ?? null,
  /** Of a recording that was read into it, its own. */
  duration_ms: report?.duration_ms ?? null,
});

function statusText({ say }: Context, meeting: ReturnType<typeof statusDocument>): string {
  const { session, report, begun_at: begunAt } = meeting;
  const end = session?.ended_at ? Date.parse(session.ended_at) : Date.now();
  const lastedMs = report?.duration_ms ?? (begunAt === null ? null : end - Date.parse(begunAt));
  const rows: (readonly [string, string])[] = [
    [say('Réunion', 'Meeting'), meeting.name ?? meeting.session_id],
    [say('Identifiant', 'Id'), meeting.session_id],
    [
      say('État', 'State'),
      report
        ? say(...stateWords[report.state])
        : say('inconnu, le serveur ne répond pas', 'unknown, the server does not answer'),
    ],
    [say('Durée', 'Duration'), lastedMs === null ? '-' : durationText(lastedMs)],
    [say('Enregistrée ici', 'Recorded here'), hereText(meeting, say)],
  ];
  if (meeting.words !== null) rows.push([say('Mots', 'Words'), String(meeting.words)]);
  if (meeting.folder !== null) rows.push([say('Dossier', 'Folder'), meeting.folder]);
  if (report && report.coverage_percent !== null) rows.push([say('Entendu', 'Heard'), `${report.coverage_percent} %`]);
  return facts(rows);
}

function hereText(
  { recording_here: here, interrupted }: { readonly recording_here: boolean; readonly interrupted: boolean },
  say: Context['say'],
): string {
  if (here) return say('oui', 'yes');
  if (!interrupted) return say('non', 'no');
  return say(
    'interrompue ; pour reprendre et livrer ce qui reste : eloquence meeting resume',
    'broken off; to go on and deliver what is left: eloquence meeting resume',
  );
}

/** Ends a meeting: its recorder stops, delivers and reports; where none runs, the server ends it. */
export async function stopMeeting(context: Context, id: string | undefined): Promise<ExitCode> {
  const { api, say, print } = context;
  const states = new RecordingStates(context.stateDir);
  const running = states.list().filter((state) => states.isRunning(state));
  const sessionId = id === undefined ? (running[0]?.session_id ?? resolveId(context, id)) : resolveId(context, id);
  const recorder = running.find((state) => state.session_id === sessionId);
  if (recorder) {
    if (recorder.state === 'recording') states.askToStop(sessionId);
    const deadline = Date.now() + STOPPING_MS;
    while (Date.now() < deadline && stillRecording()) await delay(POLL_MS, context.signal);
    if (stillRecording())
      throw new AppError(
        'upstream_timeout',
        say(
          `Le processus ${recorder.pid} ne s'arrête pas. Sa fenêtre en dit plus.`,
          `Process ${recorder.pid} does not stop. Its window says more.`,
        ),
      );
    print(
      'stop',
      { session_id: sessionId, stopped: true, by: 'recorder', folder: recorder.folder },
      say(
        `Enregistrement arrêté. Le compte rendu viendra dans ${recorder.folder}`,
        `Recording stopped. The report will be in ${recorder.folder}`,
      ),
    );
    return exitCodes.ok;
  }
  const before = await api.session(sessionId);
  await api.end(sessionId);
  const already = before.state === 'ended';
  print(
    'stop',
    { session_id: sessionId, stopped: !already, by: 'server' },
    already
      ? say('Cette réunion était déjà terminée.', 'This meeting was over already.')
      : say(
          `Réunion terminée. Compte rendu : eloquence meeting report ${sessionId}`,
          `Meeting ended. Report: eloquence meeting report ${sessionId}`,
        ),
  );
  if (!existsSync(join(spoolDir(context.stateDir), sessionId))) return exitCodes.ok;
  context.log(
    say(
      `Du son de cette réunion est resté sur ce disque. Pour le livrer : eloquence meeting resume --session ${sessionId} --deliver-only`,
      `Sound of this meeting is left on this disk. To deliver it: eloquence meeting resume --session ${sessionId} --deliver-only`,
    ),
  );
  return exitCodes.undelivered;

  function stillRecording(): boolean {
    const state = states.read(sessionId);
    return state !== undefined && state.state === 'recording' && states.isRunning(state);
  }
}

/** Meetings the server knows, newest first. */
export async function listMeetings(
  context: Context,
  options: { readonly limit: number; readonly mine?: boolean },
): Promise<ExitCode> {
  const { api, say, print, person } = context;
  const meetings = await api.meetings({ limit: options.limit, ...(options.mine && { userId: person.userId }) });
  const durations = new Map(
    await Promise.all(meetings.map(async (meeting) => [meeting.session_id, await lasted(context, meeting)] as const)),
  );
  const states = new RecordingStates(context.stateDir);
  const here = new Set(
    states
      .list()
      .filter((state) => states.isRunning(state))
      .map((state) => state.session_id),
  );
  const words = {
    created: say('ouverte', 'open'),
    active: say('en cours', 'going on'),
    ended: say('terminée', 'over'),
  };
  const rows = meetings.map((meeting) => [
    meeting.session_id,
    meeting.name ?? '',
    new Date(meeting.started_at ?? meeting.created_at).toLocaleString(context.language === 'fr' ? 'fr-FR' : 'en-GB', {
      dateStyle: 'short',
      timeStyle: 'short',
    }),
    durations.get(meeting.session_id) ?? '-',
    words[meeting.state] + (here.has(meeting.session_id) ? say(' (ici)', ' (here)') : ''),
  ]);
  print(
    'list',
    { meetings },
    rows.length === 0
      ? say('Aucune réunion.', 'No meetings.')
      : table(
          [
            say('Identifiant', 'Id'),
            say('Nom', 'Name'),
            say('Début', 'Begun'),
            say('Durée', 'Duration'),
            say('État', 'State'),
          ],
          rows,
        ),
  );
  return exitCodes.ok;
}

/** On the meeting's own clock: a recording that was read into it took less time than it lasts. */
async function lasted(
  { api }: Context,
  { session_id: id, started_at: startedAt, ended_at: endedAt }: Session,
): Promise<string> {
  if (startedAt === null) return '-';
  const realMs = (endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt);
  const { spans } = await api.coverage(id).catch(() => ({ spans: [] }));
  return durationText(Math.max(realMs, ...spans.map(({ end_ms: endMs }) => endMs)));
}
