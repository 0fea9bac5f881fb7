/** Lines at the bottom of a terminal that are written again and again in the same place. */
export interface LiveLines extends Disposable {
  /** @param text lines that each fit the terminal: one that wrapped would leave copies of itself behind */
  show(text: string): void;
}

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;
const TO_LINE_START = '\r';
const ERASE_BELOW = `${ESCAPE}J`;
const ERASE_TO_LINE_END = `${ESCAPE}K`;

/** The last lines stay when it is disposed of. */
export function liveLines(output: { write(text: string): unknown }): LiveLines {
  let above = 0;
  output.write(HIDE_CURSOR);
  return {
    show: (text) => {
      const lines = text.split('\n');
      const up = above > 0 ? `${ESCAPE}${above}A` : '';
      // Each line is cleared after it is written, not before: nothing flickers.
      output.write(
        `${TO_LINE_START}${up}${lines.map((line) => `${line}${ERASE_TO_LINE_END}`).join('\n')}${ERASE_BELOW}`,
      );
      above = lines.length - 1;
    },
    [Symbol.dispose]: () => void output.write(`\n${SHOW_CURSOR}`),
  };
}
