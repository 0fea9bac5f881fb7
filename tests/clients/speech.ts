import { resample } from '@eloquence/testkit/resample';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { setTimeout as sleep } from 'node:timers/promises';

const INNER_RATE_HZ = 16_000;
const FRAME_MS = 20;

export interface Recording {
  readonly pcm: Int16Array;
  readonly rateHz: number;
  /** Where each sentence lies, in seconds from the start. */
  readonly sentences: readonly { readonly text: string; readonly startS: number; readonly endS: number }[];
}

export interface RecordingOptions {
  readonly rateHz?: number;
  /** Silence before, between and after the sentences. */
  readonly pauseMs?: number;
  /** Silence after the last one; default `pauseMs`. */
  readonly tailMs?: number;
}

/** Sentences by espeak-ng with pauses around them, as somebody speaks who waits for an answer. */
export async function record(texts: readonly string[], options: RecordingOptions = {}): Promise<Recording> {
  const { rateHz = INNER_RATE_HZ, pauseMs = 1_000, tailMs = pauseMs } = options;
  const pause = new Int16Array((pauseMs / 1000) * INNER_RATE_HZ);
  const parts: Int16Array[] = [pause];
  const sentences = [];
  let at = pause.length;
  for (const [index, text] of texts.entries()) {
    const spoken = await synthesize(text);
    const after = index === texts.length - 1 ? new Int16Array((tailMs / 1000) * INNER_RATE_HZ) : pause;
    sentences.push({ text, startS: at / INNER_RATE_HZ, endS: (at + spoken.length) / INNER_RATE_HZ });
    parts.push(spoken, after);
    at += spoken.length + after.length;
  }
  const joined = new Int16Array(at);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return { pcm: resample(joined, INNER_RATE_HZ, rateHz), rateHz, sentences };
}

/** Hands the samples on in frames of 20 ms at the pace they were spoken. */
export async function play(
  { pcm, rateHz }: Pick<Recording, 'pcm' | 'rateHz'>,
  send: (frame: Int16Array) => void | Promise<void>,
  { speed = 1, signal }: { readonly speed?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const frame = (rateHz * FRAME_MS) / 1000;
  const startedAt = performance.now();
  for (let offset = 0; offset < pcm.length; offset += frame) {
    await send(pcm.slice(offset, offset + frame));
    const dueMs = ((offset + frame) / rateHz / speed) * 1000;
    const waitMs = dueMs - (performance.now() - startedAt);
    if (waitMs > 1) await sleep(waitMs, undefined, { signal });
  }
}

/** Silence at the pace of a microphone, until it is aborted. */
export async function playSilence(
  rateHz: number,
  send: (frame: Int16Array) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const minute = new Int16Array(rateHz * 60);
  await play({ pcm: minute, rateHz }, send, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** What was heard wrongly, for `expect(...).toEqual([])`. */
export function misheard(said: readonly string[], heard: readonly string[]): string[] {
  const { errors } = wordErrorRate(said.join(' '), heard.join(' '));
  return errors === 0 ? [] : [`${errors} word errors: said "${said.join(' | ')}", heard "${heard.join(' | ')}"`];
}
