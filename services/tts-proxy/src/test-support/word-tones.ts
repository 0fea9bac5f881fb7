import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { tone } from '@eloquence/testkit/vendors/tone';

/** What the test voices can say: each word is a tone of its own, so that what was heard can be read back from the sound. */
const WORDS =
  'alpha bravo charlie delta echo foxtrot golf hotel india juliette kilo lima mike november oscar papa quebec romeo sierra tango'.split(
    ' ',
  );
const STEP_HZ = 60;
const SOUND_S = 0.08;
const GAP_S = 0.02;
/** Above silence and the ripple of filters, below any tone. */
const AUDIBLE = 800;

/** Lowest tone of each voice: their words do not overlap. */
export const voiceHz = [400, 2_000, 3_600] as const;

/** s16le mono 24 kHz of one word, 100 ms. */
export function wordSound(word: string, lowestHz: number): Buffer {
  const index = WORDS.indexOf(word.toLowerCase());
  if (index < 0) throw new Error(`the test voices cannot say ${word}`);
  const gap = Buffer.alloc(TTS_SAMPLE_RATE_HZ * GAP_S * 2);
  return Buffer.concat([tone({ seconds: SOUND_S, frequencyHz: lowestHz + index * STEP_HZ }), gap]);
}

/** The words of a text the test voices can say. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

/** What was said and by which voice, as `alpha@0`; a tone of less than half a word is left out. */
export function heardWords(samples: Int16Array): string[] {
  const words: string[] = [];
  for (const [from, to] of sounds(samples)) {
    if (to - from < (SOUND_S / 2) * TTS_SAMPLE_RATE_HZ) continue;
    const hz = pitchHz(samples.subarray(from, to));
    const voice = voiceHz.findLastIndex((lowestHz) => hz > lowestHz - STEP_HZ / 2);
    words.push(`${WORDS[Math.round((hz - (voiceHz[voice] ?? 0)) / STEP_HZ)] ?? '?'}@${voice}`);
  }
  return words;
}

/** Stretches between silences of at least half a gap, as sample positions. */
function sounds(samples: Int16Array): [number, number][] {
  const quiet = (GAP_S / 2) * TTS_SAMPLE_RATE_HZ;
  const found: [number, number][] = [];
  let from = -1;
  let last = -1;
  for (let at = 0; at < samples.length; at += 1) {
    if (Math.abs(samples[at] as number) < AUDIBLE) continue;
    if (from >= 0 && at - last > quiet) {
      found.push([from, last]);
      from = -1;
    }
    if (from < 0) from = at;
    last = at;
  }
  if (from >= 0) found.push([from, last]);
  return found;
}

function pitchHz(samples: Int16Array): number {
  const rises: number[] = [];
  for (let at = 1; at < samples.length; at += 1)
    if ((samples[at - 1] as number) < 0 && (samples[at] as number) >= 0) rises.push(at);
  const first = rises[0] ?? 0;
  return ((rises.length - 1) * TTS_SAMPLE_RATE_HZ) / ((rises.at(-1) ?? first) - first);
}

/** Four sentences of four words. */
export const FOUR =
  'Alpha bravo charlie delta. Echo foxtrot golf hotel. India juliette kilo lima. Mike november oscar papa.';

/** A sentence of 1.6 s: what follows has time to go wrong before it is wanted. */
export const LONG =
  'Quebec romeo sierra tango quebec romeo sierra tango quebec romeo sierra tango quebec romeo sierra.';

/** The words of a text as `heardWords` gives them when one voice says them all. */
export function by(voice: number, text: string): string[] {
  return wordsOf(text).map((word) => `${word}@${voice}`);
}
