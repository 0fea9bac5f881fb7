import {
  REALTIME_SAMPLE_RATE_HZ,
  type RealtimeClientEvent,
  type RealtimeFormat,
  type RealtimeInput,
  type RealtimeSession,
  type RealtimeTurnDetection,
} from '@eloquence/shared/contracts/stt-realtime';
import type { SessionOptions, TurnPolicy } from '../session/speech-session.ts';
import { checkRate, type AudioFormat } from '../wire/audio-reader.ts';
import { keytermsOf } from '../wire/keyterms.ts';

/** What a client has said of its transcription session; undefined = nothing, and OpenAI's defaults hold. */
export interface RealtimeSettings {
  readonly format: RealtimeFormat;
  readonly model: string;
  readonly language: string | undefined;
  readonly languages: readonly string[];
  readonly prompt: string | undefined;
  readonly keywords: readonly string[];
  readonly turnDetection: RealtimeTurnDetection | null | undefined;
  readonly noiseReduction: string | undefined;
}

/** OpenAI's default. */
const SILENCE_MS = 500;
/** Below this a whole-utterance engine would get single syllables. */
const MIN_SILENCE_MS = 200;
const MAX_SILENCE_MS = 5_000;
/** We do not judge meaning: patience stands for it. */
const EAGERNESS_MS = { low: 1_000, medium: 600, auto: 600, high: 350 } as const;
/** OpenAI's models that leave the ends of turns to the client; LiveKit's plugins say nothing of turns with them. */
const CLIENT_COMMITS = /^gpt-(?:realtime-whisper|live-transcribe)/;
const MAX_PROMPT_CHARACTERS = 2_000;
const NOTHING_SAID = { language: undefined, languages: [], prompt: undefined, keywords: [] } as const;

export function initialSettings(model: string | undefined): RealtimeSettings {
  return {
    format: { type: 'audio/pcm', rate: REALTIME_SAMPLE_RATE_HZ },
    model: model ?? 'whisper',
    ...NOTHING_SAID,
    turnDetection: undefined,
    noiseReduction: undefined,
  };
}

/**
 * The settings after an update: what it leaves out stays, what it gives as null is cleared.
 *
 * @throws AppError `invalid_request` for a sample rate we have no filter for
 */
export function updated(settings: RealtimeSettings, input: RealtimeInput): RealtimeSettings {
  const { format = settings.format, transcription, turn_detection, noise_reduction } = input;
  if (format.type === 'audio/pcm') checkRate(format.rate, 'session.audio.input.format.rate');
  return {
    ...settings,
    ...transcribed(settings, transcription),
    format,
    turnDetection: turn_detection === undefined ? settings.turnDetection : bounded(turn_detection),
    noiseReduction: noise_reduction === undefined ? settings.noiseReduction : (noise_reduction?.type ?? undefined),
  };
}

function transcribed(
  { model, language, languages, prompt, keywords }: RealtimeSettings,
  given: RealtimeInput['transcription'],
): Partial<RealtimeSettings> {
  if (given === undefined) return {};
  if (given === null) return { ...NOTHING_SAID };
  // Who names one language or several has named all there are.
  const renamed = (given.language ?? '') !== '' || (given.languages ?? []).length > 0;
  return {
    model: given.model ?? model,
    language: renamed || given.language !== undefined ? given.language || undefined : language,
    languages: renamed || given.languages !== undefined ? (given.languages ?? []) : languages,
    prompt: given.prompt === undefined ? prompt : given.prompt?.slice(0, MAX_PROMPT_CHARACTERS) || undefined,
    keywords: given.keywords === undefined ? keywords : keytermsOf(given.keywords ?? []),
  };
}

/** The beta's flat members as those of today. */
export function inputOfBeta(
  event: Extract<RealtimeClientEvent, { type: 'transcription_session.update' }>,
): RealtimeInput {
  const { input_audio_format, input_audio_transcription, turn_detection, input_audio_noise_reduction } = event.session;
  return {
    ...(input_audio_format && { format: BETA_FORMATS[input_audio_format] }),
    transcription: input_audio_transcription,
    turn_detection,
    noise_reduction: input_audio_noise_reduction,
  };
}

const BETA_FORMATS = {
  pcm16: { type: 'audio/pcm', rate: REALTIME_SAMPLE_RATE_HZ },
  g711_ulaw: { type: 'audio/pcmu' },
  g711_alaw: { type: 'audio/pcma' },
} as const satisfies Record<string, RealtimeFormat>;

export function audioFormatOf({ format }: RealtimeSettings): AudioFormat {
  switch (format.type) {
    case 'audio/pcm':
      return { encoding: 'linear16', rateHz: format.rate };
    case 'audio/pcmu':
      return { encoding: 'mulaw', rateHz: 8_000 };
    case 'audio/pcma':
      return { encoding: 'alaw', rateHz: 8_000 };
  }
}

/** The one language to decode in; undefined leaves it to the engine. */
export function languageOf({ language, languages }: RealtimeSettings): string | undefined {
  return language ?? (languages.length === 1 ? languages[0] : undefined);
}

export function sessionOptions(settings: RealtimeSettings, tenant: string): SessionOptions {
  const { prompt, keywords } = settings;
  // OpenAI's own advice for whisper-1: the prompt is a list of keywords.
  const hints = prompt?.split(/[,;\n]/) ?? [];
  return {
    language: languageOf(settings),
    keyterms: keytermsOf([...keywords, ...hints]),
    turn: turnOf(settings),
    utteranceEndMs: undefined,
    interims: true,
    tenant,
    urgency: 'live',
    temperature: 0,
  };
}

/** The session as clients are told it is, with the defaults that hold. */
export function describeSession(settings: RealtimeSettings, id: string): RealtimeSession {
  const { format, model, language, languages, prompt, keywords, noiseReduction } = settings;
  return {
    type: 'transcription',
    object: 'realtime.transcription_session',
    id,
    audio: {
      input: {
        format,
        transcription: {
          model,
          ...(language && { language }),
          ...(languages.length > 0 && { languages: [...languages] }),
          ...(prompt && { prompt }),
          ...(keywords.length > 0 && { keywords: [...keywords] }),
        },
        ...(noiseReduction && { noise_reduction: { type: noiseReduction } }),
        turn_detection: turnDetectionOf(settings),
      },
    },
  };
}

function turnDetectionOf({ turnDetection, model }: RealtimeSettings): RealtimeTurnDetection | null {
  if (turnDetection !== undefined) return turnDetection;
  return CLIENT_COMMITS.test(model) ? null : bounded({ type: 'server_vad' });
}

/** With OpenAI's defaults, and a silence we can serve. */
function bounded(turn: RealtimeTurnDetection | null): RealtimeTurnDetection | null {
  if (turn?.type === 'semantic_vad') return { type: turn.type, eagerness: turn.eagerness ?? 'auto' };
  if (turn === null) return null;
  const { threshold, prefix_padding_ms, silence_duration_ms } = turn;
  return {
    type: turn.type,
    threshold: threshold ?? 0.5,
    prefix_padding_ms: prefix_padding_ms ?? 300,
    silence_duration_ms: Math.min(MAX_SILENCE_MS, Math.max(MIN_SILENCE_MS, silence_duration_ms ?? SILENCE_MS)),
  };
}

function turnOf(settings: RealtimeSettings): TurnPolicy {
  const turn = turnDetectionOf(settings);
  if (turn === null) return { type: 'manual' };
  const endpointingMs =
    turn.type === 'semantic_vad' ? EAGERNESS_MS[turn.eagerness ?? 'auto'] : (turn.silence_duration_ms ?? SILENCE_MS);
  return { type: 'silence', endpointingMs };
}
