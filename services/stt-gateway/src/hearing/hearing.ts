import { Worker } from 'node:worker_threads';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { WINDOW_SAMPLES } from './silero.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

export interface HearingListener {
  /** Probability of speech (0..1) of the next window, in the order they were pushed. */
  readonly onProbability: (probability: number) => void;
  /** The worker died: what was pushed will not be answered. */
  readonly onFailure: () => void;
}

/** The ear of one stream. */
export interface HearingStream {
  /**
   * @param windows whole windows of WINDOW_SAMPLES; may be none
   * @param urgent somebody waits for what was pushed: it is not gathered with other streams' windows
   */
  push(windows: Int16Array, urgent?: boolean): void;
  close(): void;
}

/** Finds speech in any number of streams at once. */
export interface Hearing {
  open(listener: HearingListener): HearingStream;
}

export interface VadHearingOptions {
  readonly modelPath: string;
  readonly logger: Logger;
  /** A worker that owes answers and gives none for so long hangs. Default 10 s: a round takes 1 to 10 ms. */
  readonly stallMs?: number;
  /** The thread's program. */
  readonly workerUrl?: URL;
}

interface Listener extends HearingListener {
  /** Windows not yet answered. */
  owed: number;
}

const RESTART_DELAY_MS = 500;
/**
 * Windows of all streams go to the worker together so often, ms: little beside the silence that ends an utterance, and
 * waking a thread that sleeps costs as much as a frame.
 */
const GATHER_MS = 10;
const STALL_MS = 10_000;

/** Hearing by Silero in one worker thread. A worker that dies or hangs fails its streams and is started again. */
export class VadHearing implements Hearing {
  readonly #options: VadHearingOptions;
  readonly #listeners = new Map<number, Listener>();
  #worker: Worker | undefined;
  #started = false;
  #ready = false;
  #closing = false;
  #restart: NodeJS.Timeout | undefined;
  #nextStream = 1;
  /** The worker has answered since the watch last looked. */
  #answered = true;
  #watch: NodeJS.Timeout | undefined;
  /** Windows that go with the next message. */
  #outgoing: Int16Array[] = [];
  /** Stream and number of windows, stream and number… of `#outgoing`. */
  #outgoingOf: number[] = [];
  #outgoingSamples = 0;
  #gathering: NodeJS.Timeout | undefined;

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
    this.#watch = setInterval(() => this.#endStalled(), (this.#options.stallMs ?? STALL_MS) / 2);
    this.#watch.unref();
  }

  open(listener: HearingListener): HearingStream {
    const stream = this.#nextStream;
    this.#nextStream += 1;
    const own = { ...listener, owed: 0 };
    this.#listeners.set(stream, own);
    return {
      push: (windows, urgent = false) => {
        own.owed += windows.length / WINDOW_SAMPLES;
        this.#push(stream, windows, urgent);
      },
      close: () => {
        if (!this.#listeners.delete(stream)) return;
        this.#flush();
        this.#send({ type: 'close', stream });
      },
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    clearInterval(this.#watch);
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    this.#send({ type: 'stop' });
    await exited;
  }

  /** Gathers what all sockets bring: a message, and a run of the model, cost little more for many windows than for one. */
  #push(stream: number, windows: Int16Array, urgent: boolean): void {
    if (windows.length > 0) {
      this.#outgoing.push(windows);
      this.#outgoingOf.push(stream, windows.length / WINDOW_SAMPLES);
      this.#outgoingSamples += windows.length;
    }
    if (urgent) this.#flush();
    else this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** Copies: a frame is 2 kB, and a buffer handed over would wait for the other thread's garbage collector. */
  #flush(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#outgoing.length === 0) return;
    const all = new Int16Array(this.#outgoingSamples);
    let offset = 0;
    for (const windows of this.#outgoing) {
      all.set(windows, offset);
      offset += windows.length;
    }
    const streams = this.#outgoingOf;
    this.#forgetOutgoing();
    this.#send({ type: 'windows', streams, windows: all });
  }

  #forgetOutgoing(): void {
    this.#outgoing = [];
    this.#outgoingOf = [];
    this.#outgoingSamples = 0;
  }

  #send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Resolves when the new worker listens, rejects when it ends before that. */
  #spawn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const worker = new Worker(this.#options.workerUrl ?? new URL('./vad-worker.ts', import.meta.url), {
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
      this.#answered = true;
      for (const { stream, probability } of message.results) this.#answer(stream, probability);
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

  #answer(stream: number, probability: number): void {
    const listener = this.#listeners.get(stream);
    if (!listener) return;
    listener.owed -= 1;
    listener.onProbability(probability);
  }

  /** Twice in a row nothing but debts: the worker hangs. Once may be our own event loop, which was held up. */
  #endStalled(): void {
    const owes = [...this.#listeners.values()].some(({ owed }) => owed > 0);
    if (owes && !this.#answered) void this.#worker?.terminate();
    this.#answered = !owes;
  }

  #onDeath(failure: Error): void {
    this.#options.logger.error({ err: failure }, 'the hearing worker ended');
    const failed = [...this.#listeners.values()];
    this.#listeners.clear();
    this.#forgetOutgoing();
    for (const listener of failed) listener.onFailure();
    // Before the first success there is nothing to mend: start() throws and the process ends.
    if (!this.#started) return;
    this.#restart = setTimeout(() => {
      // A worker that ends before it is ready comes by here again.
      this.#spawn().catch(() => undefined);
    }, RESTART_DELAY_MS);
  }
}
