/** A sample louder than this (-50 dB of full scale) is sound; engines pad with less. */
const AUDIBLE = 104;
/** Silence kept before the first sound, so that a soft consonant is not cut: 10 ms at 24 kHz. */
const LEAD_SAMPLES = 240;
/** 5 ms at 24 kHz: too short to hear, long enough that a step in the waveform does not click. */
const FADE_SAMPLES = 120;

/**
 * Takes the silence off the front of an answer and fades its two ends. It holds back 5 ms, because the end is only known
 * when it has come.
 */
export class Shaper {
  #started = false;
  #fadedIn = 0;
  /** While silent: the last LEAD_SAMPLES. Afterwards: the last FADE_SAMPLES, not yet given out. */
  #held: Int16Array = new Int16Array();

  /** Samples ready to be sent; empty while nothing audible has come. */
  push(samples: Int16Array): Int16Array {
    const all = concat(this.#held, samples);
    if (!this.#started) {
      const first = all.findIndex((sample) => sample > AUDIBLE || sample < -AUDIBLE);
      if (first < 0) {
        this.#held = all.slice(Math.max(0, all.length - LEAD_SAMPLES));
        return new Int16Array();
      }
      this.#started = true;
      return this.#release(all.slice(Math.max(0, first - LEAD_SAMPLES)));
    }
    return this.#release(all);
  }

  /** The last samples, faded out; empty when there was no sound at all. */
  flush(): Int16Array {
    if (!this.#started) return new Int16Array();
    const last = this.#held;
    const from = last.length - FADE_SAMPLES;
    for (let index = Math.max(0, from); index < last.length; index += 1)
      last[index] = Math.round(((last[index] as number) * (last.length - 1 - index)) / FADE_SAMPLES);
    this.#held = new Int16Array();
    return this.#fadeIn(last);
  }

  #release(all: Int16Array): Int16Array {
    const ready = Math.max(0, all.length - FADE_SAMPLES);
    this.#held = all.slice(ready);
    return this.#fadeIn(all.slice(0, ready));
  }

  #fadeIn(samples: Int16Array): Int16Array {
    for (let index = 0; index < samples.length && this.#fadedIn < FADE_SAMPLES; index += 1, this.#fadedIn += 1)
      samples[index] = Math.round(((samples[index] as number) * this.#fadedIn) / FADE_SAMPLES);
    return samples;
  }
}

function concat(a: Int16Array, b: Int16Array): Int16Array {
  if (a.length === 0) return b;
  const all = new Int16Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
