import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { lineSchema, type Language } from '@eloquence/shared/contracts/ids';
import type { CreateSessionRequest } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import { askConsent, type Consent } from '../consent/ask-consent.ts';
import { requireId, spoolDir, type Context } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { importRecording } from './import-recording.ts';
import { generatedName } from './meeting-name.ts';
import { recordMeeting, type Outcome } from './record-meeting.ts';
import { RecordingStates } from './recording-state.ts';
import { requireFolders } from './usable-folder.ts';

export interface StartOptions {
  readonly name?: string;
  /** Ask for the name on the terminal; an empty answer means a generated one. */
  readonly askName?: boolean;
  readonly consent?: string;
  readonly language?: Language;
  /** An existing recording instead of this machine's sound. */
  readonly file?: string;
  /** Of the recording: who speaks. */
  readonly speaker?: string;
}

const nameSchema = lineSchema.min(1).max(120);

/** Opens a meeting and records it, or reads a recording into it; then its report. */
export async function startMeeting(context: Context, options: StartOptions): Promise<Outcome> {
  requireFolders(context);
  const asked = options.askName && !options.name ? await askName(context) : options.name;
  const name = nameSchema.safeParse(asked?.trim() || generatedName(new Date()));
  if (!name.success)
    throw new UsageError(
      context.say('--name : 120 caractères au plus, sur une ligne.', '--name: at most 120 characters, one line.'),
    );
  return startNamed(context, name.data, options);
}

async function askName({ say, signal, json }: Context): Promise<string | undefined> {
  if (!process.stdin.isTTY || json) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(
      say('Nom de la réunion (vide : la date) : ', 'Name of the meeting (empty: the date): '),
      { signal },
    );
  } finally {
    lines.close();
  }
}

async function startNamed(context: Context, name: string, options: StartOptions): Promise<Outcome> {
  if (options.file !== undefined) {
    const consent = options.consent === undefined ? undefined : await consentFor(context, name, options.consent);
    return importRecording(context, {
      file: options.file,
      speaker: options.speaker,
      session: sessionRequest(context, { name, consent, language: options.language }),
    });
  }
  const consent = await consentFor(context, name, options.consent);
  const opened = await context.api.open(sessionRequest(context, { name, consent, language: options.language }), {
    signal: context.signal,
  });
  context.log(
    context.say(`Réunion « ${name} » ouverte : ${opened.session_id}`, `Meeting "${name}" opened: ${opened.session_id}`),
  );
  return recordMeeting(context, { sessionId: opened.session_id, name, isNew: true });
}

/** Goes on with a meeting of this machine or of that id; without capture it only delivers what is left on disk. */
export async function resumeMeeting(
  context: Context,
  options: { readonly session?: string; readonly consent?: string; readonly deliverOnly?: boolean },
): Promise<Outcome> {
  const { api, say, log } = context;
  requireFolders(context);
  const sessionId = resolveId(context, options.session);
  const session = await api.session(sessionId);
  if (session.kind !== 'meeting')
    throw new AppError(
      'not_found',
      say('Cette session est une conversation, pas une réunion.', 'This session is a conversation, no meeting.'),
    );
  const name = session.name ?? sessionId;
  const deliverOnly = options.deliverOnly ?? false;
  if (deliverOnly && !existsSync(join(spoolDir(context.stateDir), sessionId)))
    throw new UsageError(
      say(
        'Il ne reste pas de son de cette réunion sur le disque : tout est livré.',
        'No sound of this meeting is left on disk: all of it was delivered.',
      ),
    );
  if (!deliverOnly) {
    await consentFor(
      context,
      name,
      options.consent ?? (session.state === 'ended' ? undefined : 'déjà informés au début de la réunion'),
    );
  }
  // Sound that is left is also only taken while the meeting goes on; it ends again when all of it is delivered.
  if (session.state === 'ended') await api.resume(sessionId, { signal: context.signal });
  log(say(`Réunion « ${name} » reprise : ${sessionId}`, `Meeting "${name}" goes on: ${sessionId}`));
  return recordMeeting(context, { sessionId, name, deliverOnly });
}

function consentFor(
  { say, stateDir, person, signal, json }: Context,
  meeting: string,
  given: string | undefined,
): Promise<Consent> {
  const asks = process.stdin.isTTY && process.stderr.isTTY && !json;
  const terminal = asks ? { input: process.stdin, output: process.stderr } : undefined;
  return askConsent({ given, by: person.name, say, stateDir, meeting, signal, terminal });
}

function sessionRequest(
  { settings, person, language }: Context,
  {
    name,
    consent,
    language: asked,
  }: { readonly name: string; readonly consent: Consent | undefined; readonly language: Language | undefined },
): CreateSessionRequest {
  return {
    user_id: person.userId,
    scenario_id: 'meeting',
    language: asked ?? language,
    name,
    participant_name: person.name,
    ...(consent && { consent }),
    options: { meeting: { ...settings.meeting, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } },
  };
}

/** The id given, or the last meeting of this machine for `last` and for nothing. @throws AppError `not_found` */
export function resolveId(context: Context, id: string | undefined): string {
  if (id !== undefined && id !== 'last') return requireId(id);
  const last = new RecordingStates(context.stateDir).last();
  if (last) return last.session_id;
  throw new AppError(
    'not_found',
    context.say(
      'Aucune réunion n’a été enregistrée sur cette machine. Donnez un identifiant : « eloquence meeting list » les montre.',
      'No meeting was recorded on this machine. Give an id: "eloquence meeting list" shows them.',
    ),
  );
}
