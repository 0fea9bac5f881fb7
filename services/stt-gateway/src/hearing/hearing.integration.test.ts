import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { silence, speak } from '../test-support/speech.ts';
import { VadHearing } from './hearing.ts';
import { WINDOW_SAMPLES } from './silero.ts';

const modelPath = fileURLToPath(new URL('../../models/silero_vad.onnx', import.meta.url));
const logger = createLogger('stt-gateway', 'silent');

/** Whole windows of s16le. */
function windowsOf(pcm: Buffer): Int16Array {
  const count = Math.floor(pcm.length / 2 / WINDOW_SAMPLES) * WINDOW_SAMPLES;
  return Int16Array.from({ length: count }, (_, n) => pcm.readInt16LE(2 * n));
}

/** Opens a stream and collects what is heard. */
function listen(hearing: VadHearing) {
  const heard = { probabilities: [] as number[], failed: false };
  const stream = hearing.open({
    onProbability: (probability) => heard.probabilities.push(probability),
    onFailure: () => (heard.failed = true),
  });
  return { stream, heard };
}

describe('VadHearing', () => {
  test('many streams at once are each heard as if alone', async () => {
    const hearing = new VadHearing({ modelPath, logger });
    await hearing.start();
    const recordings = await Promise.all(
      ['oui', 'bonjour madame', 'je voudrais un rendez-vous'].map(async (text) =>
        windowsOf(Buffer.concat([silence(320), await speak(text), silence(640)])),
      ),
    );
    const hear = async (recording: Int16Array) => {
      const { stream, heard } = listen(hearing);
      stream.push(recording);
      await expect.poll(() => heard.probabilities.length).toBe(recording.length / WINDOW_SAMPLES);
      stream.close();
      return heard.probabilities;
    };
    const alone: number[][] = [];
    for (const recording of recordings) alone.push(await hear(recording));
    const together = await Promise.all(Array.from({ length: 24 }, (_, n) => hear(recordings[n % 3] as Int16Array)));
    for (const [index, probabilities] of together.entries())
      for (const [window, probability] of probabilities.entries())
        expect(probability).toBeCloseTo(alone[index % 3]?.[window] ?? -1, 3);
    for (const probabilities of alone) {
      expect(Math.max(...probabilities)).toBeGreaterThan(0.9);
      expect(Math.max(...probabilities.slice(0, 8))).toBeLessThan(0.1);
      expect(probabilities.at(-1)).toBeLessThan(0.1);
    }
    await hearing.close();
    expect(hearing.ready).toBe(false);
  });

  test('a worker that dies fails its streams, is started again, and new streams are heard', async () => {
    const hearing = new VadHearing({ modelPath, logger });
    await hearing.start();
    const victim = listen(hearing);
    victim.stream.push({ length: WINDOW_SAMPLES } as unknown as Int16Array);
    await expect.poll(() => victim.heard.failed, { timeout: 5_000 }).toBe(true);
    expect(hearing.ready).toBe(false);
    await expect.poll(() => hearing.ready, { timeout: 5_000 }).toBe(true);
    const next = listen(hearing);
    next.stream.push(windowsOf(silence(64)));
    await expect.poll(() => next.heard.probabilities.length).toBe(2);
    await hearing.close();
  });

  test('without its model it does not start', async () => {
    const hearing = new VadHearing({ modelPath: '/nowhere/silero_vad.onnx', logger });
    await expect(hearing.start()).rejects.toThrow('silero_vad.onnx');
    expect(hearing.ready).toBe(false);
  });
});
