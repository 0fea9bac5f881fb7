import type { SpeakQuery } from '@eloquence/shared/contracts/speak';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import type { SpeechOptions } from '../speech/speech.ts';
import { resolveVoice, voiceForModel } from '../voices/resolve-voice.ts';
import type { VoiceMap } from '../voices/voice-map.ts';
import type { Voice } from '../voices/voice.ts';
import type { SoundFormat } from './sound-frames.ts';

/** Rate of companded speech everywhere. */
const TELEPHONE_RATE_HZ = 8_000;

/** What the query says of a speech that begins with `text`. @throws AppError `unknown_voice` */
export function speechOf(
  voices: VoiceMap,
  query: Pick<SpeakQuery, 'voice' | 'model' | 'language' | 'speed' | 'instructions' | 'cache'>,
  { text, tenant }: { readonly text: string; readonly tenant: string },
): SpeechOptions {
  return {
    voice: voiceOf(voices, query, text),
    speed: query.speed,
    ...(query.instructions !== undefined && { instructions: query.instructions }),
    cache: query.cache,
    tenant,
  };
}

/** @throws AppError `unknown_voice` */
export function voiceOf(
  voices: VoiceMap,
  query: Pick<SpeakQuery, 'voice' | 'model' | 'language'>,
  text: string,
): Voice {
  const request = { text, ...(query.language && { language: query.language }) };
  return query.voice === undefined
    ? voiceForModel(voices, query.model, request)
    : resolveVoice(voices, query.voice, request);
}

/** 24 kHz unless the query says so, companded speech 8 kHz. */
export function formatOf({ encoding, sample_rate }: Pick<SpeakQuery, 'encoding' | 'sample_rate'>): SoundFormat {
  return { encoding, rateHz: sample_rate ?? (encoding === 'linear16' ? TTS_SAMPLE_RATE_HZ : TELEPHONE_RATE_HZ) };
}
