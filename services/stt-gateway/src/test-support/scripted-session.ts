import type { OpenSession, SessionListener, SessionOptions, SpeechSession } from '../session/speech-session.ts';
import type { SessionEvent, Transcript } from '../session/session-events.ts';

/** A session that hears nothing: the test says what it tells, and sees what it is asked for. */
export class ScriptedSession implements SpeechSession {
  readonly options: SessionOptions;
  readonly asked: string[] = [];
  heldSamples = 0;
  samples = 0;
  closed = false;
  #listener: SessionListener;
  #finish = Promise.withResolvers<void>();

  constructor(options: SessionOptions, listener: SessionListener) {
    this.options = options;
    this.#listener = listener;
  }

  get durationS(): number {
    return this.samples / 16_000;
  }

  push(samples: Int16Array): void {
    this.samples += samples.length;
  }

  finalize(): void {
    this.asked.push('finalize');
  }

  discard(): void {
    this.asked.push('discard');
  }

  finish(): Promise<void> {
    this.asked.push('finish');
    return this.#finish.promise;
  }

  close(): void {
    this.closed = true;
  }

  tell(...events: SessionEvent[]): void {
    for (const event of events) this.#listener.onEvent(event);
  }

  press(pressed: boolean): void {
    this.#listener.onPressure(pressed);
  }

  finished(): void {
    this.#finish.resolve();
  }
}

/** Opens scripted sessions and keeps them. */
export function scripted(): { readonly sessions: ScriptedSession[]; readonly open: OpenSession } {
  const sessions: ScriptedSession[] = [];
  const open: OpenSession = (options, listener) => {
    const session = new ScriptedSession(options, listener);
    sessions.push(session);
    return session;
  };
  return { sessions, open };
}

export function transcriptOf(utterance: number, text: string, [startS, endS]: readonly [number, number]): Transcript {
  return { utterance, startS, endS, text, words: [], confidence: 0.9, language: undefined, segments: [] };
}
