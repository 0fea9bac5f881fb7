import { SoundReader, type RawSound } from './sound-reader.ts';

/** The samples of an answer, as its bytes come. @throws AppError as `SoundReader` does */
export async function* readSound(
  peer: string,
  body: AsyncIterable<Uint8Array>,
  raw: RawSound,
): AsyncGenerator<Int16Array> {
  const reader = new SoundReader(peer, raw);
  for await (const bytes of body) {
    const samples = reader.push(bytes);
    if (samples.length > 0) yield samples;
  }
  const last = reader.flush();
  if (last.length > 0) yield last;
}
