import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Samples of one window: 32 ms at 16 kHz, the only size the model takes. */
export const WINDOW_SAMPLES = 512;
/** Samples of the window before that the model wants in front of each window. */
const CONTEXT_SAMPLES = 64;
const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
/** The recurrent state is [2, batch, 128]. */
const STATE_SIZE = 128;

/** What the model remembers of one stream between windows. */
export interface SileroMemory {
  readonly context: Float32Array;
  /** Two layers of STATE_SIZE. */
  readonly state: Float32Array;
}

export function newSileroMemory(): SileroMemory {
  return { context: new Float32Array(CONTEXT_SAMPLES), state: new Float32Array(2 * STATE_SIZE) };
}

/** One window of one stream. `samples` has WINDOW_SAMPLES values, full scale 32768. */
export interface SileroInput {
  readonly memory: SileroMemory;
  readonly samples: Int16Array;
}

/** Silero VAD (models/README.md): windows of several streams at once -> probability of speech for each. */
export class Silero {
  readonly #session: InferenceSession;
  readonly #rate = new Tensor('int64', BigInt64Array.from([16_000n]), []);

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @throws when the file is missing or its inputs are not those of Silero v5/v6 */
  static async load(path: string): Promise<Silero> {
    const session = await InferenceSession.create(path, {
      executionMode: 'sequential',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const names = session.inputNames.toSorted().join();
    if (names !== 'input,sr,state') throw new Error(`${path} is not a Silero v5/v6 model: its inputs are ${names}`);
    return new Silero(session);
  }

  /** @returns one probability per input, 0..1; each input's memory is moved on */
  async run(batch: readonly SileroInput[]): Promise<number[]> {
    const size = batch.length;
    const input = new Float32Array(size * INPUT_SAMPLES);
    const state = new Float32Array(2 * size * STATE_SIZE);
    batch.forEach(({ memory, samples }, row) => {
      const start = row * INPUT_SAMPLES;
      input.set(memory.context, start);
      for (let index = 0; index < WINDOW_SAMPLES; index += 1)
        input[start + CONTEXT_SAMPLES + index] = (samples[index] ?? 0) / 32_768;
      state.set(memory.state.subarray(0, STATE_SIZE), row * STATE_SIZE);
      state.set(memory.state.subarray(STATE_SIZE), (size + row) * STATE_SIZE);
      memory.context.set(input.subarray(start + INPUT_SAMPLES - CONTEXT_SAMPLES, start + INPUT_SAMPLES));
    });
    const out = await this.#session.run({
      input: new Tensor('float32', input, [size, INPUT_SAMPLES]),
      state: new Tensor('float32', state, [2, size, STATE_SIZE]),
      sr: this.#rate,
    });
    const probabilities = out['output']?.data as Float32Array;
    const next = out['stateN']?.data as Float32Array;
    batch.forEach(({ memory }, row) => {
      memory.state.set(next.subarray(row * STATE_SIZE, (row + 1) * STATE_SIZE));
      memory.state.set(next.subarray((size + row) * STATE_SIZE, (size + row + 1) * STATE_SIZE), STATE_SIZE);
    });
    return Array.from(probabilities);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
