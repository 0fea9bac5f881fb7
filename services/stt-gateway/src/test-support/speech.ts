import { resample } from '@eloquence/testkit/resample';
import { synthesize, type SpeechOptions } from '@eloquence/testkit/speech-synthesis';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';

/** A sentence by espeak-ng as s16le mono, at 16 kHz unless another rate is asked for. */
export async function speak(text: string, options: SpeechOptions & { readonly rateHz?: number } = {}): Promise<Buffer> {
  const pcm = await synthesize(text, options);
  return bytesOf(resample(pcm, STT_SAMPLE_RATE_HZ, options.rateHz ?? STT_SAMPLE_RATE_HZ));
}

export function silence(durationMs: number, rateHz = STT_SAMPLE_RATE_HZ): Buffer {
  return Buffer.alloc(Math.round((durationMs * rateHz) / 1000) * 2);
}

/** A 50 Hz mains hum with its third harmonic and some hiss, as a bad cable gives; s16le at 16 kHz. */
export function hum(durationMs: number): Buffer {
  const length = (durationMs * STT_SAMPLE_RATE_HZ) / 1000;
  return bytesOf(
    Int16Array.from({ length }, (_, n) => 2000 * tone(n, 50) + 1000 * tone(n, 150) + 600 * (Math.random() - 0.5)),
  );
}

const tone = (n: number, frequencyHz: number) => Math.sin((2 * Math.PI * frequencyHz * n) / STT_SAMPLE_RATE_HZ);

function bytesOf(pcm: Int16Array): Buffer {
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
}
