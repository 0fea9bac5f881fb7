import { seededRandom } from '@eloquence/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { LoudnessMemory } from './loudness-memory.ts';
import { measure } from './loudness.ts';
import { Polisher, polish, type PolishOptions } from './polish.ts';
import { amplified, humming, joined, maxStep, silence } from '../test-support/test-sounds.ts';

const MS = 24;

/** A memory that knows the voice, so that the gain is what it says from the first sample. */
function knowing(lufs = -17): LoudnessMemory {
  const memory = new LoudnessMemory();
  memory.learn('voice', lufs);
  return memory;
}

function polished(input: Int16Array, options: Partial<PolishOptions> = {}, cut: () => number = () => 480): Int16Array {
  const polisher = new Polisher({ voiceKey: 'voice', loudness: knowing(), ...options });
  const output: Int16Array[] = [];
  for (let at = 0; at < input.length;) {
    const next = at + cut();
    output.push(polisher.push(input.slice(at, next)));
    at = next;
  }
  return joined(...output, polisher.flush());
}

const firstLoud = (samples: Int16Array, level = 500) => samples.findIndex((sample) => Math.abs(sample) > level);
const lastLoud = (samples: Int16Array, level = 500) => samples.findLastIndex((sample) => Math.abs(sample) > level);

async function* streamOf(...pieces: readonly (Int16Array | Error)[]): AsyncGenerator<Int16Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield piece;
  }
}

describe('polish', () => {
  it('gives the same samples however the stream is cut', () => {
    const noisy = joined(silence(130), humming(0.7, 0.9), silence(433), humming(0.51, 0.05), silence(777));
    for (let seed = 0; seed < 16; seed += 1) {
      const random = seededRandom(seed);
      const largest = [2, 100, 240, 5_000][seed % 4] as number;
      const from = Math.floor(random() * 6_000);
      const input = noisy.subarray(from, noisy.length - Math.floor(random() * 20_000));
      const loudness = () => (seed % 2 ? knowing(-30) : new LoudnessMemory());
      const whole = polished(input, { loudness: loudness() }, () => input.length);
      const cut = () => Math.floor(random() * largest);
      expect(polished(input, { loudness: loudness() }, cut), `seed ${seed}`).toEqual(whole);
    }
  });

  it('holds back less than 10 ms', () => {
    const voice = humming(1);
    for (const size of [1, 24, 120, 240, 2_400]) {
      const polisher = new Polisher({ voiceKey: 'voice', loudness: knowing() });
      let [given, taken, behind] = [0, 0, 0];
      for (let at = 0; at < voice.length; at += size) {
        const piece = voice.subarray(at, at + size);
        taken += piece.length;
        given += polisher.push(piece).length;
        behind = Math.max(behind, taken - given);
      }
      expect(behind, `pieces of ${size}`).toBeLessThan(10 * MS);
    }
  });

  it('keeps 15 to 20 ms of a long silence before the voice', () => {
    const voice = humming(0.5);
    const output = polished(joined(silence(300), voice));
    const before = (firstLoud(output) - firstLoud(voice)) / MS;
    expect(before).toBeGreaterThanOrEqual(15);
    expect(before).toBeLessThanOrEqual(20);
  });

  it('takes hiss off too, but not the soft beginning of a word', () => {
    const random = seededRandom(1);
    const hiss = Int16Array.from({ length: 300 * MS }, () => Math.round((random() - 0.5) * 60));
    const consonant = Int16Array.from({ length: 80 * MS }, () => Math.round((random() - 0.5) * 400));
    const output = polished(joined(hiss, consonant, humming(0.5)));
    const kept = (output.length - 200 * MS) / MS - 500;
    expect(kept).toBeGreaterThanOrEqual(80);
    expect(kept).toBeLessThan(110);
  });

  it.each([
    [0, 0],
    [50, 0],
    [90, 200],
    [1_500, 150],
  ])('makes of %i ms of silence at the end a pause of %i ms', (leftMs, trailingMs) => {
    const voice = humming(1);
    const output = polished(joined(voice, silence(leftMs)), { trailingMs });
    const pauseMs = (output.length - 1 - lastLoud(output)) / MS - (voice.length - 1 - lastLoud(voice)) / MS;
    expect(Math.abs(pauseMs - trailingMs)).toBeLessThanOrEqual(10);
  });

  it('leaves a pause inside the sentence as long as it was, unless it is longer than any reader makes', () => {
    const [before, after] = [humming(0.4), humming(0.4)];
    const length = (pauseMs: number) => polished(joined(before, silence(pauseMs), after)).length;
    expect(length(1_200) - length(700)).toBe(500 * MS);
    expect(length(60_000) - length(1_000)).toBeLessThan(1_500 * MS);
  });

  it('makes nothing of silence, of hiss and of nothing', async () => {
    for (const input of [silence(2_000), new Int16Array(), new Int16Array(24_000).fill(3_000)])
      expect(polished(input)).toHaveLength(0);
    const pieces = [];
    for await (const piece of polish(streamOf(silence(100), new Int16Array()), {
      voiceKey: 'voice',
      loudness: knowing(),
    }))
      pieces.push(piece);
    expect(pieces).toEqual([]);
  });

  it('takes an offset out', () => {
    const voice = humming(2, 0.2);
    const output = polished(voice.map((sample) => sample + 4_000));
    const sound = output.subarray(0, voice.length);
    const offset = sound.reduce((sum, sample) => sum + sample, 0) / sound.length;
    expect(Math.abs(offset)).toBeLessThan(20);
    expect(output[0]).toBe(0);
  });

  it('begins and ends at zero, however little sound there is', () => {
    for (const samples of [1, 2, 119, 120, 121, 239, 240, 241, 500, 5_001]) {
      const output = polished(
        new Int16Array(samples).map((_, at) => (at % 2 ? 9_000 : -9_000)),
        { trailingMs: 0 },
      );
      expect([output[0] ?? 0, output.at(-1) ?? 0], `${samples} samples`).toEqual([0, 0]);
      expect(output.length, `${samples} samples`).toBe(samples === 1 ? 0 : samples);
    }
  });

  it('brings a voice it knows to -17 LUFS from its first sample', () => {
    for (const db of [-12, 0, 9]) {
      const voice = amplified(humming(3, 0.2), db);
      const output = polished(voice, { loudness: knowing(measure(voice)) });
      expect(measure(output), `${db} dB`).toBeCloseTo(-17, 0);
      expect(measure(output.subarray(0, 12_000)), `${db} dB`).toBeCloseTo(-17, 0);
    }
  });

  it('learns a new voice in its first sentence, and moves no faster than 10 dB a second', () => {
    const memory = new LoudnessMemory();
    const voice = humming(6, 0.08);
    const first = polished(voice, { loudness: memory });
    expect(memory.expected('voice')).toBeCloseTo(measure(voice) as number, 1);
    expect(measure(first.subarray(4 * 24_000))).toBeCloseTo(-17, 0);
    const powers = Array.from({ length: 25 }, (_, index) =>
      Math.hypot(...first.subarray(index * 4_800, index * 4_800 + 4_800)),
    );
    const steps = powers.slice(1).map((power, index) => 20 * Math.log10(power / (powers[index] as number)));
    expect(Math.max(...steps.slice(1).map(Math.abs))).toBeLessThanOrEqual(10 * 0.2 + 0.1);
    expect(measure(polished(voice, { loudness: memory }))).toBeCloseTo(-17, 0);
  });

  it('neither blows up nor crushes a word too short to be measured', () => {
    const word = joined(humming(0.2, 0.1), silence(150));
    const longer = humming(3, 0.1);
    const loudness = knowing(measure(longer));
    const gain = (input: Int16Array) => Math.hypot(...polished(input, { loudness })) / Math.hypot(...input);
    expect(20 * Math.log10(gain(word) / gain(longer))).toBeCloseTo(0, 0);
  });

  it('keeps every peak under -1 dB and bends them without a click', () => {
    const voice = joined(humming(0.4, 0.05), humming(0.4, 1), humming(0.4, 0.05));
    const output = polished(voice, { loudness: knowing(-29) });
    const peak = output.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
    expect(20 * Math.log10(peak / 32_768)).toBeLessThanOrEqual(-1);
    const gainDb = 12;
    expect(maxStep(output)).toBeLessThanOrEqual(maxStep(voice) * 10 ** (gainDb / 20));
    // Loud and hot at once: the wave is bent, not cut flat.
    const flat = output.filter((sample, at) => Math.abs(sample) > 20_000 && sample === output[at - 1]).length;
    expect(flat).toBeLessThan(output.length / 1_000);
  });

  it('fades out what it has when the voice breaks off, and says why it did', async () => {
    const pieces: Int16Array[] = [];
    const broken = async () => {
      const source = streamOf(humming(0.333).subarray(0, 5_001), new Error('upstream went away'));
      for await (const piece of polish(source, { voiceKey: 'voice', loudness: knowing() })) pieces.push(piece);
    };
    await expect(broken()).rejects.toThrow('upstream went away');
    const output = joined(...pieces);
    expect(output).toHaveLength(5_001);
    expect(output.at(-1)).toBe(0);
  });

  it('stops at an abort without another sound', async () => {
    const abort = new AbortController();
    const source = (async function* source() {
      yield humming(0.2);
      abort.abort(new Error('hung up'));
      yield humming(0.2);
    })();
    let pieces = 0;
    const run = async () => {
      for await (const piece of polish(source, { voiceKey: 'voice', loudness: knowing(), signal: abort.signal }))
        pieces += Math.sign(piece.length);
    };
    await expect(run()).rejects.toThrow('hung up');
    expect(pieces).toBe(1);
  });
});
