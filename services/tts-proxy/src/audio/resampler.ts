/**
 * Samples of the slower side that shape one output sample; 32 keep under -60 dB whatever would fold back into the pass band.
 */
const TAPS = 32;
/** Share of the narrower band that passes; the rest is the filter's slope. */
const PASS_BAND = 0.92;
/**
 * A band-limited signal rises between the samples it was cut at, so a full-scale voice would be clipped by resampling:
 * 1 dB of room keeps its peaks whole.
 */
const HEADROOM = 10 ** (-1 / 20);

/**
 * Converts a stream of s16 mono samples from one rate to another: polyphase windowed-sinc filter, state kept between
 * chunks, so that a stream cut anywhere gives the same samples as one piece.
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #filters: readonly Float32Array[];
  /** Input samples that shape one output sample; even. */
  readonly #taps: number;
  /** Input samples that later windows still need; starts so that the first window is centred on the first sample. */
  #history: Float32Array;
  #phase = 0;
  #inSamples = 0;
  #outSamples = 0;

  /** @throws RangeError for rates that are not positive integers, or too far apart for the filter */
  constructor(fromHz: number, toHz: number) {
    if (!(Number.isInteger(fromHz) && Number.isInteger(toHz) && fromHz > 0 && toHz * 4 >= fromHz))
      throw new RangeError(`cannot resample from ${fromHz} Hz to ${toHz} Hz`);
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    this.#taps = 2 * Math.ceil((TAPS / 2) * Math.max(1, fromHz / toHz));
    this.#history = new Float32Array(this.#taps / 2 - 1);
    this.#filters = filterBank(this.#up, this.#taps, Math.min(1, toHz / fromHz) * PASS_BAND);
  }

  /** Samples that the input so far determines. */
  push(input: Int16Array): Int16Array {
    this.#inSamples += input.length;
    return this.#run(Float32Array.from(input));
  }

  /** The tail: half a filter of samples, so that output is as long as input. */
  flush(): Int16Array {
    const wanted = Math.round((this.#inSamples * this.#up) / this.#down) - this.#outSamples;
    return this.#run(new Float32Array(this.#taps)).slice(0, Math.max(0, wanted));
  }

  #run(input: Float32Array): Int16Array {
    const samples = new Float32Array(this.#history.length + input.length);
    samples.set(this.#history);
    samples.set(input, this.#history.length);
    const output = new Int16Array(Math.ceil(((input.length + 1) * this.#up) / this.#down));
    let used = 0;
    let written = 0;
    const taps = this.#taps;
    while (used + taps <= samples.length) {
      const filter = this.#filters[this.#phase] as Float32Array;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) sum += (samples[used + tap] as number) * (filter[tap] as number);
      output[written] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
      written += 1;
      this.#phase += this.#down;
      used += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    this.#history = samples.slice(used);
    this.#outSamples += written;
    return output.subarray(0, written);
  }
}

/** One filter per phase, each of unit gain (less the headroom), centred on tap taps / 2 - 1 + phase / up. */
function filterBank(up: number, taps: number, cutoff: number): Float32Array[] {
  return Array.from({ length: up }, (_, phase) => {
    const filter = Float32Array.from({ length: taps }, (_unused, tap) => {
      const x = tap - (taps / 2 - 1) - phase / up;
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      const angle = (2 * Math.PI * (x + taps / 2)) / taps;
      const blackman = 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
      return sinc * blackman;
    });
    const gain = HEADROOM / filter.reduce((sum, value) => sum + value, 0);
    return filter.map((value) => value * gain);
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
