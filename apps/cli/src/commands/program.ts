import { languageSchema } from '@eloquence/shared/contracts/ids';
import { Command, InvalidArgumentError, Option } from 'commander';
import { configPath, initConfig, showConfig } from './configure.ts';
import { createContext, type CommonOptions, type Context, type Output } from './context.ts';
import { listMeetings, showStatus, stopMeeting } from './control-meetings.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { askMeeting, digestMeeting, giveReport, renameSpeaker, searchMeetings } from './read-meetings.ts';
import type { Outcome } from './record-meeting.ts';
import { resumeMeeting, startMeeting, type StartOptions } from './start-meeting.ts';
import { usageInFrench } from './usage-in-french.ts';

const EXIT_HELP = `
Codes de sortie / exit codes:
  0  tout va bien / all is well
  1  échec, le texte dit lequel / failed, the text says how
  2  commande ou configuration fausse / wrong command or configuration
  3  le serveur ne répond pas / the server does not answer
  4  enregistré, mais une source est restée muette / recorded, but a source stayed silent
  5  compte rendu pas encore final, ou brouillon / report not final yet, or a draft
  6  du son reste sur disque, à livrer / sound is left on disk, to be delivered
  7  du son est perdu : le disque n'en prenait plus / sound is lost: the disk took no more`;

export interface ProgramOptions {
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly onExitCode: (code: ExitCode) => void;
}

/** The whole command line. Throws what its commands throw, and CommanderError for what commander says itself. */
export function createProgram(options: ProgramOptions): Command {
  const program = new Command('eloquence')
    .description(
      'Réunions enregistrées, transcrites et résumées par votre serveur Eloquence / meetings recorded, transcribed and summed up',
    )
    .addHelpText('after', EXIT_HELP);
  const { output } = options;
  const prepare = (command: Command): Command =>
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void output.stdout.write(text),
        writeErr: (text) => void output.stderr.write(text),
        outputError: (text, write) => write(usageInFrench(text)),
      })
      .showHelpAfterError('(aide / help: --help)')
      .showSuggestionAfterError();
  prepare(program);
  const meeting = prepare(
    program
      .command('meeting')
      .description('enregistrer, suivre et lire des réunions / record, follow and read meetings'),
  );
  meeting.addHelpText('after', EXIT_HELP);
  const add = adder(meeting, prepare, options);
  addRecording(add);
  addControl(add);
  addReading(add);
  addConfig(
    prepare(program.command('config').description('le fichier de configuration / the configuration file')),
    prepare,
    options,
  );
  return program;
}

type Run<O> = (context: Context, args: readonly string[], options: O & CommonOptions) => Promise<ExitCode>;
/** Adds a command with the options all have; `declare` adds its own. */
type Add = <O = object>(
  usage: string,
  description: string,
  run: Run<O>,
  declare?: (command: Command) => Command,
) => void;

function adder(
  parent: Command,
  prepare: (command: Command) => Command,
  { output, signal, onExitCode }: ProgramOptions,
): Add {
  return (usage, description, run, declare = (command) => command) => {
    const command = declare(withCommon(prepare(parent.command(usage).description(description))));
    command.action(async () => {
      const options = command.opts<CommonOptions>();
      const context = createContext(options, output, signal);
      onExitCode(await run(context, command.args, options as never));
    });
  };
}

function withCommon(command: Command): Command {
  return command
    .option('--json', 'un seul document JSON sur la sortie / one JSON document on stdout')
    .option('--api <url>', 'adresse du serveur / address of the server')
    .option('--key <key>', 'clé du serveur / key of the server (mieux / better: ELOQUENCE_API_KEY)')
    .option('--config <file>', 'fichier de configuration / configuration file');
}

const outcome = (context: Context, result: Outcome): ExitCode => {
  const { say } = context;
  const files = result.files.map((path) => `  ${path}`);
  context.print(
    'outcome',
    result,
    [
      `${result.name} (${result.session_id})`,
      ...(files.length > 0 ? files : [say('  (pas encore de compte rendu)', '  (no report yet)')]),
    ].join('\n'),
  );
  return result.exit_code;
};

function addRecording(add: Add): void {
  const consent = [
    '--consent <who>',
    "qui a été informé de l'enregistrement, et comment / who was told of the recording, and how",
  ] as const;
  add<StartOptions>(
    'start',
    'enregistrer une réunion, ou lire un enregistrement / record a meeting, or read a recording',
    async (context, _args, options) => outcome(context, await startMeeting(context, options)),
    (command) =>
      command
        .option('--name <name>', 'nom de la réunion / name of the meeting (défaut / default: Reunion_2026-01-19_14-30)')
        .option('--ask-name', 'demander le nom / ask for the name')
        .option(...consent)
        .addOption(
          new Option('--language <language>', 'langue parlée / language spoken').choices(languageSchema.options),
        )
        .option('--file <recording>', 'un enregistrement / a recording: wav, mp3, mp4, m4a, flac, ogg, webm')
        .option(
          '--speaker <name>',
          'avec --file, qui parle / with --file, who speaks (défaut / default: Enregistrement)',
        ),
  );
  add<{ readonly session?: string; readonly consent?: string; readonly deliverOnly?: boolean }>(
    'resume',
    'reprendre une réunion, sous le même identifiant / go on with a meeting, under its id',
    async (context, _args, options) => outcome(context, await resumeMeeting(context, options)),
    (command) =>
      command
        .option(
          '--session <id>',
          'laquelle / which one (défaut : la dernière de cette machine / default: the last of this machine)',
        )
        .option(...consent)
        .option(
          '--deliver-only',
          'ne rien enregistrer, livrer le son gardé sur disque / record nothing, deliver the sound kept on disk',
        ),
  );
}

function addControl(add: Add): void {
  add('status [session]', "l'état d'une réunion / how a meeting stands", (context, [id]) => showStatus(context, id));
  add(
    'stop [session]',
    "arrêter l'enregistrement et terminer la réunion / stop the recording and end the meeting",
    (context, [id]) => stopMeeting(context, id),
  );
  add<{ readonly limit: number; readonly mine?: boolean }>(
    'list',
    'les réunions, les plus récentes d’abord / meetings, newest first',
    (context, _args, options) => listMeetings(context, options),
    withLimits,
  );
}

function addReading(add: Add): void {
  add<{ readonly format: string; readonly output?: string }>(
    'report <session>',
    'le compte rendu d\'une réunion (« last » : la dernière) / the report of a meeting ("last": the last one)',
    (context, [id], options) => giveReport(context, id, options),
    (command) =>
      command
        .option('--format <format>', 'md, html, pdf, docx, srt, vtt, json', 'md')
        .option('--output <path>', 'fichier ou dossier ; - : sortie standard / file or folder; -: stdout'),
  );
  add(
    'rename-speaker <session> <speaker> <name>',
    'donner son nom à un intervenant / call a speaker by a name',
    (context, [id = '', speaker = '', name = '']) => renameSpeaker(context, id, { speaker, name }),
  );
  add(
    'ask <session> <question>',
    'poser une question à une réunion / ask a meeting a question',
    (context, [id = '', question = '']) => askMeeting(context, id, question),
  );
  add<{ readonly limit: number; readonly mine?: boolean }>(
    'search <words>',
    'chercher dans toutes les réunions / search all meetings',
    (context, [words = ''], options) => searchMeetings(context, words, options),
    withLimits,
  );
  add<{ readonly since?: string }>(
    'digest [session]',
    "ce que j'ai manqué / what I missed",
    (context, [id], options) => digestMeeting(context, id, options.since),
    (command) => command.option('--since <when>', 'depuis / since: 10m, 90s, 1h, ou / or 00:42:00'),
  );
}

const withLimits = (command: Command): Command =>
  command
    .option('--limit <number>', 'combien au plus / at most how many', countOf, 20)
    .option('--mine', 'seulement les miennes / only mine');

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 50) return count;
  throw new InvalidArgumentError('de 1 à 50 / from 1 to 50');
}

function addConfig(parent: Command, prepare: (command: Command) => Command, options: ProgramOptions): void {
  const { output, onExitCode } = options;
  const file = ['--config <file>', 'fichier de configuration / configuration file'] as const;
  const tell = (path: string, json: boolean | undefined) => {
    output.stdout.write(json ? `${JSON.stringify({ file: path })}\n` : `${path}\n`);
    onExitCode(exitCodes.ok);
  };
  for (const [name, description, give] of [
    ['init', 'écrire un fichier commenté / write a commented file', initConfig],
    ['path', 'où il est / where it is', configPath],
  ] as const) {
    const command = prepare(parent.command(name).description(description))
      .option(...file)
      .option('--json', 'JSON');
    command.action(() => {
      const { config, json } = command.opts<CommonOptions>();
      tell(give(config), json);
    });
  }
  adder(parent, prepare, options)(
    'show',
    'les réglages qui comptent / the settings that count',
    (context, _args, { config }) => showConfig(context, config),
  );
}
