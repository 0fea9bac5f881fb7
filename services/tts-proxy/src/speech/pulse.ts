/** Wakes all who wait whenever something has changed; what it was they look up themselves. */
export class Pulse {
  readonly #onBeat: () => void;
  readonly #waiting = new Set<() => void>();

  /** @param onBeat called first at every beat */
  constructor(onBeat: () => void) {
    this.#onBeat = onBeat;
  }

  beat(): void {
    this.#onBeat();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next beat, or after `timeoutMs`. */
  next(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }
}
