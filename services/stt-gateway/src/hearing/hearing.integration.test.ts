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

  const broken = { modelPath, logger, workerUrl: new URL('../test-support/broken-vad-worker.ts', import.meta.url) };

  test('a worker that dies fails its streams and is started again', async () => {
    const hearing = new VadHearing(broken);
    await hearing.start();
    const [victim, other] = [listen(hearing), listen(hearing)];
    victim.stream.push(new Int16Array(WINDOW_SAMPLES).fill(1));
    await expect.poll(() => victim.heard.failed && other.heard.failed, { timeout: 5_000 }).toBe(true);
    expect(hearing.ready).toBe(false);
    await expect.poll(() => hearing.ready, { timeout: 5_000 }).toBe(true);
    expect(hearing.streams).toBe(0);
    await hearing.close();
  });

  test('a worker that hangs is ended, so that its streams fail and new ones are heard', async () => {
    const hearing = new VadHearing({ ...broken, stallMs: 200 });
    await hearing.start();
    const victim = listen(hearing);
    victim.stream.push(new Int16Array(WINDOW_SAMPLES));
    await expect.poll(() => victim.heard.failed, { timeout: 5_000 }).toBe(true);
    await expect.poll(() => hearing.ready, { timeout: 5_000 }).toBe(true);
    await hearing.close();
  });

  test('a worker that has nothing to do is not taken for one that hangs', async () => {
    const hearing = new VadHearing({ modelPath, logger, stallMs: 50 });
    await hearing.start();
    const { stream, heard } = listen(hearing);
    for (let count = 1; count <= 4; count += 1) {
      stream.push(windowsOf(silence(64)));
      await expect.poll(() => heard.probabilities.length).toBe(2 * count);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(heard.failed).toBe(false);
    await hearing.close();
  });

  test('a stream that pours does not hold up one that speaks in real time', async () => {
    const hearing = new VadHearing({ modelPath, logger });
    await hearing.start();
    const [fast, slow] = [listen(hearing), listen(hearing)];
    fast.stream.push(new Int16Array(2_000 * WINDOW_SAMPLES));
    slow.stream.push(new Int16Array(10 * WINDOW_SAMPLES));
    await expect.poll(() => slow.heard.probabilities.length, { timeout: 5_000, interval: 5 }).toBe(10);
    expect(fast.heard.probabilities.length).toBeLessThan(1_000);
    await hearing.close();
  });

  test('two minutes of noise and silence leave no trace: a word after them is heard like the first one', async () => {
    const hearing = new VadHearing({ modelPath, logger });
    await hearing.start();
    const word = windowsOf(Buffer.concat([await speak('oui'), silence(320)]));
    const [fresh, old] = [listen(hearing), listen(hearing)];
    const room = Int16Array.from({ length: 1_875 * WINDOW_SAMPLES }, (_, n) => ((n * 7_919) % 61) - 30);
    old.stream.push(room);
    old.stream.push(new Int16Array(1_875 * WINDOW_SAMPLES));
    fresh.stream.push(new Int16Array(10 * WINDOW_SAMPLES));
    for (const { stream } of [fresh, old]) stream.push(word);
    const count = word.length / WINDOW_SAMPLES;
    await expect.poll(() => old.heard.probabilities.length, { timeout: 20_000 }).toBe(3_750 + count);
    const heardAs = ({ heard }: typeof old) => heard.probabilities.slice(-count).filter((one) => one >= 0.5).length;
    expect(heardAs(fresh)).toBeGreaterThanOrEqual(6);
    expect(heardAs(old)).toBeGreaterThanOrEqual(heardAs(fresh) - 2);
    await hearing.close();
  }, 30_000);

  test('without its model it does not start', async () => {
    const hearing = new VadHearing({ modelPath: '/nowhere/silero_vad.onnx', logger });
    await expect(hearing.start()).rejects.toThrow('silero_vad.onnx');
    expect(hearing.ready).toBe(false);
  });
});
