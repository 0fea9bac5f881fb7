import { receptionSentences } from '@eloquence/testkit/sentences';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { FRAME_BYTES } from './listen-stream.ts';

/** One utterance in frames of 50 ms; its last frame is the last of the speech. */
export type Utterance = readonly Buffer[];

export const SILENT_FRAME = Buffer.alloc(FRAME_BYTES);

/** Sentences of the demo model between `fromS` and `toS` long, by espeak-ng. */
export async function utterances(count: number, fromS: number, toS: number): Promise<Utterance[]> {
  const found: Utterance[] = [];
  for (const sentence of receptionSentences) {
    const pcm = await synthesize(sentence);
    const bytes = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    if (bytes.length < fromS * 32_000 || bytes.length > toS * 32_000) continue;
    const frames = Math.floor(bytes.length / FRAME_BYTES);
    found.push(
      Array.from({ length: frames }, (_, index) => bytes.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES)),
    );
    if (found.length === count) break;
  }
  return found;
}
