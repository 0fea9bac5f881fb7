import { verboseTranscriptionSchema } from '@eloquence/shared/contracts/stt';
import * as z from 'zod';
import type { RunningService } from './services.ts';

/** One call to the model. */
export interface Heard {
  readonly text: string;
  /** ms from the request until its answer was read. */
  readonly callMs: number;
}

export interface TranscribeOptions {
  /** undefined = detected. */
  readonly language: string | undefined;
  readonly signal: AbortSignal;
}

const problemSchema = z.looseObject({ detail: z.string() });

/**
 * One recording through whisper-stt in the call the gateway makes: raw samples in, words with times out.
 *
 * @throws Error with whisper-stt's explanation
 */
export async function transcribe(
  whisper: Pick<RunningService, 'url' | 'key'>,
  pcm: Int16Array,
  options: TranscribeOptions,
): Promise<Heard> {
  const query = new URLSearchParams({ words: 'true', response_format: 'verbose_json' });
  if (options.language) query.set('language', options.language);
  const startedMs = performance.now();
  const response = await fetch(`${whisper.url}/v1/audio/transcriptions?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'audio/pcm;rate=16000', authorization: `Bearer ${whisper.key}` },
    body: Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength) as Uint8Array<ArrayBuffer>,
    signal: options.signal,
  });
  const body: unknown = await response.json();
  const callMs = performance.now() - startedMs;
  if (!response.ok) {
    const problem = problemSchema.safeParse(body).data?.detail;
    throw new Error(problem ?? `whisper-stt answered ${response.status}`);
  }
  return { text: verboseTranscriptionSchema.parse(body).text.trim(), callMs };
}
