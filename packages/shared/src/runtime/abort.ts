/**
 * A controller whose signal also aborts with its parent. Disposing it removes the listener from the parent, so that a
 * session of hours does not collect one listener per turn.
 */
export class ChildAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #follow = () => this.#controller.abort(this.#parent?.reason);

  /** @param options.timeoutMs aborts with a TimeoutError after so long */
  constructor(parent?: AbortSignal, options: { readonly timeoutMs?: number } = {}) {
    this.#parent = parent;
    if (parent?.aborted) this.#follow();
    else parent?.addEventListener('abort', this.#follow, { once: true });
    if (options.timeoutMs !== undefined) {
      this.#timer = setTimeout(
        () => this.#controller.abort(new DOMException(`no answer within ${options.timeoutMs} ms`, 'TimeoutError')),
        options.timeoutMs,
      );
      this.#timer.unref();
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener('abort', this.#follow);
  }
}

/** Waits `delayMs`; rejects with the signal's reason when it aborts. */
export function delay(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
