import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';

/** Loudness is taken over windows of 400 ms, one every 100 ms. ITU-R BS.1770-4. */
const HOP_SAMPLES = TTS_SAMPLE_RATE_HZ / 10;
const HOPS_PER_WINDOW = 4;
/** Windows under this are no sound, LUFS. */
const ABSOLUTE_GATE = -70;
/** Windows so far under the mean of the others are pauses, LU. */
const RELATIVE_GATE = 10;

/** LUFS of a mean square of K-weighted samples, where 1 = full scale. */
const toLufs = (power: number): number => -0.691 + 10 * Math.log10(power);
const toPower = (lufs: number): number => 10 ** ((lufs + 0.691) / 10);

/** A second-order filter: coefficients of the input and of the output, the state of its transposed direct form II. */
interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
  readonly state: [number, number];
}

/** K-weighting, its first half: the head lifts what is high. The standard's filter for 48 kHz, found again for our rate. */
function headShelf(): Biquad {
  const [frequencyHz, gainDb, q] = [1681.974450955533, 3.999843853973347, 0.7071752369554196];
  const k = Math.tan((Math.PI * frequencyHz) / TTS_SAMPLE_RATE_HZ);
  const high = 10 ** (gainDb / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return {
    b: [(high + (band * k) / q + k * k) / a0, (2 * (k * k - high)) / a0, (high - (band * k) / q + k * k) / a0],
    a: [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0],
    state: [0, 0],
  };
}

/** K-weighting, its second half: what is low is hardly heard. */
function lowCut(): Biquad {
  const [frequencyHz, q] = [38.13547087602444, 0.5003270373238773];
  const k = Math.tan((Math.PI * frequencyHz) / TTS_SAMPLE_RATE_HZ);
  const a0 = 1 + k / q + k * k;
  // Its input coefficients are 1, -2, 1.
  return { b: [1, -2, 1], a: [(2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0], state: [0, 0] };
}

/** Gated loudness of one stream of mono samples at 24 kHz so far. ITU-R BS.1770-4, the measure of EBU R 128. */
export class LoudnessMeter {
  readonly #shelf = headShelf();
  readonly #cut = lowCut();
  /** Energies of the last whole hops, at most a window of them less one. */
  readonly #hops: number[] = [];
  /** Mean squares of the windows over the absolute gate: 10 a second. */
  readonly #windows: number[] = [];
  #integrated: number | undefined;
  #energy = 0;
  #samples = 0;

  /** @param samples 1 = full scale */
  push(samples: Float32Array): void {
    for (let at = 0; at < samples.length;) {
      const end = Math.min(samples.length, at + HOP_SAMPLES - this.#samples);
      this.#energy += this.#weightedEnergy(samples, at, end);
      this.#samples += end - at;
      at = end;
      if (this.#samples === HOP_SAMPLES) this.#endHop();
    }
  }

  /** Written out, because it runs for every sample. */
  #weightedEnergy(samples: Float32Array, from: number, to: number): number {
    const [b0, b1, b2] = this.#shelf.b;
    const [a1, a2] = this.#shelf.a;
    const [c1, c2] = this.#cut.a;
    let [s1, s2] = this.#shelf.state;
    let [t1, t2] = this.#cut.state;
    let energy = 0;
    for (let at = from; at < to; at += 1) {
      const x = samples[at] as number;
      const y = b0 * x + s1;
      s1 = b1 * x - a1 * y + s2;
      s2 = b2 * x - a2 * y;
      const z = y + t1;
      t1 = -2 * y - c1 * z + t2;
      t2 = y - c2 * z;
      energy += z * z;
    }
    this.#shelf.state[0] = s1;
    this.#shelf.state[1] = s2;
    this.#cut.state[0] = t1;
    this.#cut.state[1] = t2;
    return energy;
  }

  /** Sound measured, in seconds: windows over the absolute gate. */
  get heardS(): number {
    return this.#windows.length / 10;
  }

  /** Integrated loudness, LUFS; undefined before 400 ms of sound. */
  integrated(): number | undefined {
    if (this.#windows.length === 0) return undefined;
    // Asked for every few milliseconds, new every 100.
    this.#integrated ??= gated(this.#windows);
    return this.#integrated;
  }

  /** What there is to go by before 400 ms are over, LUFS: the loudness of all so far, from 200 ms on. */
  early(): number | undefined {
    if (this.#hops.length < 2) return undefined;
    const power = this.#hops.reduce((sum, energy) => sum + energy, 0) / (HOP_SAMPLES * this.#hops.length);
    return power > toPower(ABSOLUTE_GATE) ? toLufs(power) : undefined;
  }

  #endHop(): void {
    this.#hops.push(this.#energy);
    this.#energy = 0;
    this.#samples = 0;
    if (this.#hops.length < HOPS_PER_WINDOW) return;
    const power = this.#hops.reduce((sum, energy) => sum + energy, 0) / (HOP_SAMPLES * HOPS_PER_WINDOW);
    if (power > toPower(ABSOLUTE_GATE)) {
      this.#windows.push(power);
      this.#integrated = undefined;
    }
    this.#hops.shift();
  }
}

function gated(windows: readonly number[]): number {
  const gate = toPower(toLufs(mean(windows)) - RELATIVE_GATE);
  return toLufs(mean(windows.filter((power) => power > gate)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Integrated loudness of s16 mono 24 kHz samples, LUFS; undefined when they hold less than 400 ms of sound. */
export function measure(samples: Int16Array): number | undefined {
  const meter = new LoudnessMeter();
  meter.push(Float32Array.from(samples, (sample) => sample / 32_768));
  return meter.integrated();
}
