import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CliDocuments } from '@eloquence/shared/contracts/cli-documents';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { ChildAbort, delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { recordingApi } from '../api/recording-api.ts';
import type { RecordingOptions, RecordingResult } from '../recorder/recording.ts';
import { spoolDir, type Context } from './context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followReport, writeChunks, writeReport } from './fetch-report.ts';
import { LiveFolder } from './live-folder.ts';
import { folderName } from './meeting-name.ts';
import { RecordingStates, type RecordingState } from './recording-state.ts';
import { durationText } from './table.ts';

const STOP_POLL_MS = 500;
/** After the report, the last events of the session come within so long, ms. */
const LAST_EVENTS_MS = 3_000;
/** The list on this machine forgets meetings after so long, ms. */
const FORGET_MS = 90 * 86_400_000;

export interface Recording {
  readonly sessionId: string;
  readonly name: string;
  readonly deliverOnly?: boolean;
  /** Opened a moment ago: without any sound there is no meeting. */
  readonly isNew?: boolean;
}

/** What a recording came to; with --json it is what is printed. */
export type Outcome = CliDocuments['outcome'] & { readonly exit_code: ExitCode };

/** Records, waits for the report and writes it into the meeting's folder. */
export async function recordMeeting(context: Context, recording: Recording): Promise<Outcome> {
  const { api, person, settings, say, log } = context;
  const { sessionId, name } = recording;
  const session = await api.session(sessionId, { signal: context.signal });
  const folder = folderOf(context, session, name);
  const meeting = { session_id: sessionId, name, folder };
  const states = new RecordingStates(context.stateDir);
  states.prune(FORGET_MS);
  const other = states.read(sessionId);
  if (other && other.pid !== process.pid && states.isRunning(other))
    throw new AppError(
      'conflict',
      say(
        `Cette réunion est déjà enregistrée ici, par le processus ${other.pid}. Pour l'arrêter : eloquence meeting stop`,
        `This meeting is being recorded here already, by process ${other.pid}. To stop it: eloquence meeting stop`,
      ),
    );
  using stopping = new ChildAbort(context.signal);
  using following = new ChildAbort();
  const keeper = keepState(context, states, { session, name, folder, stop: () => stopping.abort() });
  const live = new LiveFolder({
    folder,
    sessionId,
    language: session.language,
    api,
    batchMs: settings.recording.micro_batch_s * 1000,
    onWords: keeper.words,
  });
  const followed = live.follow(following.signal);
  let result: RecordingResult;
  try {
    // The library of the rooms takes a second to load: other commands do without.
    const { record } = await import('../recorder/recorder.ts');
    result = await record({
      ...recorderOptions(context),
      sessionId,
      name,
      api: recordingApi(api, sessionId, person),
      signal: stopping.signal,
      ...(recording.deliverOnly && { deliverOnly: true }),
    });
    keeper.finishing();
  } catch (error) {
    keeper.finished();
    following.abort();
    await followed;
    if (recording.isNew && !existsSync(join(spoolDir(context.stateDir), sessionId))) {
      states.forget(sessionId);
      await rmdir(folder).catch(() => undefined);
      await api.remove(sessionId).catch(() => undefined);
      throw error;
    }
    log(
      say(
        `Pour continuer cette réunion : eloquence meeting resume --session ${sessionId}`,
        `To go on: eloquence meeting resume --session ${sessionId}`,
      ),
    );
    throw error;
  }
  tellResult(context, result, sessionId);
  try {
    if (result.reason === 'abandoned' || result.undelivered_bytes > 0)
      return { ...meeting, files: [], report: 'waiting', recording: result, exit_code: codeOf(result) };
    const reported = await reportInto(context, meeting);
    // The events of a meeting end once its minutes are written.
    await Promise.race([followed, delay(LAST_EVENTS_MS)]);
    return { ...meeting, ...reported, recording: result, exit_code: codeOf(result) || reported.exit_code };
  } finally {
    following.abort();
    await followed;
    keeper.finished();
  }
}

/** The folder of a meeting, the same whenever it is asked for. */
export function folderOf(context: Context, session: Session, name: string): string {
  return join(context.outputDir, folderName(name, new Date(session.created_at)));
}

/** Waits for the report of a meeting that is over and writes it. A second Ctrl-C ends the wait. */
export async function reportInto(
  context: Context,
  { session_id: sessionId, folder }: Pick<Outcome, 'session_id' | 'folder'>,
): Promise<Pick<Outcome, 'files' | 'report' | 'exit_code'>> {
  const { say, log, settings } = context;
  using waiting = new ChildAbort();
  const stop = () => waiting.abort(new DOMException('interrupted', 'AbortError'));
  process.once('SIGINT', stop);
  try {
    const status = await followReport(context, sessionId, waiting.signal);
    const report = status.state === 'done' ? 'done' : 'partial';
    log(
      report === 'done'
        ? say('Compte rendu final prêt.', 'Final report ready.')
        : status.report?.draft_reason === 'model_slow'
          ? say(
              'Le modèle de langage n’a pas encore répondu : voici le brouillon. Le compte rendu final, dès qu’il est écrit : eloquence meeting report last.',
              'The language model has not answered yet: this is the draft. The final report, once it is written: eloquence meeting report last.',
            )
          : say(
              'Aucun modèle de langage n’a pu écrire la synthèse : le brouillon, fait par des règles, tient lieu de compte rendu.',
              'No language model could write the summary: the draft, made by rules, stands as the report.',
            ),
    );
    const files = await writeReport(context, status, {
      folder,
      formats: settings.output.formats,
      signal: waiting.signal,
    });
    await writeChunks(context, sessionId, folder);
    const exitCode = report === 'done' ? exitCodes.ok : exitCodes.partialReport;
    return { files, report, exit_code: exitCode };
  } finally {
    process.off('SIGINT', stop);
  }
}

/** As the recorder takes it: undefined is the default device, null none. */
const device = (name: string) => (name === 'default' ? undefined : name === 'none' ? null : name);

function recorderOptions(context: Context): Omit<RecordingOptions, 'sessionId' | 'name' | 'api' | 'signal'> {
  const { recording, meeting } = context.settings;
  return {
    language: context.language,
    devices: { them: device(recording.system_audio), me: device(recording.microphone) },
    spoolDir: spoolDir(context.stateDir),
    spoolMaxBytes: recording.spool_max_mb * 1_000_000,
    maxDurationMs: meeting.max_duration_min * 60_000,
    silentAfterMs: recording.silent_after_s * 1000,
    silenceThreshold: recording.silence_threshold,
    screen: context.json ? 'off' : 'auto',
  };
}

interface Kept {
  readonly session: Session;
  readonly name: string;
  readonly folder: string;
  readonly stop: () => void;
}

/** Lets other terminals know of this recording, and stop it. */
function keepState(context: Context, states: RecordingStates, { session, name, folder, stop }: Kept) {
  const seconds = context.settings.recording.checkpoint_interval_s;
  let state: RecordingState = {
    session_id: session.session_id,
    name,
    api: context.api.client.url,
    pid: process.pid,
    started_at: new Date().toISOString(),
    folder,
    state: 'recording',
    words: 0,
    updated_at: new Date().toISOString(),
    checkpoint_s: seconds,
  };
  const write = (change: Partial<RecordingState>) => {
    state = { ...state, ...change, updated_at: new Date().toISOString() };
    states.checkpoint(state);
  };
  states.takeStop(session.session_id);
  write({});
  const checkpoint = setInterval(() => write({}), seconds * 1000);
  const stopWatch = setInterval(() => {
    if (states.takeStop(session.session_id)) stop();
  }, STOP_POLL_MS);
  return {
    words: (words: number) => {
      state = { ...state, words };
    },
    finishing: () => write({ state: 'finishing' }),
    finished: () => {
      clearInterval(checkpoint);
      clearInterval(stopWatch);
      write({ state: 'finished' });
    },
  };
}

/** What can still be mended comes first: sound that is not with the server, then sound that is lost, then sound that never was. */
export function codeOf(result: RecordingResult): ExitCode {
  if (result.undelivered_bytes > 0 || result.reason === 'abandoned') return exitCodes.undelivered;
  if (result.lost_s > 0) return exitCodes.lostSound;
  if (result.silent_alarms.length > 0) return exitCodes.silentSource;
  return exitCodes.ok;
}

function tellResult({ say, log }: Context, result: RecordingResult, sessionId: string): void {
  for (const { source, start_ms: startMs, end_ms: endMs } of result.silent_alarms) {
    const who =
      source === 'them' ? say('le son de la machine', "the machine's sound") : say('le micro', 'the microphone');
    const long = endMs === null ? say('jusqu’à la fin', 'to the end') : durationText(endMs - startMs);
    log(say(`Attention : ${who} est resté muet (${long}).`, `Warning: ${who} stayed silent (${long}).`));
  }
  if (result.lost_s > 0)
    log(
      say(
        `Attention : ${durationText(result.lost_s * 1000)} de son perdus : le serveur était absent et la place sur disque pleine (recording.spool_max_mb).`,
        `Warning: ${durationText(result.lost_s * 1000)} of sound lost: the server was away and the space on disk full (recording.spool_max_mb).`,
      ),
    );
  if (result.undelivered_bytes > 0)
    log(
      say(
        `Il reste sur disque ${durationText(result.undelivered_s * 1000)} de son que le serveur n'a pas entendu. Quand il répondra : eloquence meeting resume --session ${sessionId} --deliver-only`,
        `${durationText(result.undelivered_s * 1000)} of sound are left on disk that the server has not heard. Once it answers: eloquence meeting resume --session ${sessionId} --deliver-only`,
      ),
    );
}
