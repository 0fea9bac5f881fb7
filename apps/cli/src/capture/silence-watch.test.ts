import { expect, test } from 'vitest';
import { SilenceWatch, type Heard, type SilenceEvent } from './silence-watch.ts';

const ZEROS: Heard = { peak: 0, rms: 0, realFrames: 50, filledFrames: 0 };
const FILLED: Heard = { peak: 0, rms: 0, realFrames: 0, filledFrames: 50 };
const SPEECH: Heard = { peak: 0.4, rms: 0.08, realFrames: 50, filledFrames: 0 };
const HUM: Heard = { peak: 0.002, rms: 0.0005, realFrames: 50, filledFrames: 0 };

interface Second {
  readonly them: Heard | null;
  readonly me: Heard | null;
  readonly playing?: boolean | null;
}

/** One observation a second, fast-forwarded. */
function watch(seconds: readonly Second[], threshold = 0): SilenceEvent[] {
  const machine = new SilenceWatch({ afterMs: 30_000, threshold });
  return seconds.flatMap((second, index) => machine.observe({ atMs: (index + 1) * 1_000, playing: null, ...second }));
}

const times = (count: number, second: Second): Second[] => Array.from({ length: count }, () => second);

test('a far side of zeros while the microphone speaks is an alarm after 30 s', () => {
  const events = watch(times(60, { them: ZEROS, me: SPEECH }));
  expect(events).toEqual([{ kind: 'alarm', source: 'them', sinceMs: 1_000 }]);
});

test('filled frames are silence too, and something that plays is a reason', () => {
  const events = watch(times(40, { them: FILLED, me: HUM, playing: true }));
  expect(events).toEqual([{ kind: 'alarm', source: 'them', sinceMs: 1_000 }]);
});

test('silence on both sides is no alarm: nobody speaks', () => {
  expect(watch(times(3_600, { them: ZEROS, me: HUM, playing: false }))).toEqual([]);
});

test('one word early on is reason enough, a cough is not', () => {
  const cough = watch([{ them: SPEECH, me: HUM }, ...times(60, { them: ZEROS, me: HUM })]);
  const words = watch([...times(3, { them: ZEROS, me: SPEECH }), ...times(60, { them: ZEROS, me: HUM })]);
  expect(cough).toEqual([]);
  expect(words.map(({ kind }) => kind)).toEqual(['alarm']);
});

test('sound ends the alarm, and it goes off again the next time', () => {
  const events = watch([
    ...times(40, { them: ZEROS, me: SPEECH }),
    ...times(5, { them: SPEECH, me: HUM }),
    ...times(40, { them: ZEROS, me: SPEECH }),
  ]);
  expect(events).toEqual([
    { kind: 'alarm', source: 'them', sinceMs: 1_000 },
    { kind: 'sound_again', source: 'them', sinceMs: 1_000, atMs: 41_000 },
    { kind: 'alarm', source: 'them', sinceMs: 45_000 },
  ]);
});

test('a microphone that gives zeros while the others talk is an alarm as well', () => {
  expect(watch(times(31, { them: SPEECH, me: ZEROS })).map(({ source }) => source)).toEqual(['me']);
});

test('a quiet line with noise is not dead, unless the threshold says so', () => {
  const quiet = times(60, { them: HUM, me: SPEECH });
  expect(watch(quiet)).toEqual([]);
  expect(watch(quiet, 0.01)).toHaveLength(1);
});

test('a source that is not captured is never silent, and a pause starts the count anew', () => {
  expect(watch(times(100, { them: null, me: SPEECH }))).toEqual([]);
  const machine = new SilenceWatch({ afterMs: 30_000, threshold: 0 });
  const observe = (fromS: number, toS: number): SilenceEvent[] =>
    Array.from({ length: toS - fromS }, (_, n) => (fromS + n) * 1_000).flatMap((atMs) =>
      machine.observe({ atMs, them: ZEROS, me: SPEECH, playing: null }),
    );
  expect(observe(0, 20)).toEqual([]);
  machine.rest();
  expect(observe(600, 625)).toEqual([]);
  expect(observe(625, 640)).toHaveLength(1);
});
