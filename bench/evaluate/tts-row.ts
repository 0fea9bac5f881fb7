import { percentile } from '@eloquence/testkit/call-report';
import type { WordErrors } from '@eloquence/testkit/word-error-rate';
import type { Loudness } from '@eloquence/testkit/loudness';
import { durationS, type Spoken } from './speak.ts';
import { totalErrors } from './word-errors.ts';

interface SentenceResult {
  readonly said: string;
  /** What the listener understood. */
  readonly heard: string;
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly audioS: number;
}

export type TtsRow =
  | { readonly outcome: 'failed'; readonly provider: string; readonly voice: string; readonly reason: string }
  | {
      readonly outcome: 'measured';
      readonly provider: string;
      readonly voice: string;
      /** Who spoke; more than one when a provider failed over in between. */
      readonly engines: readonly string[];
      readonly sentences: number;
      readonly audioS: number;
      readonly firstByteP50Ms: number;
      readonly firstByteP95Ms: number;
      /** Seconds of work per second of speech. */
      readonly realTimeFactor: number;
      /** What the listener got wrong; compare with its own rate on the set. */
      readonly words: WordErrors;
      /** null: too short to have one. */
      readonly loudness: Loudness | null;
      readonly results: readonly SentenceResult[];
    };

export interface VoiceFigures {
  readonly provider: string;
  readonly voice: string;
  readonly spoken: readonly Spoken[];
  /** In the order of `spoken`. */
  readonly said: readonly string[];
  readonly heard: readonly string[];
  readonly loudness: Loudness | undefined;
}

export function voiceRow({ provider, voice, spoken, said, heard, loudness }: VoiceFigures): TtsRow {
  const results = spoken.map(({ pcm, firstByteMs, totalMs }, index) => {
    const [sentence = '', understood = ''] = [said[index], heard[index]];
    return { said: sentence, heard: understood, firstByteMs, totalMs, audioS: durationS(pcm) };
  });
  const firstBytes = results.map(({ firstByteMs }) => firstByteMs);
  const audioS = results.reduce((sum, result) => sum + result.audioS, 0);
  const workS = results.reduce((sum, result) => sum + result.totalMs / 1000, 0);
  return {
    outcome: 'measured',
    provider,
    voice,
    engines: [...new Set(spoken.map(({ engine }) => engine))],
    sentences: results.length,
    audioS,
    firstByteP50Ms: percentile(firstBytes, 0.5) ?? 0,
    firstByteP95Ms: percentile(firstBytes, 0.95) ?? 0,
    realTimeFactor: audioS === 0 ? 0 : workS / audioS,
    words: totalErrors(results),
    loudness: loudness ?? null,
    results,
  };
}
