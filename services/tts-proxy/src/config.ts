import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { commonEnv, ConfigError, httpUrlSchema, parseEnv, portSchema } from '@eloquence/shared/runtime/config';
import * as z from 'zod';
import type { ElevenLabsSettings } from './providers/elevenlabs.ts';
import type { OpenAiSpeechSettings } from './providers/openai.ts';
import type { PiperSettings } from './providers/piper.ts';

const envSchema = z.object({
  ...commonEnv,
  PORT: portSchema.default(5002),
  PATH: z.string().default(''),
  TTS_PROVIDER: z.enum(['auto', 'openai', 'elevenlabs', 'piper', 'espeak']).default('auto'),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: httpUrlSchema.default('https://api.openai.com/v1'),
  OPENAI_TTS_MODEL: z.string().min(1).default('gpt-4o-mini-tts'),
  OPENAI_TTS_VOICE: z.string().min(1).default('coral'),
  ELEVENLABS_API_KEY: z.string().min(1).optional(),
  ELEVENLABS_BASE_URL: httpUrlSchema.default('https://api.elevenlabs.io'),
  ELEVENLABS_MODEL: z.string().min(1).default('eleven_flash_v2_5'),
  // ElevenLabs' premade voices Charlotte and George: on every account, both multilingual.
  ELEVENLABS_VOICE_FR: z.string().min(1).default('XB0fDUnXU5powFXDhCwa'),
  ELEVENLABS_VOICE_EN: z.string().min(1).default('JBFqnCBsd6RMkjVDRZzb'),
  PIPER_VOICE_FR: z.string().min(1).optional(),
  PIPER_VOICE_EN: z.string().min(1).optional(),
});

/** Where `npm start` keeps downloaded voices, from the repository root. */
const VOICES_DIR = '.eloquence/voices';

export interface TtsConfig {
  readonly logLevel: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly internalKey: string;
  readonly provider: z.infer<typeof envSchema>['TTS_PROVIDER'];
  /** Each is absent when it cannot be used here: no key, program not installed, no voice. */
  readonly openai?: OpenAiSpeechSettings;
  readonly elevenlabs?: ElevenLabsSettings;
  readonly piper?: PiperSettings;
  readonly espeak?: { readonly program: string };
  /** Path of ffmpeg; without it only `pcm` and `wav` are served. */
  readonly ffmpeg?: string;
}

/**
 * The settings of the process, from its environment and from which programs are installed.
 *
 * @throws ConfigError also when `TTS_PROVIDER` names one that cannot be used here
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): TtsConfig {
  const env = parseEnv(envSchema, environment);
  const piperProgram = findProgram('piper', env.PATH);
  const espeakProgram = findProgram('espeak-ng', env.PATH);
  const ffmpeg = findProgram('ffmpeg', env.PATH);
  const [fr, en] = [env.PIPER_VOICE_FR ?? findVoice('fr'), env.PIPER_VOICE_EN ?? findVoice('en')];
  const config: TtsConfig = {
    logLevel: env.LOG_LEVEL,
    listen: { host: env.BIND_ADDRESS, port: env.PORT },
    internalKey: env.INTERNAL_API_KEY,
    provider: env.TTS_PROVIDER,
    ...(env.OPENAI_API_KEY && {
      openai: {
        apiKey: env.OPENAI_API_KEY,
        baseUrl: env.OPENAI_BASE_URL,
        model: env.OPENAI_TTS_MODEL,
        voice: env.OPENAI_TTS_VOICE,
      },
    }),
    ...(env.ELEVENLABS_API_KEY && {
      elevenlabs: {
        apiKey: env.ELEVENLABS_API_KEY,
        baseUrl: env.ELEVENLABS_BASE_URL,
        model: env.ELEVENLABS_MODEL,
        voices: { fr: env.ELEVENLABS_VOICE_FR, en: env.ELEVENLABS_VOICE_EN },
      },
    }),
    ...(piperProgram &&
      (fr || en) && { piper: { program: piperProgram, voices: { ...(fr && { fr }), ...(en && { en }) } } }),
    ...(espeakProgram && { espeak: { program: espeakProgram } }),
    ...(ffmpeg && { ffmpeg }),
  };
  if (config.provider !== 'auto' && !config[config.provider]) throw new ConfigError(missing(config.provider));
  return Object.freeze(config);
}

const needs = {
  openai: 'set OPENAI_API_KEY',
  elevenlabs: 'set ELEVENLABS_API_KEY',
  piper: 'install piper on the PATH and set PIPER_VOICE_FR or PIPER_VOICE_EN',
  espeak: 'install espeak-ng (apt-get install espeak-ng)',
} as const;

function missing(provider: keyof typeof needs): string {
  return `The settings are not usable:\n  TTS_PROVIDER: is ${provider}, which cannot be used here; ${needs[provider]}, or set TTS_PROVIDER=auto`;
}

/** Absolute path of a program on a PATH. */
function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function findVoice(language: string): string | undefined {
  try {
    const name = readdirSync(VOICES_DIR)
      .toSorted()
      .find((file) => file.startsWith(`${language}_`) && file.endsWith('.onnx'));
    return name && join(VOICES_DIR, name);
  } catch {
    return undefined;
  }
}
