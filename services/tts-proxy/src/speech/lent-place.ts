/** A place among all syntheses, lent to others while the sound made with it waits for its reader. */
export class LentPlace {
  readonly #enter: (signal: AbortSignal, isBack: boolean) => Promise<() => void>;
  #leave: (() => void) | undefined;
  #wasHeld = false;

  /** @param enter waits for a place; `isBack`: it was held before. @returns gives it back */
  constructor(enter: (signal: AbortSignal, isBack: boolean) => Promise<() => void>) {
    this.#enter = enter;
  }

  get held(): boolean {
    return this.#leave !== undefined;
  }

  /** Waits until it is held, if it is not. @throws what `enter` throws */
  async hold(signal: AbortSignal): Promise<void> {
    this.#leave ??= await this.#enter(signal, this.#wasHeld);
    this.#wasHeld = true;
  }

  lend(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
