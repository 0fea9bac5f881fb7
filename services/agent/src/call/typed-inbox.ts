/** As long as what the web composer lets a person write, in UTF-16 code units. */
const MAX_TYPED_CHARS = 2_000;
const EVERY_MS = 300;
const MAX_WAITING = 5;

/**
 * What the person meant to write: without control characters (a NUL cannot be stored), on one line, at most
 * {@link MAX_TYPED_CHARS} long. Empty when nothing is left.
 */
export function cleanTyped(text: string): string {
  const line = text
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/\p{Cc}/gu, '')
    .trim();
  // A cut must not leave half of a surrogate pair.
  return line
    .slice(0, MAX_TYPED_CHARS)
    .toWellFormed()
    .replace(/\u{FFFD}$/u, '')
    .trimEnd();
}

/**
 * Typed messages, handed on in their order at most one every 300 ms. Drop policy: at most {@link MAX_WAITING} wait; one that
 * comes when so many wait is dropped (the newest), and {@link TypedInboxOptions.onDropped} is told.
 */
export class TypedInbox {
  readonly #options: TypedInboxOptions;
  readonly #waiting: string[] = [];
  #pause: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: TypedInboxOptions) {
    this.#options = options;
  }

  /** Takes a message as it came from the room. */
  take(text: string): void {
    const said = cleanTyped(text);
    if (said === '' || this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) return this.#options.onDropped();
    this.#waiting.push(said);
    if (!this.#pause) this.#handOn();
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    clearTimeout(this.#pause);
  }

  readonly #handOn = (): void => {
    this.#pause = undefined;
    const said = this.#waiting.shift();
    if (said === undefined) return;
    this.#pause = setTimeout(this.#handOn, EVERY_MS);
    this.#options.onTyped(said);
  };
}

export interface TypedInboxOptions {
  readonly onTyped: (text: string) => void;
  readonly onDropped: () => void;
}
