import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/** One sentence as tts-proxy spoke it. */
export interface Spoken {
  /** Who spoke, as the proxy says: another than expected when the first failed. */
  readonly engine: string;
  /** 24 kHz mono. */
  readonly pcm: Int16Array;
  /** Request -> first sound; tts-proxy cuts silence off, so its first byte is one. */
  readonly firstByteMs: number;
  /** Request -> last sample. */
  readonly totalMs: number;
}

export interface SpeakOptions {
  readonly voice: string;
  readonly language: string;
  readonly signal: AbortSignal;
}

const problemSchema = z.looseObject({ detail: z.string() });

/** @throws Error with tts-proxy's explanation */
async function speak(
  proxy: { readonly url: string; readonly key: string },
  input: string,
  { voice, language, signal }: SpeakOptions,
): Promise<Spoken> {
  const startedMs = performance.now();
  const response = await fetch(`${proxy.url}/v1/audio/speech`, {
    method: 'POST',
    headers: { authorization: `Bearer ${proxy.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ input, voice, language, response_format: 'pcm' }),
    signal,
  });
  if (!response.ok || !response.body) throw new Error(await explanation(response));
  const chunks: Uint8Array[] = [];
  let firstByteMs: number | undefined;
  for await (const chunk of response.body) {
    if (chunk.length === 0) continue;
    firstByteMs ??= performance.now() - startedMs;
    chunks.push(chunk);
  }
  const totalMs = performance.now() - startedMs;
  if (firstByteMs === undefined) throw new Error('the voice made no sound');
  const bytes = new Uint8Array(Buffer.concat(chunks));
  const engine = response.headers.get('x-eloquence-engine') ?? 'unknown';
  return { engine, pcm: new Int16Array(bytes.buffer, 0, bytes.length >> 1), firstByteMs, totalMs };
}

/** All sentences one after the other. */
export async function speakAll(
  proxy: { readonly url: string; readonly key: string },
  sentences: readonly string[],
  options: SpeakOptions & { readonly pauseMs: number; readonly onProgress: (index: number) => void },
): Promise<Spoken[]> {
  const spoken: Spoken[] = [];
  for (const [index, sentence] of sentences.entries()) {
    options.onProgress(index);
    if (index > 0 && options.pauseMs > 0) await sleep(options.pauseMs, undefined, { signal: options.signal });
    spoken.push(await speak(proxy, sentence, options));
  }
  return spoken;
}

export function durationS(pcm: Int16Array): number {
  return pcm.length / TTS_SAMPLE_RATE_HZ;
}

async function explanation(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return problemSchema.parse(JSON.parse(text)).detail;
  } catch {
    return `tts-proxy answered ${response.status}`;
  }
}
