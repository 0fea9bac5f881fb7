import { execFileSync } from 'node:child_process';
import { findProgram } from '@eloquence/testkit/processes';
import { SampleReader } from '../audio/pcm.ts';
import { Resampler } from '../audio/resampler.ts';
import { WavReader } from '../audio/wav.ts';

/** A sentence by espeak-ng, as it makes it, at 24 kHz. @throws MissingProgramError */
export function espeakSentence(text: string, voice = 'fr'): Int16Array {
  const args = ['-v', voice, '--stdout', text];
  const file = execFileSync(findProgram('espeak-ng'), args, { maxBuffer: 50_000_000 });
  const wav = new WavReader();
  const samples = new SampleReader().push(wav.push(file));
  const resampler = new Resampler(wav.sampleRateHz, 24_000);
  return joined(resampler.push(samples), resampler.flush());
}

/** Something with a voice's crest: 130 Hz with harmonics, in syllables of 200 ms. Level 1 peaks at full scale. */
export function humming(seconds: number, level = 0.3): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * 24_000) }, (_, index) => {
    const phase = (2 * Math.PI * 130 * index) / 24_000;
    let sum = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic += 1) sum += Math.sin(harmonic * phase) / harmonic;
    const syllable = Math.sin((Math.PI * (index % 4_800)) / 4_800) ** 2;
    return Math.round((sum / 2) * (0.05 + 0.95 * syllable) * level * 32_767);
  });
}

export function silence(ms: number): Int16Array {
  return new Int16Array(Math.round(ms * 24));
}

/** The same sound louder or quieter; clips as s16 does. */
export function amplified(samples: Int16Array, db: number): Int16Array {
  return samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 10 ** (db / 20)))));
}

export function joined(...pieces: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The highest difference between two neighbours among samples [from, to). */
export function maxStep(samples: Int16Array, from = 0, to = samples.length): number {
  let highest = 0;
  for (let at = Math.max(1, from); at < Math.min(to, samples.length); at += 1)
    highest = Math.max(highest, Math.abs((samples[at] as number) - (samples[at - 1] as number)));
  return highest;
}
