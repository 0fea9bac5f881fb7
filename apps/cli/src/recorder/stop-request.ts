import type { RecordingResult } from './recording.ts';

type Reason = Exclude<RecordingResult['reason'], 'abandoned'>;

/**
 * How a recording is asked to stop. The first time it finishes; the second time a person asks (q, Ctrl-C, SIGTERM) it leaves at once
 * and what is on disk stays there.
 */
export class StopRequest implements Disposable {
  readonly #stop = Promise.withResolvers<Reason>();
  readonly #abandon = new AbortController();
  readonly #outer: AbortSignal;
  #reason: Reason | undefined;
  #asked = 0;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.addEventListener('abort', this.#onOuter, { once: true });
    process.on('SIGINT', this.byPerson);
    process.on('SIGTERM', this.byPerson);
  }

  /** Resolves with the first reason. */
  get requested(): Promise<Reason> {
    return this.#stop.promise;
  }

  /** Aborts when there is no more time to finish. */
  get abandoned(): AbortSignal {
    return this.#abandon.signal;
  }

  readonly byPerson = (): void => {
    this.#asked += 1;
    if (this.#asked > 1) this.#abandon.abort(new DOMException('asked twice', 'AbortError'));
    this.because('stopped');
  };

  because(reason: Reason): void {
    this.#reason ??= reason;
    this.#stop.resolve(this.#reason);
  }

  readonly #onOuter = (): void => this.because('stopped');

  [Symbol.dispose](): void {
    this.#outer.removeEventListener('abort', this.#onOuter);
    process.off('SIGINT', this.byPerson);
    process.off('SIGTERM', this.byPerson);
  }
}
