import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Transcript } from '../session/session-events.ts';
import type { OpenSession, SpeechSession } from '../session/speech-session.ts';
import type { FileOptions } from './file-options.ts';

export interface TranscribeOptions {
  readonly openSession: OpenSession;
  readonly tenant: string;
  readonly want: FileOptions;
  /** Longest recording, seconds. */
  readonly maxS: number;
  readonly signal: AbortSignal;
  /** The first sound is there: the recording can be read. */
  readonly onSound: () => void;
  /** Each window's text, in spoken order, as it becomes known. */
  readonly onTranscript: (transcript: Transcript) => void;
  /** How far the recording has been worked off, seconds. */
  readonly onProgress: (doneS: number) => void;
}

export interface FileTranscript {
  readonly durationS: number;
  /** As a code; undefined when nothing was said. */
  readonly language: string | undefined;
  /** In spoken order; none is empty. */
  readonly windows: readonly Transcript[];
}

/** Given to the session at a time: its answer to pressure must not come too late. */
const PIECE_SAMPLES = STT_SAMPLE_RATE_HZ;

/**
 * One recording through a session of its own, no faster than the engine works.
 *
 * @param sound 16 kHz mono, as `readRecording` gives it
 * @throws AppError `payload_too_large` (too long), `invalid_audio` (no sound at all), the engine's; the signal's reason
 */
export async function transcribeFile(
  sound: (signal: AbortSignal) => AsyncIterable<Int16Array>,
  options: TranscribeOptions,
): Promise<FileTranscript> {
  using abort = new ChildAbort(options.signal);
  const windows: Transcript[] = [];
  let language = options.want.language;
  const gate = new Gate(abort.signal);
  const session = options.openSession(
    {
      language,
      keyterms: options.want.keyterms,
      turn: { type: 'windows', draftMs: undefined },
      utteranceEndMs: undefined,
      interims: false,
      tenant: options.tenant,
      urgency: 'batch',
      temperature: options.want.temperature,
    },
    {
      onEvent: (event) => {
        // A text with a hole in it is worse than none: the caller can send the file again.
        if (event.type === 'utterance.lost') abort.abort(event.error);
        if (event.type !== 'transcript.final' || event.transcript.text === '' || abort.signal.aborted) return;
        language ??= event.transcript.language;
        windows.push(event.transcript);
        options.onTranscript(event.transcript);
      },
      onPressure: (pressed) => gate.set(pressed),
      onFailure: (error) => abort.abort(error),
    },
  );
  const onAbort = () => session.close();
  abort.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await pump(sound(abort.signal), session, { ...options, gate });
    await gate.orAborted(session.finish());
    if (session.durationS === 0) throw new AppError('invalid_audio', 'There is no sound in the recording.');
    return { durationS: session.durationS, language, windows };
  } catch (error) {
    abort.signal.throwIfAborted();
    throw error;
  } finally {
    abort.signal.removeEventListener('abort', onAbort);
    session.close();
  }
}

async function pump(
  sound: AsyncIterable<Int16Array>,
  session: SpeechSession,
  { gate, maxS, onSound, onProgress }: TranscribeOptions & { readonly gate: Gate },
): Promise<void> {
  for await (const samples of sound) {
    if (samples.length > 0) onSound();
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) {
      session.push(samples.subarray(at, at + PIECE_SAMPLES));
      await gate.open;
    }
    if (session.durationS > maxS) throw tooLong(maxS);
    onProgress(Math.max(0, session.durationS - session.heldSamples / STT_SAMPLE_RATE_HZ));
  }
}

export function tooLong(maxS: number): AppError {
  return new AppError(
    'payload_too_large',
    `The recording is longer than ${maxS / 3600} hours: cut it, and send the parts one after the other.`,
  );
}

/** Shut while the session is pressed. */
class Gate {
  readonly #aborted: Promise<never>;
  #opened: PromiseWithResolvers<void> | undefined;

  constructor(signal: AbortSignal) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    const tell = () => reject(signal.reason as Error);
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
    this.#aborted = promise;
  }

  get open(): Promise<void> {
    return this.#opened ? this.orAborted(this.#opened.promise) : Promise.resolve();
  }

  set(pressed: boolean): void {
    if (pressed) this.#opened ??= Promise.withResolvers<void>();
    else {
      this.#opened?.resolve();
      this.#opened = undefined;
    }
  }

  orAborted(work: Promise<void>): Promise<void> {
    return Promise.race([work, this.#aborted]);
  }
}
