import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { UsageError } from './command.ts';

export const sttUsage = `usage: npm run evaluate:stt -- --models a,b,c [options]

Runs recordings through speech models and prints what each costs and how well it hears.

  --models LIST       a name whisper-stt can download (small, large-v3-turbo, owner/name), a directory, demo, or
                      random:tiny|base|small|medium|large-v3-turbo: random weights of that shape, for speed only
  --windows LIST      values of WHISPER_WINDOW to try with each model (default auto): auto, full, or the shortest
                      window allowed in seconds (5, 10, 15, 20)
  --set FOLDER|demo   recordings x.wav (mp3, flac, ogg, opus, m4a...) with x.txt, or sentences spoken by espeak-ng
                      (default demo)
  --clips N           so many clips, taken evenly (default: all of a folder, 20 of demo)
  --language CODE     what is spoken (default fr); auto = detect it
  --voices LIST       espeak-ng voices of --set demo, in turn (default fr-fr)
  --noise DB          add white noise so many dB below the speech
  --endpointing MS    silence that ends an utterance at the gateway (default 300)
  --speed FACTOR      play faster than a person speaks (default 1); times are then not what a person waits
  --no-live           leave out the gateway: no time to the final, done sooner
  --errors            list every clip that was heard wrong
  --json              print the result as JSON instead of a table

WHISPER_DEVICE, WHISPER_COMPUTE_TYPE, WHISPER_THREADS and WHISPER_MODEL_DIR apply as they do to the product.
`;

/** One model as asked for. `random`: no words are judged. */
export type ModelRequest =
  | { readonly kind: 'given'; readonly name: string; readonly model: string }
  | { readonly kind: 'random'; readonly name: string; readonly shape: string };

export interface SttOptions {
  readonly models: readonly ModelRequest[];
  readonly windows: readonly string[];
  readonly set: string;
  readonly clips: number | undefined;
  /** undefined = detected. */
  readonly language: string | undefined;
  readonly voices: readonly string[];
  readonly noiseDb: number | undefined;
  readonly endpointingMs: number;
  readonly speed: number;
  readonly live: boolean;
  readonly errors: boolean;
  readonly json: boolean;
}

const RANDOM_SHAPES = ['tiny', 'base', 'small', 'medium', 'large-v3-turbo'];

/**
 * @param folder where paths are relative to: npm runs scripts in the repository, whoever typed was elsewhere
 * @returns undefined when help was asked for
 * @throws UsageError, or parseArgs's own error for an unknown option
 */
export function readSttOptions(args: readonly string[], folder: string): SttOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      models: { type: 'string' },
      windows: { type: 'string', default: 'auto' },
      set: { type: 'string', default: 'demo' },
      clips: { type: 'string' },
      language: { type: 'string', default: 'fr' },
      voices: { type: 'string', default: 'fr-fr' },
      noise: { type: 'string' },
      endpointing: { type: 'string', default: '300' },
      speed: { type: 'string', default: '1' },
      'no-live': { type: 'boolean', default: false },
      errors: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  if (!values.models)
    throw new UsageError(`--models is missing: name at least one, for instance --models demo.\n\n${sttUsage}`);
  return {
    models: listOf(values.models, '--models').map((name) => readModel(name, folder)),
    windows: listOf(values.windows, '--windows').map(readWindow),
    ...readSetOptions(values, folder),
    language: values.language === 'auto' ? undefined : values.language,
    endpointingMs: numberOf(values.endpointing, '--endpointing', z.number().int().min(200).max(5000)),
    speed: numberOf(values.speed, '--speed', z.number().min(1).max(20)),
    live: !values['no-live'],
    errors: values.errors,
    json: values.json,
  };
}

/** What the evaluations of models and of voices ask alike about their material. */
export function readSetOptions(
  values: { set: string; clips?: string | undefined; voices?: string; noise?: string | undefined },
  folder: string,
): Pick<SttOptions, 'set' | 'clips' | 'voices' | 'noiseDb'> {
  const { set, clips, voices = 'fr-fr', noise } = values;
  return {
    set: set === 'demo' ? set : resolve(folder, set),
    clips: clips === undefined ? undefined : numberOf(clips, '--clips', z.number().int().min(1).max(10_000)),
    voices: listOf(voices, '--voices'),
    noiseDb: noise === undefined ? undefined : numberOf(noise, '--noise', z.number().min(-20).max(60)),
  };
}

/** "a, b" -> its parts, none twice. @throws UsageError when there is none */
export function listOf(text: string, option: string): string[] {
  const parts = [
    ...new Set(
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    ),
  ];
  if (parts.length === 0) throw new UsageError(`${option} is empty: give a comma-separated list.`);
  return parts;
}

function readModel(name: string, folder: string): ModelRequest {
  if (name.startsWith('random:')) {
    const shape = name.slice('random:'.length);
    if (!RANDOM_SHAPES.includes(shape))
      throw new UsageError(`--models ${name}: use one of ${RANDOM_SHAPES.map((one) => `random:${one}`).join(', ')}.`);
    return { kind: 'random', name, shape };
  }
  // whisper-stt runs in a folder of its own: a path that starts with a dot would mean something else there.
  return { kind: 'given', name, model: name.startsWith('.') ? resolve(folder, name) : name };
}

/** Which floors there are is whisper-stt's business: one it refuses becomes a row that says so. */
function readWindow(window: string): string {
  if (window === 'auto' || window === 'full') return window;
  return String(numberOf(window, '--windows', z.number().int().min(1).max(30)));
}

export function numberOf(text: string, option: string, schema: z.ZodNumber): number {
  const parsed = schema.safeParse(text.trim() === '' ? Number.NaN : Number(text));
  if (parsed.success) return parsed.data;
  const { minValue, maxValue } = schema;
  throw new UsageError(`${option} ${text} is not a number from ${minValue} to ${maxValue}.`);
}
