import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { Leveller } from './leveller.ts';
import type { LoudnessMemory } from './loudness-memory.ts';
import { BLOCK_SAMPLES, Trimmer } from './trimmer.ts';

/** The pause after a sentence: what a reader makes of a full stop, beside the silence the next voice begins with. */
const TRAILING_MS = 200;
/** Voices begin three times higher: what lies under this is an offset. */
const OFFSET_CUT_HZ = 20;
const SAMPLES_PER_MS = TTS_SAMPLE_RATE_HZ / 1000;

export interface PolishOptions {
  /** Whose loudness it is: provider, model, voice, language. */
  readonly voiceKey: string;
  readonly loudness: LoudnessMemory;
  /** Silence after the last sound, whatever the provider left there: the pause before the next sentence. Default 200. */
  readonly trailingMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * One sentence as a provider made it (s16 mono 24 kHz, cut anywhere) as it is to be heard: silence off the front and a
 * pause of fixed length at the end, no offset, ends faded over 5 ms, at the target loudness, no peak over -1 dBTP. It holds
 * back less than 10 ms. Pieces are never empty, and the same samples come out however the input was cut.
 *
 * @throws what the source throws, after what had come until then has been faded out; the signal's reason after an abort
 */
export async function* polish(source: AsyncIterable<Int16Array>, options: PolishOptions): AsyncGenerator<Int16Array> {
  const polisher = new Polisher(options);
  try {
    for await (const samples of source) {
      options.signal?.throwIfAborted();
      const ready = polisher.push(samples);
      if (ready.length > 0) yield ready;
    }
  } catch (error) {
    const rest = options.signal?.aborted ? new Int16Array() : polisher.breakOff();
    if (rest.length > 0) yield rest;
    throw error;
  }
  const rest = polisher.flush();
  if (rest.length > 0) yield rest;
}

/** What `polish` does, chunk by chunk. */
export class Polisher {
  readonly #trailingMs: number;
  readonly #trimmer: Trimmer;
  readonly #leveller: Leveller;
  readonly #offset = new OffsetFilter();
  /** Input that does not fill a block yet. */
  #rest: Int16Array = new Int16Array();
  #hasBegun = false;

  constructor({ voiceKey, loudness, trailingMs = TRAILING_MS }: Omit<PolishOptions, 'signal'>) {
    this.#trailingMs = trailingMs;
    this.#trimmer = new Trimmer(trailingMs);
    this.#leveller = new Leveller(loudness, voiceKey);
  }

  push(samples: Int16Array): Int16Array {
    const all = new Int16Array(this.#rest.length + samples.length);
    all.set(this.#rest);
    all.set(samples, this.#rest.length);
    const ready: Float32Array[] = [];
    let at = 0;
    for (; at + BLOCK_SAMPLES <= all.length; at += BLOCK_SAMPLES)
      ready.push(...this.#heard(this.#offset.push(all.subarray(at, at + BLOCK_SAMPLES))));
    this.#rest = all.slice(at);
    return toSamples(join(ready));
  }

  /** The end of the sentence and its pause; empty when there was no sound at all. */
  flush(): Int16Array {
    const end = this.#end();
    if (!this.#hasBegun) return new Int16Array();
    const pausedMs = (this.#trimmer.trailing * BLOCK_SAMPLES) / SAMPLES_PER_MS;
    const pause = new Float32Array(Math.max(0, Math.round((this.#trailingMs - pausedMs) * SAMPLES_PER_MS)));
    return toSamples(join([end, pause]));
  }

  /** What is left when the voice ends in mid-sentence: faded, without a pause. */
  breakOff(): Int16Array {
    return toSamples(this.#end());
  }

  /** The samples not given out yet, faded over their last 5 ms. */
  #end(): Float32Array {
    const last = this.#offset.push(this.#rest);
    this.#rest = new Int16Array();
    const padded = new Float32Array(last.length > 0 ? BLOCK_SAMPLES : 0);
    padded.set(last);
    const heard = padded.length > 0 ? this.#heard(padded) : [];
    const all = join([...heard, this.#fadeIn(this.#leveller.flush())]);
    // The fade has to meet the last real sample, not what fills the block.
    const filled = this.#trimmer.isInSound ? padded.length - last.length : 0;
    const end = all.subarray(0, all.length - filled);
    for (let at = Math.max(0, end.length - BLOCK_SAMPLES); at < end.length; at += 1)
      end[at] = ((end[at] as number) * (end.length - 1 - at)) / BLOCK_SAMPLES;
    return end;
  }

  #heard(block: Float32Array): Float32Array[] {
    return this.#trimmer.push(block).map((one) => this.#fadeIn(this.#leveller.push(one)));
  }

  #fadeIn(block: Float32Array): Float32Array {
    if (this.#hasBegun || block.length === 0) return block;
    this.#hasBegun = true;
    return block.map((sample, at) => (sample * at) / block.length);
  }
}

/** Takes a constant offset out: a high-pass filter of the first order. */
class OffsetFilter {
  readonly #keep = 1 - (2 * Math.PI * OFFSET_CUT_HZ) / TTS_SAMPLE_RATE_HZ;
  #input: number | undefined;
  #output = 0;

  /** s16 in, 1 = full scale out. */
  push(samples: Int16Array): Float32Array {
    const result = new Float32Array(samples.length);
    // A stream that begins off zero has its offset from the start: no step.
    let input = this.#input ?? (samples[0] ?? 0) / 32_768;
    let output = this.#output;
    for (let at = 0; at < samples.length; at += 1) {
      const next = (samples[at] as number) / 32_768;
      output = next - input + this.#keep * output;
      input = next;
      result[at] = output;
    }
    this.#input = input;
    this.#output = output;
    return result;
  }
}

function join(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function toSamples(samples: Float32Array): Int16Array {
  const result = new Int16Array(samples.length);
  for (let at = 0; at < samples.length; at += 1)
    result[at] = Math.max(-32_768, Math.min(32_767, Math.round((samples[at] as number) * 32_768)));
  return result;
}
