/** Loudest sample that mu-law holds before its bias. ITU-T G.711. */
const MU_CLIP = 32_635;
const MU_BIAS = 132;

/** s16 samples as mu-law bytes, the telephone's code in America and Japan: half the bytes, soft sounds finer than loud ones. */
export function toMuLaw(samples: Int16Array): Buffer {
  return coded(samples, muLawOf);
}

/** s16 samples as A-law bytes, the telephone's code in Europe. */
export function toALaw(samples: Int16Array): Buffer {
  return coded(samples, aLawOf);
}

function coded(samples: Int16Array, code: (sample: number) => number): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let at = 0; at < samples.length; at += 1) bytes[at] = code(samples[at] as number);
  return bytes;
}

/** Negative samples are counted from -1, as ITU-T G.191's reference does it. */
const magnitude = (sample: number): number => (sample < 0 ? ~sample : sample);

/** Sign, 3 bits of exponent, 4 of mantissa, all inverted. */
function muLawOf(sample: number): number {
  const size = Math.min(MU_CLIP, magnitude(sample)) + MU_BIAS;
  const exponent = 31 - Math.clz32(size) - 7;
  const mantissa = (size >> (exponent + 3)) & 15;
  return ~((sample < 0 ? 128 : 0) | (exponent << 4) | mantissa) & 255;
}

/** Sign, 3 bits of exponent, 4 of mantissa, every second bit inverted. */
function aLawOf(sample: number): number {
  const size = magnitude(sample) >> 3;
  const exponent = Math.max(0, 31 - Math.clz32(size) - 4);
  const mantissa = (size >> Math.max(1, exponent)) & 15;
  return ((sample < 0 ? 0 : 128) | (exponent << 4) | mantissa) ^ 85;
}
