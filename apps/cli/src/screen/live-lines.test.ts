import { expect, test } from 'vitest';
import { liveLines } from './live-lines.ts';

/** What a terminal shows of the few commands that are used. */
function terminal() {
  const lines = [''];
  let row = 0;
  let written = '';
  const write = (text: string) => {
    written += text;
    for (const [, command, shown] of text.replaceAll('\u001b', '␛').matchAll(/(␛\[\??\d*[A-Za-z]|\n)|([^␛\r\n]+)/g)) {
      if (shown !== undefined) lines[row] = shown;
      else if (command === '\n') lines[(row += 1)] ??= '';
      else if (command?.endsWith('A')) row -= Number(/\d+/.exec(command)?.[0]);
      else if (command?.endsWith('J')) lines.length = row + 1;
    }
  };
  return { lines, write, written: () => written };
}

test('each text takes the place of the one before, and the last one stays', () => {
  const screen = terminal();
  screen.write('before\n');
  {
    using live = liveLines(screen);
    live.show('one\ntwo\nthree');
    live.show('1\n2');
    expect(screen.lines).toEqual(['before', '1', '2']);
    live.show('1\n2\n3\n4');
  }
  screen.write('after');
  expect(screen.lines).toEqual(['before', '1', '2', '3', '4', 'after']);
});

test('the cursor is back when it is over', () => {
  const screen = terminal();
  liveLines(screen)[Symbol.dispose]();
  expect(screen.written().endsWith('\u001b[?25h')).toBe(true);
});
