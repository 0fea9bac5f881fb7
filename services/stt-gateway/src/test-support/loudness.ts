import type { Hearing } from '../hearing/hearing.ts';
import { WINDOW_SAMPLES } from '../hearing/silero.ts';

/** An ear that takes loud windows for speech; it answers a turn of the event loop later, as the worker does. */
export const loudness: Hearing = {
  open: ({ onProbability }) => {
    let closed = false;
    return {
      push: (windows) =>
        void setImmediate(() => {
          if (closed) return;
          for (let start = 0; start < windows.length; start += WINDOW_SAMPLES)
            onProbability(Math.abs(windows[start] ?? 0) > 1000 ? 0.95 : 0.02);
        }),
      close: () => void (closed = true),
    };
  },
};
