import { createHash } from 'node:crypto';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import type { Utterance } from '../providers/provider.ts';

/** To be raised when what is kept changes its shape: sample format, trimming, loudness. Old copies are then never found. */
const SOUND_VERSION = 's16-mono-level-1';
/** Between members; in none of them, because spoken text holds no control characters. */
const SEPARATOR = '\u0000';

/** What decides how a phrase sounds. */
export interface Phrase {
  readonly utterance: Utterance;
  /** `SpeechProvider.id` and its `identity(voice)`: model, its version, the voice's name there. */
  readonly provider: { readonly id: string; readonly identity: string };
  /** The version of the rules that made the text speakable. */
  readonly normaliserVersion: number | string;
}

/**
 * Names a phrase by a digest: the same words in the same voice, and nothing by which the words could be read back.
 */
export function phraseKey({ utterance, provider, normaliserVersion }: Phrase): string {
  const members = [
    SOUND_VERSION,
    String(TTS_SAMPLE_RATE_HZ),
    provider.id,
    provider.identity,
    utterance.voice.language,
    String(utterance.speed),
    utterance.instructions?.normalize('NFC') ?? '',
    String(normaliserVersion),
    utterance.text.normalize('NFC'),
  ];
  // With their lengths, members cannot run into each other whatever a caller puts into one of them.
  const canonical = members.map((member) => `${Buffer.byteLength(member)}:${member}`).join(SEPARATOR);
  return createHash('sha256').update(canonical).digest('hex');
}
