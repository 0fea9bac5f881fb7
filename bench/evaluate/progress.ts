/** Says on stderr how far a long run is: one line rewritten on a terminal, a line every few seconds elsewhere. */
export class Progress {
  static readonly #everyMs = 5_000;
  #lastMs = -Infinity;
  #drawn = false;

  /** Where things are now; most of these are not shown in a log. */
  at(text: string): void {
    const now = performance.now();
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001B[2K${text}`);
      this.#drawn = true;
    } else if (now - this.#lastMs >= Progress.#everyMs) {
      this.#lastMs = now;
      process.stderr.write(`${text}\n`);
    }
  }

  /** A line that stays. */
  say(text: string): void {
    this.end();
    process.stderr.write(`${text}\n`);
  }

  /** Takes the rewritten line away. */
  end(): void {
    if (this.#drawn) process.stderr.write('\r\u001B[2K');
    this.#drawn = false;
  }
}
