export interface SharedStreamOptions<T> {
  /** Begins what is shared; its signal aborts when nobody wants it any more. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  readonly sizeOf: (item: T) => number;
  /**
   * Most that is held at once. Up to here all is held, so that whoever comes later hears it from the beginning, and readers
   * do not wait for each other. Past it nobody can join, and the source waits for the slowest reader.
   */
  readonly maxSize: number;
  /** When the last reader has left: the source is aborted at once, or made to the end for those who will come. */
  readonly whenUnread: 'abort' | 'finish';
  /** With such an item the source begins again: who comes later begins there, as what was before is void. */
  readonly restarts?: (item: T) => boolean;
  /** All there was since it began last, when the source has ended by itself and nothing of that had to be dropped. */
  readonly onComplete?: (items: readonly T[]) => void;
  /** The source has ended, however; comes after `onComplete`, so that what is complete can be found somewhere all the time. */
  readonly onSettled?: () => void;
}

type Outcome =
  | { readonly type: 'running' }
  | { readonly type: 'ended' }
  | { readonly type: 'failed'; readonly error: unknown };

/** Where a reader stands, as an index into all items there ever were. */
interface Place {
  at: number;
}

/** One source, read by many from its beginning. The source starts with the first reader. */
export class SharedStream<T> {
  readonly #options: SharedStreamOptions<T>;
  readonly #abort = new AbortController();
  readonly #readers = new Set<Place>();
  #items: T[] = [];
  /** Items before the first of `#items`. */
  #dropped = 0;
  /** Where it began last, as an index into all items there ever were. */
  #beginning = 0;
  #size = 0;
  #outcome: Outcome | undefined;
  /** Of readers for more, and of the source for room. */
  #wake: (() => void)[] = [];

  constructor(options: SharedStreamOptions<T>) {
    this.#options = options;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** The whole can still be heard. */
  get joinable(): boolean {
    return this.#dropped <= this.#beginning && !this.#abort.signal.aborted && this.#outcome?.type !== 'failed';
  }

  /**
   * All items from where it began last. The reader counts from now until its end, its `return` or the signal's abort.
   *
   * @throws the source's error, to every reader; the signal's reason
   */
  read(signal?: AbortSignal): AsyncIterableIterator<T> {
    if (!this.joinable) throw new Error('a shared stream was joined too late');
    const place: Place = { at: this.#beginning };
    const onAbort = () => this.#leave(place);
    const leave = () => {
      signal?.removeEventListener('abort', onAbort);
      this.#leave(place);
    };
    this.#readers.add(place);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) leave();
    else if (!this.#outcome) void this.#pump();
    const iterator: AsyncIterableIterator<T> = {
      next: async () => {
        try {
          const item = await this.#next(place, signal);
          if (item) return { done: false, value: item.value };
        } catch (error) {
          leave();
          throw error;
        }
        leave();
        return { done: true, value: undefined };
      },
      return: () => {
        leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async #next(place: Place, signal: AbortSignal | undefined): Promise<{ readonly value: T } | undefined> {
    for (;;) {
      if (signal?.aborted) throw signal.reason;
      if (!this.#readers.has(place)) return undefined;
      const index = place.at - this.#dropped;
      if (index < this.#items.length) {
        place.at += 1;
        const value = this.#items[index] as T;
        if (this.#size > this.#options.maxSize) this.#drop();
        return { value };
      }
      if (this.#outcome?.type === 'failed') throw this.#outcome.error;
      if (this.#outcome?.type === 'ended') return undefined;
      await this.#change();
    }
  }

  async #pump(): Promise<void> {
    this.#outcome = { type: 'running' };
    const { signal } = this.#abort;
    try {
      for await (const item of this.#options.open(signal)) {
        if (this.#options.restarts?.(item)) this.#beginning = this.#dropped + this.#items.length;
        this.#items.push(item);
        this.#size += this.#options.sizeOf(item);
        this.#changed();
        await this.#room(signal);
        if (signal.aborted) break;
      }
      signal.throwIfAborted();
      this.#outcome = { type: 'ended' };
      if (this.#dropped <= this.#beginning)
        this.#options.onComplete?.(this.#items.slice(this.#beginning - this.#dropped));
    } catch (error) {
      this.#outcome = { type: 'failed', error };
    }
    this.#settled();
  }

  #settled(): void {
    this.#options.onSettled?.();
    this.#changed();
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#size > this.#options.maxSize && !signal.aborted) {
      // It is too long to be kept, and nobody is there to hear it.
      if (this.#readers.size === 0) this.#abort.abort(abandoned());
      else if (!this.#drop()) await this.#change();
    }
  }

  /** Lets go of what every reader has had, first of what is void. @returns whether there was any */
  #drop(): boolean {
    const slowest = Math.min(...[...this.#readers].map(({ at }) => at));
    const until = this.#dropped < this.#beginning ? Math.min(slowest, this.#beginning) : slowest;
    const count = Math.min(this.#items.length, until - this.#dropped);
    if (!Number.isFinite(count) || count <= 0) return false;
    for (const item of this.#items.splice(0, count)) this.#size -= this.#options.sizeOf(item);
    this.#dropped += count;
    this.#changed();
    return true;
  }

  #leave(place: Place): void {
    if (!this.#readers.delete(place)) return;
    if (!this.#outcome) {
      // Its only reader had gone before it came: nothing was begun, and nothing else would end it.
      this.#abort.abort(abandoned());
      this.#outcome = { type: 'failed', error: abandoned() };
      return this.#settled();
    }
    const running = this.#outcome.type === 'running';
    if (this.#readers.size === 0 && running && this.#options.whenUnread === 'abort') this.#abort.abort(abandoned());
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/**
 * Shared streams by name, so that what is wanted twice at once is made once. `O`: what a stream was made with, for those who
 * join it.
 */
export class SharedStreams<T, O extends SharedStreamOptions<T> = SharedStreamOptions<T>> {
  readonly #running = new Map<string, { readonly stream: SharedStream<T>; readonly options: O }>();

  get size(): number {
    return this.#running.size;
  }

  /**
   * A reader of the stream of that name that is being made, or of a new one.
   *
   * @param options of the new one
   * @returns also the options of the stream that is read
   */
  join(
    id: string,
    options: O,
    signal?: AbortSignal,
  ): { readonly items: AsyncIterableIterator<T>; readonly shared: boolean; readonly options: O } {
    const running = this.#running.get(id);
    if (running?.stream.joinable) return { items: running.stream.read(signal), shared: true, options: running.options };
    const onSettled = () => {
      if (this.#running.get(id)?.stream === stream) this.#running.delete(id);
      options.onSettled?.();
    };
    const stream = new SharedStream<T>({ ...options, onSettled });
    this.#running.set(id, { stream, options });
    return { items: stream.read(signal), shared: false, options };
  }
}

const abandoned = () => new DOMException('nobody is listening any more', 'AbortError');
