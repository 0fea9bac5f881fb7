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

/**
 * A stateful polyphase FIR to 16 kHz (Kaiser-windowed sinc). Output sample n lies at input time n * down / up: the
 * filter is centred, so the sample clock is not shifted. Output lags input by `reach` samples (1 to 2 ms).
 */
export class Resampler {
  readonly #filter: Filter;
  /** Input not yet out of the filter's reach; `#offset` is the input index of its first sample. */
  #history: Float32Array<ArrayBuffer>;
  #offset: number;
  #produced = 0;

  /** @throws RangeError when the rate is not one of INPUT_RATES_HZ */
  constructor(inputRateHz: number) {
    this.#filter = filterFor(inputRateHz);
    this.#history = new Float32Array(this.#filter.reach);
    this.#offset = -this.#filter.reach;
  }

  push(samples: Int16Array): Int16Array<ArrayBuffer> {
    const { up, down, reach, taps } = this.#filter;
    const input = new Float32Array(this.#history.length + samples.length);
    input.set(this.#history);
    input.set(samples, this.#history.length);
    const end = this.#offset + input.length;
    // Output n needs input up to floor(n * down / up) + reach.
    const last = Math.ceil(((end - reach) * up) / down);
    const output = new Int16Array(Math.max(0, last - this.#produced));
    const width = 2 * reach;
    for (let index = 0; index < output.length; index += 1) {
      const time = (this.#produced + index) * down;
      const first = Math.floor(time / up) - reach + 1 - this.#offset;
      const row = (time % up) * width;
      let sum = 0;
      for (let tap = 0; tap < width; tap += 1) sum += (input[first + tap] as number) * (taps[row + tap] as number);
      output[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    }
    this.#produced += output.length;
    const keepFrom = Math.max(0, Math.floor((this.#produced * down) / up) - reach + 1 - this.#offset);
    this.#history = input.slice(keepFrom);
    this.#offset += keepFrom;
    return output;
  }

  /** What the filter still holds, as if silence followed. */
  flush(): Int16Array<ArrayBuffer> {
    return this.push(new Int16Array(this.#filter.reach));
  }
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
