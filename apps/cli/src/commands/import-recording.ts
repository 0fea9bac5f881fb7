import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { AudioEvent } from '@eloquence/shared/contracts/meeting-api';
import type { CreateSessionRequest } from '@eloquence/shared/contracts/sessions';
import { BusyServer } from './busy-server.ts';
import { idOf, type Context } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { LiveFolder } from './live-folder.ts';
import { folderOf, reportInto, type Outcome } from './record-meeting.ts';
import { RecordingStates } from './recording-state.ts';
import { durationText } from './table.ts';

export interface ImportOptions {
  readonly file: string;
  /** Who speaks in it; a recording of several people is one speaker. */
  readonly speaker: string | undefined;
  readonly session: CreateSessionRequest;
}

const TYPES: Readonly<Record<string, string>> = {
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.m4a': 'audio/mp4',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.oga': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.webm': 'video/webm',
};
/** Every so much of a recording a line is said where there is no terminal, 0 to 1. */
const TOLD_STEP = 0.1;
/** After the end, the last events come within so long, ms. */
const LAST_EVENTS_MS = 10_000;

/** Reads a recording into a new meeting, ends it, and writes its report. A recording that cannot be read leaves no meeting behind. */
export async function importRecording(context: Context, options: ImportOptions): Promise<Outcome> {
  const { api, say, log, signal } = context;
  const file = resolve(options.file);
  const body = { path: file, bytes: await readableBytes(context, file) };
  const contentType = TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream';
  const name = options.session.name ?? basename(file);
  const server = new BusyServer(context);
  const { session_id: sessionId } = await server.ask(() => api.open(options.session, { signal }));
  log(say(`Réunion « ${name} » ouverte : ${sessionId}`, `Meeting "${name}" opened: ${sessionId}`));
  const speakerName = options.speaker?.trim() || say('Enregistrement', 'Recording');
  const recording = { speaker: idOf(speakerName), name: speakerName, startMs: 0, body, contentType };
  let heard = 0;
  let folder: string;
  try {
    folder = folderOf(context, await server.ask(() => api.session(sessionId, { signal })), name);
    // What was heard of it the server leaves out the next time.
    await server.ask(async () => {
      const progress = progressLine(context);
      try {
        for await (const event of api.upload(sessionId, recording, { signal })) {
          heard = Math.max(heard, event.type === 'audio.done' ? event.utterances.length : event.utterances);
          progress.show(event);
        }
      } finally {
        progress.clear();
      }
    });
  } catch (error) {
    if (heard === 0) await new BusyServer(context).ask(() => api.remove(sessionId)).catch(() => undefined);
    else {
      await api.end(sessionId).catch(() => undefined);
      log(say(`Ce qui a été entendu est gardé : ${sessionId}`, `What was heard is kept: ${sessionId}`));
    }
    throw error;
  }
  await server.ask(() => api.end(sessionId));
  const meeting = { session_id: sessionId, name, folder };
  remember(context, meeting, 0);
  const mirrored = mirror(context, meeting);
  const reported = await reportInto(context, meeting);
  remember(context, meeting, await mirrored);
  return { ...meeting, ...reported, recording: null };
}

/** @returns how long the file is; throws UsageError for what cannot be read */
async function readableBytes({ say }: Context, file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  const fault = !found
    ? say('ce fichier n’existe pas', 'there is no such file')
    : !found.isFile()
      ? say('ce n’est pas un fichier', 'this is no file')
      : found.size === 0
        ? say('ce fichier est vide', 'this file is empty')
        : await access(file, constants.R_OK).then(
            () => undefined,
            () => say('ce fichier ne peut pas être lu (droits)', 'this file cannot be read (permissions)'),
          );
  if (fault || !found) throw new UsageError(`${file} : ${fault}.`);
  return found.size;
}

/** One line that changes on a terminal, a line now and then elsewhere. */
function progressLine({ say, log, json }: Context) {
  let told = -TOLD_STEP;
  const live = process.stderr.isTTY && !json;
  const clear = (): void => void (live && process.stderr.write('\r\u001b[K'));
  const show = (event: AudioEvent): void => {
    if (event.type === 'audio.done') {
      clear();
      log(
        say(
          `Transcription terminée : ${event.utterances.length} phrases.`,
          `Transcribed: ${event.utterances.length} sentences.`,
        ),
      );
      return;
    }
    const { seconds_done: done, seconds_total: total, utterances } = event;
    const share = total ? Math.min(1, done / total) : undefined;
    const part =
      share === undefined ? durationText(done * 1000) : `${Math.floor(share * 100)} % (${durationText(done * 1000)})`;
    const line = say(
      `Transcription : ${part}, ${utterances} phrases`,
      `Transcribing: ${part}, ${utterances} sentences`,
    );
    if (live) process.stderr.write(`\r\u001b[K${line}`);
    else if (share === undefined || share - told >= TOLD_STEP) {
      told = share ?? told;
      log(line);
    }
  };
  return { show, clear };
}

type Meeting = Pick<Outcome, 'session_id' | 'name' | 'folder'>;

/** Writes what was said into the folder. @returns how many words */
async function mirror(
  { api, settings, language }: Context,
  { session_id: sessionId, folder }: Meeting,
): Promise<number> {
  let words = 0;
  const live = new LiveFolder({
    folder,
    sessionId,
    language,
    api,
    batchMs: settings.recording.micro_batch_s * 1000,
    onWords: (count) => {
      words = count;
    },
  });
  await live.follow(AbortSignal.timeout(LAST_EVENTS_MS));
  return words;
}

/** So that `last` means this meeting. */
function remember({ stateDir, api, settings }: Context, meeting: Meeting, words: number): void {
  const now = new Date().toISOString();
  new RecordingStates(stateDir).write({
    ...meeting,
    api: api.client.url,
    pid: process.pid,
    started_at: now,
    state: 'finished',
    words,
    updated_at: now,
    checkpoint_s: settings.recording.checkpoint_interval_s,
  });
}
