import { SAMPLE_RATE_HZ } from '../waveform.ts';

/** A word with its place in the audio, seconds. */
export interface HeardWord {
  readonly word: string;
  readonly startS: number;
  readonly endS: number;
}

/** What a fake vendor makes of 16 kHz mono audio. */
export type Ear = (pcm: Int16Array) => HeardWord[];

/** Louder than this is sound (full scale 32,768). */
const LOUD = 400;
/** Quieter for so long ends a stretch; the closures of p, t, k are shorter. */
const GAP_SAMPLES = 0.15 * SAMPLE_RATE_HZ;
const FINGERPRINT_SAMPLES = 800;

interface Stretch {
  readonly from: number;
  /** After the last loud sample. */
  readonly to: number;
}

/** The stretches of sound, divided by at least 150 ms of quiet. */
export function loudStretches(pcm: Int16Array): Stretch[] {
  const found: Stretch[] = [];
  let from = -1;
  let to = -1;
  for (let at = 0; at < pcm.length; at += 1) {
    if (Math.abs(pcm[at] ?? 0) <= LOUD) continue;
    if (from >= 0 && at - to >= GAP_SAMPLES) {
      found.push({ from, to });
      from = at;
    } else if (from < 0) from = at;
    to = at + 1;
  }
  if (from >= 0) found.push({ from, to });
  return found;
}

/**
 * An ear that knows words by their very samples: what it was taught and nothing else, so a word that was cut, lost or
 * sent twice shows. Words must have at least 150 ms of quiet between them; a stretch it does not know is `?`.
 *
 * @param vocabulary word -> its sound as it will be played, 16 kHz mono
 */
export function taughtEar(vocabulary: ReadonlyMap<string, Int16Array>): Ear {
  const known = new Map([...vocabulary].map(([word, pcm]) => [fingerprint(pcm, loudStretches(pcm)[0]), word]));
  return (pcm) =>
    loudStretches(pcm).map((stretch) => ({
      word: known.get(fingerprint(pcm, stretch)) ?? '?',
      startS: stretch.from / SAMPLE_RATE_HZ,
      endS: stretch.to / SAMPLE_RATE_HZ,
    }));
}

/** An ear that hears nothing but how often somebody speaks: stretch n of the audio is sentence n, in turn. */
export function scriptedEar(sentences: readonly string[]): Ear {
  return (pcm) =>
    loudStretches(pcm).flatMap(({ from, to }, index) => {
      const words = (sentences[index % sentences.length] ?? '').split(' ').filter(Boolean);
      const step = (to - from) / words.length;
      return words.map((word, place) => ({
        word,
        startS: (from + place * step) / SAMPLE_RATE_HZ,
        endS: (from + (place + 1) * step) / SAMPLE_RATE_HZ,
      }));
    });
}

function fingerprint(pcm: Int16Array, stretch: Stretch | undefined): string {
  const from = stretch?.from ?? 0;
  return pcm.subarray(from, Math.min(stretch?.to ?? 0, from + FINGERPRINT_SAMPLES)).join(',');
}
