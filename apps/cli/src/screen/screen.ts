import type { RecordingOptions } from '../recorder/recording.ts';
import { liveLines } from './live-lines.ts';
import { plain, renderScreen } from './render-screen.ts';
import type { ScreenEvent, ScreenState } from './screen-state.ts';
import { wordsOf } from './words.ts';

const REDRAW_MS = 200;
const CTRL_C = '\u0003';

/** What a person asks for by a key. */
interface ScreenHandlers {
  readonly onPause: () => void;
  readonly onStop: () => void;
}

/** Where a recording shows what it does. */
export interface Screen extends Disposable {
  event(event: ScreenEvent): void;
}

export interface ScreenOptions extends ScreenHandlers {
  readonly kind: RecordingOptions['screen'];
  readonly language: 'fr' | 'en';
  readonly state: () => ScreenState;
}

/** A live screen where there is a terminal, lines elsewhere, on stderr. */
export function openScreen(options: ScreenOptions): Screen {
  switch (options.kind) {
    case 'off':
      return silentScreen;
    case 'auto':
      return process.stdin.isTTY && process.stderr.isTTY ? liveScreen(options) : textScreen(options);
  }
}

const silentScreen: Screen = { event: () => undefined, [Symbol.dispose]: () => undefined };

/** A line for each event. */
function textScreen({ language }: ScreenOptions): Screen {
  const words = wordsOf(language);
  // Whoever reads along may go away; the recording goes on.
  process.stderr.on('error', () => undefined);
  return {
    event: (event) =>
      void process.stderr.write(`${new Date().toTimeString().slice(0, 8)}  ${plain(words.event(event))}\n`),
    [Symbol.dispose]: () => undefined,
  };
}

function liveScreen(options: ScreenOptions): Screen {
  const words = wordsOf(options.language);
  const lines = liveLines(process.stderr);
  const view = { details: false };
  const draw = (): void =>
    lines.show(renderScreen(options.state(), words, { columns: process.stderr.columns || 80, details: view.details }));
  const timer = setInterval(draw, REDRAW_MS);
  const onKey = (bytes: Buffer): void => {
    for (const key of bytes.toString()) {
      if (key === 'p' || key === 'P') options.onPause();
      else if (key === 'q' || key === 'Q' || key === CTRL_C) options.onStop();
      else if (key === 's' || key === 'S') view.details = !view.details;
    }
    draw();
  };
  process.stdin.setRawMode(true);
  process.stdin.on('data', onKey);
  process.stdin.resume();
  return {
    event: () => draw(),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      process.stdin.off('data', onKey);
      process.stdin.setRawMode(false);
      process.stdin.pause();
      draw();
      lines[Symbol.dispose]();
    },
  };
}
