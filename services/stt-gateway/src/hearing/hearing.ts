import { Worker } from 'node:worker_threads';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { FromWorker, ToWorker } from './worker-messages.ts';

export interface HearingListener {
  /** Probability of speech (0..1) of the next window, in the order they were pushed. */
  readonly onProbability: (probability: number) => void;
  /** The worker died: what was pushed will not be answered. */
  readonly onFailure: () => void;
}

/** The ear of one stream. */
export interface HearingStream {
  /** @param windows whole windows of WINDOW_SAMPLES */
  push(windows: Int16Array): void;
  close(): void;
}

/** Finds speech in any number of streams at once. */
export interface Hearing {
  open(listener: HearingListener): HearingStream;
}

export interface VadHearingOptions {
  readonly modelPath: string;
  readonly logger: Logger;
}

const RESTART_DELAY_MS = 500;

/** Hearing by Silero in one worker thread. A worker that dies fails its streams and is started again. */
export class VadHearing implements Hearing {
  readonly #options: VadHearingOptions;
  readonly #listeners = new Map<number, HearingListener>();
  #worker: Worker | undefined;
  #started = false;
  #ready = false;
  #closing = false;
  #restart: NodeJS.Timeout | undefined;
  #nextStream = 1;

  constructor(options: VadHearingOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get streams(): number {
    return this.#listeners.size;
  }

  /** Loads the model. @throws when the first worker cannot */
  async start(): Promise<void> {
    await this.#spawn();
    this.#started = true;
  }

  open(listener: HearingListener): HearingStream {
    const stream = this.#nextStream;
    this.#nextStream += 1;
    this.#listeners.set(stream, listener);
    return {
      push: (windows) => this.#send({ type: 'windows', stream, windows }),
      close: () => {
        if (this.#listeners.delete(stream)) this.#send({ type: 'close', stream });
      },
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    this.#send({ type: 'stop' });
    await exited;
  }

  /** Copies: a frame is 2 kB, and a buffer handed over would wait for the other thread's garbage collector. */
  #send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Resolves when the new worker listens, rejects when it ends before that. */
  #spawn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const worker = new Worker(new URL('./vad-worker.ts', import.meta.url), {
      workerData: { modelPath: this.#options.modelPath },
    });
    this.#worker = worker;
    let failure = new Error('the hearing worker ended by itself');
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') {
        this.#ready = true;
        resolve();
        return;
      }
      for (const { stream, probability } of message.results) this.#listeners.get(stream)?.onProbability(probability);
    });
    worker.on('error', (error: Error) => {
      failure = error;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      this.#ready = false;
      reject(failure);
      if (!this.#closing) this.#onDeath(failure);
    });
    return promise;
  }

  #onDeath(failure: Error): void {
    this.#options.logger.error({ err: failure }, 'the hearing worker ended');
    const failed = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of failed) listener.onFailure();
    // Before the first success there is nothing to mend: start() throws and the process ends.
    if (!this.#started) return;
    this.#restart = setTimeout(() => {
      // A worker that ends before it is ready comes by here again.
      this.#spawn().catch(() => undefined);
    }, RESTART_DELAY_MS);
  }
}
