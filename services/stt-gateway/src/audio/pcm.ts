/** 16-bit samples out of a byte stream, however it is cut into frames: an odd byte waits for its other half. */
export class S16leFramer {
  #carry = new Uint8Array(0);

  /** @returns the samples complete by now, in a buffer of their own */
  push(bytes: Uint8Array): Int16Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#carry.length + bytes.length);
    whole.set(this.#carry);
    whole.set(bytes, this.#carry.length);
    const even = whole.length - (whole.length % 2);
    this.#carry = whole.slice(even);
    return new Int16Array(whole.buffer, 0, even / 2);
  }
}

/** Root mean square of 16-bit samples `from`..`to` (exclusive), full scale = 1. */
export function rms(samples: Int16Array, from = 0, to = samples.length): number {
  let sum = 0;
  for (let index = from; index < to; index += 1) {
    const sample = samples[index] as number;
    sum += sample * sample;
  }
  return to <= from ? 0 : Math.sqrt(sum / (to - from)) / 32_768;
}
