import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import type { Believed } from '../decoding/guards.ts';
import type { Transcript } from './session-events.ts';

/** Which utterance a text is of, and where it lies on the stream, in samples. */
export interface Place {
  readonly utterance: number;
  readonly from: number;
  readonly to: number;
}

/** Samples -> seconds of the stream's clock, to the millisecond. Exact for streams of any length. */
export function secondsOf(samples: number): number {
  return rounded(samples / STT_SAMPLE_RATE_HZ);
}

/** What was decoded of `place`, with the engine's times moved to the stream's clock. */
export function transcriptOf({ utterance, from, to }: Place, believed: Believed): Transcript {
  const at = (seconds: number) => rounded(from / STT_SAMPLE_RATE_HZ + seconds);
  const { text, confidence, language } = believed;
  return {
    utterance,
    startS: secondsOf(from),
    endS: secondsOf(to),
    text,
    words: believed.words.map(({ word, start, end, probability }) => ({
      word,
      startS: at(start),
      endS: at(end),
      probability,
    })),
    confidence,
    language,
    segments: believed.segments.map(({ start, end, ...segment }) => ({
      startS: at(start),
      endS: at(end),
      ...segment,
    })),
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
