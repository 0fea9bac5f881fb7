/**
 * Puts what becomes known in any order out in the order it was asked for: a quick final must not overtake the one
 * before it.
 */
export class Outbox {
  #tail: Promise<void> = Promise.resolve();
  #pending = 0;

  /** Things not yet put out. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when all that has been added by now is out. */
  get drained(): Promise<void> {
    return this.#tail;
  }

  /** @param work must not reject; `deliver` gets its result when its turn has come */
  add<T>(work: Promise<T>, deliver: (result: T) => void): void {
    this.#pending += 1;
    this.#tail = this.#inTurn(this.#tail, work, deliver);
  }

  async #inTurn<T>(before: Promise<void>, work: Promise<T>, deliver: (result: T) => void): Promise<void> {
    await before;
    const result = await work;
    this.#pending -= 1;
    deliver(result);
  }
}
