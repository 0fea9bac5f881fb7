import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';

/** The rates telephones, browsers and sound cards use. Others would each need a filter table of their own. */
export const INPUT_RATES_HZ = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const;

/** Zero crossings of the sinc on either side: 32 taps per output sample when the rate goes up. */
const ZERO_CROSSINGS = 16;
/** Kaiser beta 8: about 80 dB of stop band. */
const KAISER_BETA = 8;
/** Share of the lower Nyquist frequency that passes; the rest is room for the filter's slope. */
const PASS_SHARE = 0.9;

interface Filter {
  /** Interpolation and decimation factors: out = in * up / down. */
  readonly up: number;
  readonly down: number;
  /** Input samples the filter looks ahead and behind. */
  readonly reach: number;
  /** One row of 2 * reach taps for each of the `up` phases. */
  readonly taps: Float32Array;
}

/** At most one table per entry of INPUT_RATES_HZ. */
const filters = new Map<number, Filter>();

/** Input samples filtered at a time: what a stream keeps between frames does not grow with the largest of them. */
const PIECE_SAMPLES = 4_096;

/** Puts samples `from`..`from + count` of the input, -32768..32767, into `into` from index `at`. */
export type WriteSamples = (into: Float32Array, at: number, from: number, count: number) => void;

/**
 * A stateful polyphase FIR to 16 kHz (Kaiser-windowed sinc). Output sample n lies at input time n * down / up: the
 * filter is centred, so the sample clock is not shifted. Output lags input by `reach` samples (1 to 2 ms).
 */
export class Resampler {
  readonly #filter: Filter;
  /** Input not yet out of the filter's reach: `#held` samples, the first of them at input index `#offset`. */
  #history: Float32Array<ArrayBuffer>;
  #held: number;
  #offset: number;
  #produced = 0;

  /** @throws RangeError when the rate is not one of INPUT_RATES_HZ */
  constructor(inputRateHz: number) {
    this.#filter = filterFor(inputRateHz);
    this.#history = new Float32Array(this.#filter.reach);
    this.#held = this.#filter.reach;
    this.#offset = -this.#filter.reach;
  }

  push(samples: Int16Array): Int16Array<ArrayBuffer> {
    return this.feed(samples.length, (into, at, from, count) => into.set(samples.subarray(from, from + count), at));
  }

  /** As `push` of `count` samples, for input in another form: `write` converts it straight into the filter's own memory. */
  feed(count: number, write: WriteSamples): Int16Array<ArrayBuffer> {
    const { up, down, reach } = this.#filter;
    const end = this.#offset + this.#held + count;
    // Output n needs input up to floor(n * down / up) + reach.
    const last = Math.ceil(((end - reach) * up) / down);
    const output = new Int16Array(Math.max(0, last - this.#produced));
    let filled = 0;
    for (let from = 0; from < count; from += PIECE_SAMPLES) {
      const piece = Math.min(PIECE_SAMPLES, count - from);
      this.#makeRoom(piece);
      write(this.#history, this.#held, from, piece);
      this.#held += piece;
      filled += this.#filterInto(output, filled);
    }
    return output;
  }

  /** What the filter still holds, as if silence followed. */
  flush(): Int16Array<ArrayBuffer> {
    return this.push(new Int16Array(this.#filter.reach));
  }

  #makeRoom(samples: number): void {
    if (this.#history.length >= this.#held + samples) return;
    const larger = new Float32Array(this.#held + samples);
    larger.set(this.#history.subarray(0, this.#held));
    this.#history = larger;
  }

  /** @returns how many samples it put into `output` from `at` on */
  #filterInto(output: Int16Array, at: number): number {
    const { up, down, reach } = this.#filter;
    const last = Math.ceil(((this.#offset + this.#held - reach) * up) / down);
    const count = Math.max(0, last - this.#produced);
    const piece = output.subarray(at, at + count);
    for (let lead = 0; lead < Math.min(up, count); lead += 1) this.#filterPhase(piece, lead);
    this.#produced += count;
    const keepFrom = Math.max(0, this.#firstOf(this.#produced));
    this.#history.copyWithin(0, keepFrom, this.#held);
    this.#held -= keepFrom;
    this.#offset += keepFrom;
    return count;
  }

  /** Index in the history of the first sample that output `n` is made of. */
  #firstOf(n: number): number {
    const { up, down, reach } = this.#filter;
    return Math.floor((n * down) / up) - reach + 1 - this.#offset;
  }

  /** Every `up`-th output from `lead` on. They have the same taps: two at a time load them once. */
  #filterPhase(piece: Int16Array, lead: number): void {
    const { up, down, reach, taps } = this.#filter;
    const history = this.#history;
    const width = 2 * reach;
    const row = (((this.#produced + lead) * down) % up) * width;
    let first = this.#firstOf(this.#produced + lead);
    for (let index = lead; index < piece.length; index += 2 * up, first += 2 * down) {
      const hasNext = index + up < piece.length;
      const next = hasNext ? first + down : first;
      // Two sums each that do not wait for each other: a third faster. The width is even.
      let even = 0;
      let odd = 0;
      let nextEven = 0;
      let nextOdd = 0;
      for (let tap = 0; tap < width; tap += 2) {
        const evenTap = taps[row + tap] as number;
        const oddTap = taps[row + tap + 1] as number;
        even += (history[first + tap] as number) * evenTap;
        odd += (history[first + tap + 1] as number) * oddTap;
        nextEven += (history[next + tap] as number) * evenTap;
        nextOdd += (history[next + tap + 1] as number) * oddTap;
      }
      piece[index] = clipped(even + odd);
      if (hasNext) piece[index + up] = clipped(nextEven + nextOdd);
    }
  }
}

function clipped(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

function filterFor(inputRateHz: number): Filter {
  const known = filters.get(inputRateHz);
  if (known) return known;
  if (!INPUT_RATES_HZ.some((rate) => rate === inputRateHz)) throw new RangeError(`no filter for ${inputRateHz} Hz`);
  const divisor = greatestCommonDivisor(inputRateHz, STT_SAMPLE_RATE_HZ);
  const up = STT_SAMPLE_RATE_HZ / divisor;
  const down = inputRateHz / divisor;
  const cutoff = PASS_SHARE * Math.min(1, up / down);
  const reach = Math.ceil(ZERO_CROSSINGS / Math.min(1, up / down));
  const width = 2 * reach;
  const taps = new Float32Array(up * width);
  for (let phase = 0; phase < up; phase += 1) {
    const row = taps.subarray(phase * width, (phase + 1) * width);
    let gain = 0;
    for (let tap = 0; tap < width; tap += 1) {
      const distance = tap - reach + 1 - phase / up;
      const value = cutoff * sinc(cutoff * distance) * kaiser(distance / reach);
      row[tap] = value;
      gain += value;
    }
    // Each phase passes a constant unchanged; otherwise the phases' small differences would be heard as a tone.
    for (let tap = 0; tap < width; tap += 1) row[tap] = (row[tap] as number) / gain;
  }
  const filter = { up, down, reach, taps };
  filters.set(inputRateHz, filter);
  return filter;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kaiser window at `x` in -1..1. */
function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel0(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel0(KAISER_BETA);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-9; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
