import { seededRandom } from './seeded-random.ts';

const RATE_HZ = 16_000;
const FULL = 32_767;

/** Sounds without a word in them, as microphones and telephone lines give them. */
export const noiseKinds = [
  'silence',
  'room',
  'hum',
  'fan',
  'rain',
  'keyboard',
  'knocks',
  'telephone tones',
  'music',
  'melody',
  'engine',
  'siren',
] as const;
export type NoiseKind = (typeof noiseKinds)[number];

/** A sound as a function of time, called for one sample after the other; about -1..1. */
type Sound = (timeS: number) => number;

const sine = (timeS: number, hz: number) => Math.sin(2 * Math.PI * hz * timeS);

/** Something that begins again and again: how long ago it did, and the numbers drawn for this time. */
function repeated(random: () => number, gapS: () => number): (timeS: number) => { ageS: number; draw: number } {
  let nextS = 0;
  let startS = 0;
  let draw = random();
  return (timeS) => {
    if (timeS >= nextS) {
      startS = timeS;
      draw = random();
      nextS = timeS + gapS();
    }
    return { ageS: timeS - startS, draw };
  };
}

/** Noise with less of the high frequencies the nearer `smoothness` is to 1. */
function smoothed(random: () => number, smoothness: number): () => number {
  let value = 0;
  return () => {
    value = smoothness * value + (1 - smoothness) * (2 * random() - 1);
    return value / Math.sqrt(1 - smoothness);
  };
}

/** A note with overtones that dies away, as strings and keys make it. */
function note(ageS: number, hz: number, decayPerS: number): number {
  const tone = [1, 0.5, 0.3, 0.2, 0.1].reduce((sum, part, index) => sum + part * sine(ageS, hz * (index + 1)), 0);
  return 0.5 * tone * Math.exp(-decayPerS * ageS) * Math.min(1, ageS * 200);
}

const SCALE_HZ = [220, 247, 262, 294, 330, 349, 392, 440, 494, 523];
const DTMF_HZ = [697, 770, 852, 941] as const;
const pick = <T>(list: readonly T[], draw: number): T => list[Math.floor(draw * list.length)] as T;

function sounds(kind: NoiseKind, random: () => number): Sound {
  const white = () => 2 * random() - 1;
  switch (kind) {
    case 'silence':
      return () => 0;
    case 'room':
      return () => 0.02 * white();
    case 'hum':
      return (timeS) => 0.6 * sine(timeS, 50) + 0.3 * sine(timeS, 150) + 0.1 * sine(timeS, 250) + 0.05 * white();
    case 'fan': {
      const air = smoothed(random, 0.98);
      return (timeS) => air() * (1 + 0.2 * sine(timeS, 11));
    }
    case 'rain': {
      const drop = repeated(random, () => 0.01 + 0.05 * random());
      return (timeS) => white() * (0.15 + 0.6 * Math.exp(-300 * drop(timeS).ageS));
    }
    case 'keyboard': {
      const key = repeated(random, () => 0.08 + 0.4 * random() ** 2);
      return (timeS) => {
        const { ageS, draw } = key(timeS);
        return (
          white() * Math.exp(-(250 + 400 * draw) * ageS) + 0.4 * sine(ageS, 180 + 90 * draw) * Math.exp(-80 * ageS)
        );
      };
    }
    case 'knocks': {
      const knock = repeated(random, () => 0.15 + 1.2 * random() ** 2);
      const wood = smoothed(random, 0.9);
      return (timeS) => {
        const { ageS, draw } = knock(timeS);
        return (sine(ageS, 70 + 120 * draw) + 0.5 * wood()) * Math.exp(-25 * ageS);
      };
    }
    case 'telephone tones': {
      const digit = repeated(random, () => 0.15 + 0.5 * random());
      return (timeS) => {
        if (timeS % 20 < 8) return 0.5 * sine(timeS, 440);
        if (timeS % 20 < 14) return timeS % 2 < 0.5 ? 0.5 * sine(timeS, 440) : 0;
        const { ageS, draw } = digit(timeS);
        return ageS > 0.12
          ? 0
          : 0.4 * (sine(timeS, pick(DTMF_HZ, draw)) + sine(timeS, 1209 + 130 * Math.floor(3 * draw)));
      };
    }
    case 'music': {
      const beat = repeated(random, () => 0.5);
      const chord = repeated(random, () => 2);
      return (timeS) => {
        const root = pick(SCALE_HZ, chord(timeS).draw);
        const { ageS } = beat(timeS);
        const drum = 0.5 * white() * Math.exp(-40 * ageS) + 0.8 * sine(ageS, 60) * Math.exp(-12 * ageS);
        const notes = [1, 1.26, 1.5].reduce((sum, ratio) => sum + note(ageS, root * ratio, 3), 0);
        return 0.4 * notes + 0.4 * drum + 0.3 * note(chord(timeS).ageS, root / 2, 1);
      };
    }
    case 'melody': {
      // A held tone with vibrato, the nearest to a voice an instrument comes.
      const tone = repeated(random, () => 0.25 + 0.5 * random());
      return (timeS) => {
        const { ageS, draw } = tone(timeS);
        const hz = pick(SCALE_HZ, draw);
        return note(ageS + (0.004 / 5) * sine(timeS, 5), hz, 0.8);
      };
    }
    case 'engine': {
      const rumble = smoothed(random, 0.95);
      return (timeS) => {
        const hz = 45 + 15 * sine(timeS, 0.1);
        return 0.6 * (2 * ((timeS * hz) % 1) - 1) * (0.7 + 0.3 * sine(timeS, 12)) + 0.3 * rumble();
      };
    }
    case 'siren':
      return (timeS) =>
        0.7 * sine(timeS, 700) * (timeS % 1.2 < 0.6 ? 1 : 0) + 0.7 * sine(timeS, 930) * (timeS % 1.2 < 0.6 ? 0 : 1);
  }
}

/** Loudness of the parts: from a distant sound to one beside the microphone. */
const GAINS = [0.02, 0.08, 0.3, 0.8];

/** Something of the kind as 16 kHz samples, in stretches of different loudness; the same for the same seed. */
export function noise(kind: NoiseKind, seconds: number, seed: number): Int16Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const sound = sounds(kind, random);
  const stretch = (seconds * RATE_HZ) / GAINS.length;
  return Int16Array.from({ length: seconds * RATE_HZ }, (_, n) => {
    const gain = GAINS[Math.floor(n / stretch)] ?? 0;
    return Math.round(FULL * Math.max(-1, Math.min(1, gain * sound(n / RATE_HZ))));
  });
}
