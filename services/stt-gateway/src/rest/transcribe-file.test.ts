import { expect, test } from 'vitest';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { OpenSession, SessionListener, SessionOptions } from '../session/speech-session.ts';
import { readFileOptions } from './file-options.ts';
import { transcribeFile, type TranscribeOptions } from './transcribe-file.ts';

const SECOND = 16_000;

/** A session that takes what it is given and says what the test lets it say. */
class FakeSession {
  options: SessionOptions | undefined;
  listener: SessionListener | undefined;
  samples = 0;
  finished = Promise.withResolvers<void>();
  closed = false;
  readonly open: OpenSession = (options, listener) => {
    this.options = options;
    this.listener = listener;
    const durationS = () => this.samples / SECOND;
    return {
      get durationS() {
        return durationS();
      },
      heldSamples: 0,
      push: (samples) => void (this.samples += samples.length),
      finalize: () => undefined,
      discard: () => undefined,
      finish: () => this.finished.promise,
      close: () => void (this.closed = true),
    };
  };
}

/** Pieces of 4 s; counts how many were asked for. */
class Sound {
  asked = 0;
  readonly #pieces: number;

  constructor(pieces: number) {
    this.#pieces = pieces;
  }

  readonly read = async function* (this: Sound, signal: AbortSignal) {
    while (this.asked < this.#pieces) {
      signal.throwIfAborted();
      this.asked += 1;
      yield new Int16Array(4 * SECOND);
    }
  }.bind(this);
}

function start(session: FakeSession, sound: Sound, extra: Partial<TranscribeOptions> = {}) {
  return transcribeFile(sound.read, {
    openSession: session.open,
    tenant: 'someone',
    want: readFileOptions([['temperature', '0.3']]),
    maxS: 60,
    signal: new AbortController().signal,
    onSound: () => undefined,
    onTranscript: () => undefined,
    onProgress: () => undefined,
    ...extra,
  });
}

const lost = { type: 'utterance.lost', utterance: 1, startS: 0, endS: 1 } as const;

test('a recording is read no faster than the session can take it', async () => {
  const session = new FakeSession();
  const sound = new Sound(10);
  let pressed = false;
  const work = start(session, sound, {
    onProgress: (doneS) => {
      if (doneS < 8 || pressed) return;
      pressed = true;
      session.listener?.onPressure(true);
    },
  });
  await expect.poll(() => session.samples).toBe(9 * SECOND);
  expect(sound.asked).toBe(3);
  session.listener?.onPressure(false);
  session.finished.resolve();
  expect(await work).toMatchObject({ durationS: 40, windows: [] });
  expect(sound.asked).toBe(10);
  expect(session.closed).toBe(true);
});

test('the session is one for files: windows, no interims, behind everything live', async () => {
  const session = new FakeSession();
  session.finished.resolve();
  await start(session, new Sound(1));
  expect(session.options).toMatchObject({
    turn: { type: 'windows', draftMs: undefined },
    interims: false,
    urgency: 'batch',
    tenant: 'someone',
    temperature: 0.3,
  });
});

test.each([
  ['the session fails', (listener: SessionListener, error: AppError) => listener.onFailure(error)],
  ['a window is lost', (listener: SessionListener, error: AppError) => listener.onEvent({ ...lost, error })],
])('when %s, so does the file, even while it waits', async (_name, fail) => {
  const session = new FakeSession();
  const work = start(session, new Sound(2));
  await expect.poll(() => session.samples).toBe(8 * SECOND);
  const error = new AppError('upstream_failed', 'The engine failed.');
  fail(session.listener as SessionListener, error);
  await expect(work).rejects.toBe(error);
  expect(session.closed).toBe(true);
});

test('an abort is told as it is, and closes the session', async () => {
  const session = new FakeSession();
  const abort = new AbortController();
  const work = start(session, new Sound(2), { signal: abort.signal });
  await expect.poll(() => session.samples).toBe(8 * SECOND);
  abort.abort(new DOMException('gone', 'AbortError'));
  await expect(work).rejects.toThrow('gone');
  expect(session.closed).toBe(true);
});

test('what is too long, and what has no sound, is refused', async () => {
  const sound = new Sound(100);
  await expect(start(new FakeSession(), sound)).rejects.toMatchObject({ code: 'payload_too_large' });
  expect(sound.asked).toBe(16);
  const silent = new FakeSession();
  silent.finished.resolve();
  await expect(start(silent, new Sound(0))).rejects.toMatchObject({ code: 'invalid_audio' });
});
