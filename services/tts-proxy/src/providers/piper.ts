import { accessSync, constants, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '@eloquence/shared/runtime/config';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { childOutput } from '../child-output.ts';
import { nameAt, type PartialVoices, type Voice } from '../voices/voice.ts';
import { fileStamp } from './file-stamp.ts';
import { piperText, splitSpeaker } from './piper-voices.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';

/** What we need of a voice's own description, `VOICE.onnx.json`. */
const descriptionSchema = z.looseObject({
  audio: z.looseObject({ sample_rate: z.number().int().positive() }),
  speaker_id_map: z.record(z.string(), z.number().int()).optional(),
});
type Description = z.infer<typeof descriptionSchema>;

export interface PiperSettings {
  readonly program: string;
  /** Paths of `.onnx` voices, with `#speaker` where a voice has several; a language without one is spoken by the other's. */
  readonly voices: PartialVoices;
  readonly hedgeAfterMs: number;
}

/**
 * Piper, one process per sentence.
 *
 * @throws ConfigError when a voice's description cannot be read
 */
export function piperSpeech({ program, voices, hedgeAfterMs }: PiperSettings): SpeechProvider {
  const own = Object.values(voices).flatMap(({ female, male }) => [female, male].filter((path) => path !== undefined));
  const models = [...new Set(own.map((name) => splitSpeaker(name).model))];
  const descriptions = new Map(models.map((model) => [model, readOwnDescription(model)]));
  /** Names of the voice map stand for files beside the own ones. */
  const voiceName = (voice: Voice) => {
    const name = nameAt('piper', voice, voices) ?? own[0];
    if (name === undefined || name.includes('/') || !models[0]) return name;
    const { model, speaker } = splitSpeaker(name);
    return join(dirname(models[0]), model.endsWith('.onnx') ? model : `${model}.onnx`) + (speaker ? `#${speaker}` : '');
  };
  async function* speak({ text, voice, speed }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const name = voiceName(voice);
    if (!name) throw new AppError('upstream_failed', 'Piper has no voice. Set PIPER_VOICE_FR or PIPER_VOICE_EN.');
    const { model, speaker } = splitSpeaker(name);
    const description = descriptions.get(model) ?? readMapDescription(model);
    descriptions.set(model, description);
    const { audio, speaker_id_map: speakers } = description;
    const id = speaker === undefined ? undefined : (speakers?.[speaker] ?? speaker);
    const args = ['--model', model, '--output-raw', '--length-scale', (1 / speed).toFixed(2)];
    if (id !== undefined) args.push('--speaker', String(id));
    const raw = childOutput({ peer: 'Piper', program, args, input: `${piperText(text)}\n` }, signal);
    yield* readSound('Piper', raw, { encoding: 's16', sampleRateHz: audio.sample_rate });
  }
  const names = models.map((model) => basename(model, '.onnx'));
  const label = `Piper ${names.join(', ')}`;
  return {
    id: 'piper',
    engine: { id: `piper/${names.join('+')}`, label, label_fr: label, demo: false },
    hedgeAfterMs,
    identity(voice) {
      const { model, speaker } = splitSpeaker(voiceName(voice) ?? '');
      return ['piper', fileStamp(program), fileStamp(model), speaker ?? 0].join(' ');
    },
    speak,
    check: async () => checkFiles(program, models),
  };
}

function checkFiles(program: string, models: readonly string[]): void {
  try {
    accessSync(program, constants.X_OK);
    for (const model of models) accessSync(model, constants.R_OK);
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    throw new AppError(
      'unavailable',
      `Piper cannot read ${path}. Check PIPER_VOICE_FR, PIPER_VOICE_EN, and the PATH.`,
      {
        cause: error,
      },
    );
  }
}

function readDescription(model: string): Description {
  return descriptionSchema.parse(JSON.parse(readFileSync(`${model}.json`, 'utf8')));
}

function readOwnDescription(model: string): Description {
  try {
    return readDescription(model);
  } catch (error) {
    throw new ConfigError(
      `The settings are not usable:\n  PIPER_VOICE_FR/PIPER_VOICE_EN: ${model}.json cannot be read; keep it beside the voice`,
      { cause: error },
    );
  }
}

function readMapDescription(model: string): Description {
  try {
    return readDescription(model);
  } catch (error) {
    const fix = `Piper cannot read ${model}.json. Check the names of "piper" in TTS_VOICES.`;
    throw new AppError('upstream_rejected', fix, { cause: error });
  }
}
