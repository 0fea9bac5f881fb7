/** Interpolation to four times the rate, ITU-R BS.1770-4 annex 2; the other two phases are these backwards. */
const PHASES: readonly Float64Array[] = [
  Float64Array.of(
    0.001708984375,
    0.010986328125,
    -0.0196533203125,
    0.033203125,
    -0.0594482421875,
    0.1373291015625,
    0.97216796875,
    -0.102294921875,
    0.047607421875,
    -0.026611328125,
    0.014892578125,
    -0.00830078125,
  ),
  Float64Array.of(
    -0.0291748046875,
    0.029296875,
    -0.0517578125,
    0.089111328125,
    -0.16650390625,
    0.465087890625,
    0.77978515625,
    -0.2003173828125,
    0.1015625,
    -0.0582275390625,
    0.0330810546875,
    -0.0189208984375,
  ),
];
const ALL_PHASES = [...PHASES, ...PHASES.map((phase) => phase.toReversed())];
const TAPS = 12;
const BEFORE = TAPS / 2 - 1;
/** No voice rises by 6 dB and more between two samples: where both are so much lower, there is nothing to find. */
const MAX_RISE = 2;

/** Peaks of the waveform between the samples, which a converter plays though no sample shows them. */
export class TruePeak {
  #window: Float32Array = new Float32Array(TAPS - 1);

  /**
   * The highest peak among these samples and the 5 before them.
   *
   * @param harmless level under which no peak matters: peaks are looked for where one may be higher
   */
  push(samples: Float32Array, harmless: number): number {
    const all = new Float32Array(TAPS - 1 + samples.length);
    all.set(this.#window);
    all.set(samples, TAPS - 1);
    this.#window = all.subarray(-(TAPS - 1));
    let peak = 0;
    for (let at = 0; at + TAPS <= all.length; at += 1) {
      const near = Math.max(Math.abs(all[at + BEFORE] as number), Math.abs(all[at + BEFORE + 1] as number));
      peak = Math.max(peak, near);
      if (near * MAX_RISE > harmless) peak = Math.max(peak, between(all, at));
    }
    return peak;
  }
}

/** The highest of the three interpolated samples that 12 samples say lie in their middle. */
function between(all: Float32Array, from: number): number {
  let peak = 0;
  for (const phase of ALL_PHASES) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap += 1) sum += (all[from + tap] as number) * (phase[tap] as number);
    peak = Math.max(peak, Math.abs(sum));
  }
  return peak;
}
