/** How many requests a speech may have upstream at once; the others wait in line. */
export class UpstreamPlaces {
  readonly #line: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  /**
   * @returns gives the place back; more than one call does no harm
   * @throws the signal's reason
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const place = this.tryEnter();
    if (place) return place;
    await new Promise<void>((resolve, reject) => {
      const come = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#line.splice(this.#line.indexOf(come), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#line.push(come);
    });
    return this.#placeOf();
  }

  /** Does not wait: undefined when there is no place now. */
  tryEnter(): (() => void) | undefined {
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    return this.#placeOf();
  }

  #placeOf(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#line.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}
