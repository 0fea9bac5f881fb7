import { taughtEar, type Ear } from '@eloquence/testkit/vendors/word-ear';
import { silence, speak } from './speech.ts';

/** Words that espeak-ng says in one piece, all different. */
const WORDS = 'bonjour madame voiture jardin papillon montagne soleil cheval maison chemin'.split(' ');
/** Enough for the ear to tell words apart, too little to end an utterance. */
const GAP_MS = 250;

export interface TaughtWords {
  readonly words: readonly string[];
  /** Knows each of the words by its samples. */
  readonly ear: Ear;
  /** One sentence of the words from index `from` to `to`, s16le at 16 kHz. */
  readonly sentence: (from: number, to: number) => Buffer;
}

/** Speech whose every word a fake engine recognises, so that a transcript shows what was lost or came twice. */
export async function teachWords(): Promise<TaughtWords> {
  const sounds = await Promise.all(WORDS.map((word) => speak(word)));
  const ear = taughtEar(new Map(WORDS.map((word, index) => [word, samplesOf(sounds[index] ?? Buffer.alloc(0))])));
  const sentence = (from: number, to: number) =>
    Buffer.concat(sounds.slice(from, to).flatMap((sound) => [sound, silence(GAP_MS)]));
  return { words: WORDS, ear, sentence };
}

function samplesOf(bytes: Buffer): Int16Array {
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
