import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Language } from '@eloquence/shared/contracts/ids';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { ConfigError } from '@eloquence/shared/runtime/config';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { SampleReader } from '../audio/pcm.ts';
import { Resampler } from '../audio/resampler.ts';
import { childOutput } from '../child-output.ts';
import type { SpeechProvider, Utterance } from './provider.ts';

/** What we need of a voice's own description, `VOICE.onnx.json`. */
const descriptionSchema = z.looseObject({ audio: z.looseObject({ sample_rate: z.number().int().positive() }) });

export interface PiperSettings {
  readonly program: string;
  /** Paths of `.onnx` voices; a language without one is spoken by the other's. */
  readonly voices: { readonly fr?: string; readonly en?: string };
}

interface PiperVoice {
  readonly model: string;
  readonly sampleRateHz: number;
}

/**
 * Piper, one process per sentence.
 *
 * @throws ConfigError when a voice's description cannot be read
 */
export function piperSpeech(settings: PiperSettings): SpeechProvider {
  const voices: Partial<Record<Language, PiperVoice>> = {};
  for (const language of ['fr', 'en'] as const) {
    const model = settings.voices[language];
    if (model) voices[language] = { model, sampleRateHz: sampleRateOf(model) };
  }
  const names = Object.values(voices).map((voice) => basename(voice.model, '.onnx'));
  async function* speak({ text, voice, speed }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const chosen = voices[voice.language] ?? voices.fr ?? voices.en;
    if (!chosen) throw new AppError('upstream_failed', 'Piper has no voice. Set PIPER_VOICE_FR or PIPER_VOICE_EN.');
    const args = ['--model', chosen.model, '--output-raw', '--length-scale', (1 / speed).toFixed(2)];
    const reader = new SampleReader();
    const resampler =
      chosen.sampleRateHz === TTS_SAMPLE_RATE_HZ ? undefined : new Resampler(chosen.sampleRateHz, TTS_SAMPLE_RATE_HZ);
    // Piper speaks one line at a time; the text is one line.
    for await (const chunk of childOutput(
      { peer: 'Piper', program: settings.program, args, input: `${text}\n` },
      signal,
    )) {
      const samples = reader.push(chunk);
      yield resampler ? resampler.push(samples) : samples;
    }
    if (resampler) yield resampler.flush();
  }
  const label = `Piper ${names.join(', ')}`;
  return { id: 'piper', engine: { id: `piper/${names.join('+')}`, label, label_fr: label, demo: false }, speak };
}

function sampleRateOf(model: string): number {
  try {
    return descriptionSchema.parse(JSON.parse(readFileSync(`${model}.json`, 'utf8'))).audio.sample_rate;
  } catch (error) {
    throw new ConfigError(
      `The settings are not usable:\n  PIPER_VOICE_FR/PIPER_VOICE_EN: ${model}.json cannot be read; keep it beside the voice`,
      { cause: error },
    );
  }
}
