import { resample } from '@eloquence/testkit/resample';
import { soundBounds, toMs } from '@eloquence/testkit/waveform';
import OpenAI, { toFile } from 'openai';
import { key, whisperUrl } from './stack.ts';

const HEARING_RATE_HZ = 16_000;

export interface HeardSpeech {
  /** What the product's own speech model understands. */
  readonly text: string;
  /** From the first audible sample to the last. */
  readonly soundMs: number;
  /** Silence before the first audible sample. */
  readonly leadMs: number;
}

/** Listens to samples that a client was given. */
export async function hear(pcm: Int16Array, rateHz: number): Promise<HeardSpeech> {
  const samples = resample(pcm, rateHz, HEARING_RATE_HZ);
  const bounds = soundBounds(samples);
  const response = await fetch(`${whisperUrl}/v1/audio/transcriptions?language=fr&response_format=text`, {
    method: 'POST',
    headers: { 'content-type': `audio/pcm;rate=${HEARING_RATE_HZ}`, authorization: `Bearer ${key}` },
    body: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
  });
  if (!response.ok) throw new Error(`whisper-stt answered ${response.status}: ${await response.text()}`);
  const soundMs = bounds ? bounds.toMs - bounds.fromMs : 0;
  return { text: (await response.text()).trim(), soundMs, leadMs: bounds?.fromMs ?? toMs(samples.length) };
}

/** The text in a file of any format, as the product's own speech model understands it, and its length in seconds. */
export async function hearFile(
  bytes: Buffer,
  name: string,
): Promise<{ readonly text: string; readonly seconds: number }> {
  const whisper = new OpenAI({ apiKey: key, baseURL: `${whisperUrl}/v1` });
  const file = await toFile(bytes, name);
  const answer = await whisper.audio.transcriptions.create({
    file,
    model: 'whisper-1',
    language: 'fr',
    response_format: 'verbose_json',
  });
  return { text: answer.text, seconds: answer.duration };
}

/** Bytes of s16le as samples; throws when there is half a sample. */
export function samplesOf(bytes: Buffer): Int16Array {
  return new Int16Array(new Uint8Array(bytes).buffer);
}
