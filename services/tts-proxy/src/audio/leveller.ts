import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import type { LoudnessMemory } from './loudness-memory.ts';
import { LoudnessMeter } from './loudness.ts';
import { TruePeak } from './true-peak.ts';

/** Where every voice is brought to, LUFS. */
export const TARGET_LUFS = -17;
/** Loudness assumed of a voice never heard: between a cloud's and espeak-ng's. */
const NEW_VOICE_LUFS = -20;
/** -1.3 dBTP: a margin for what a codec adds, under the -1 dBTP promised. */
const CEILING = 10 ** (-1.3 / 20);
/** Past this a voice is broken, or noise: it is left as it is. */
const MAX_GAIN_DB = 24;
/** A voice that is known is only touched up; a new one has to arrive within its first sentence. */
const KNOWN_DB_PER_S = 3;
const NEW_DB_PER_S = 10;
/** How much of a voice's earlier sentences weighs against what is heard of this one, in seconds of sound. */
const KNOWN_WEIGHT_S = 3;
const NEW_WEIGHT_S = 0.1;
/** Weight of what is heard before it can be measured, in seconds of sound. */
const EARLY_S = 0.1;
/** Sound of a sentence that says how loud the voice is. */
const LEARN_AFTER_S = 0.8;
/** How fast the limiter lets go: slower than a syllable is pumping nobody hears, faster distorts. */
const RELEASE_DB_PER_S = 24;

const toGain = (db: number): number => 10 ** (db / 20);

/**
 * Brings one sentence to the target loudness while it is being spoken. The gain only slides, in a line from one block to the
 * next; peaks over the ceiling are bent down beforehand, which takes one block of look-ahead.
 */
export class Leveller {
  readonly #memory: LoudnessMemory;
  readonly #voiceKey: string;
  readonly #isKnown: boolean;
  readonly #expected: number;
  readonly #meter = new LoudnessMeter();
  readonly #truePeak = new TruePeak();
  #gainDb: number;
  /** The block not yet given out, and the greatest factor its peaks bear. */
  #held: Float32Array = new Float32Array();
  #heldLimit = 1;
  /** Factor of the limiter, and of everything, where the held block begins. */
  #limit = 1;
  #gain: number;

  constructor(memory: LoudnessMemory, voiceKey: string) {
    const expected = memory.expected(voiceKey);
    this.#memory = memory;
    this.#voiceKey = voiceKey;
    this.#isKnown = expected !== undefined;
    this.#expected = expected ?? NEW_VOICE_LUFS;
    this.#gainDb = clampGain(TARGET_LUFS - this.#expected);
    this.#gain = toGain(this.#gainDb);
  }

  /** Takes a block (1 = full scale) and gives the one before it, levelled. */
  push(block: Float32Array): Float32Array {
    this.#meter.push(block);
    this.#slide(block.length / TTS_SAMPLE_RATE_HZ);
    const gain = toGain(this.#gainDb);
    const peak = this.#truePeak.push(block, CEILING / gain);
    const limit = Math.min(1, CEILING / Math.max(peak * gain, CEILING));
    const release = toGain((RELEASE_DB_PER_S * block.length) / TTS_SAMPLE_RATE_HZ);
    const boundary = Math.min(this.#heldLimit, limit, this.#limit * release);
    const ready = ramp(this.#held, this.#gain, gain * boundary);
    this.#held = block;
    this.#heldLimit = limit;
    this.#limit = boundary;
    this.#gain = gain * boundary;
    return ready;
  }

  /** The last block. The memory learns from the sentence, also from one that was broken off. */
  flush(): Float32Array {
    const lufs = this.#meter.integrated();
    if (lufs !== undefined && this.#meter.heardS >= LEARN_AFTER_S) this.#memory.learn(this.#voiceKey, lufs);
    const last = ramp(this.#held, this.#gain, this.#gain);
    this.#held = new Float32Array();
    return last;
  }

  #slide(seconds: number): void {
    const measured = this.#meter.integrated();
    if (!this.#isKnown && measured !== undefined) this.#memory.hint(this.#voiceKey, measured);
    // The first syllables say little about a voice that is known.
    const heard = measured ?? (this.#isKnown ? undefined : this.#meter.early());
    if (heard === undefined) return;
    const weightS = this.#isKnown ? KNOWN_WEIGHT_S : NEW_WEIGHT_S;
    const heardS = Math.max(EARLY_S, this.#meter.heardS);
    const lufs = (this.#expected * weightS + heard * heardS) / (weightS + heardS);
    const step = (this.#isKnown ? KNOWN_DB_PER_S : NEW_DB_PER_S) * seconds;
    const wanted = clampGain(TARGET_LUFS - lufs);
    this.#gainDb += Math.max(-step, Math.min(step, wanted - this.#gainDb));
  }
}

function clampGain(db: number): number {
  return Math.max(-MAX_GAIN_DB, Math.min(MAX_GAIN_DB, db));
}

/** The block with a gain that goes in a line from one value to another. */
function ramp(block: Float32Array, from: number, to: number): Float32Array {
  const slope = (to - from) / Math.max(1, block.length);
  const result = new Float32Array(block.length);
  for (let at = 0; at < block.length; at += 1) result[at] = (block[at] as number) * (from + slope * at);
  return result;
}
