import { delay } from '@eloquence/shared/runtime/abort';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import type { SessionEvent } from '@eloquence/shared/contracts/events';
import type { EndReason } from '@eloquence/shared/contracts/sessions';
import type { RecordingApi } from './recording.ts';

export interface SessionFollowerHandlers {
  readonly onEnded: (reason: EndReason) => void;
  /** Somebody paused the recording, or went on; ms of the session. */
  readonly onRecording: (state: 'paused' | 'recording', atMs: number) => void;
  readonly onSummary: (line: string) => void;
}

/** Follows what the server says of the session, for as long as it lasts: words, mini-summaries, pauses, the end. */
export class SessionFollower {
  readonly #api: RecordingApi;
  readonly #handlers: SessionFollowerHandlers;
  #seq = 0;
  #ended: EndReason | null = null;
  /** Words of the transcript so far. */
  words = 0;

  constructor(api: RecordingApi, handlers: SessionFollowerHandlers) {
    this.#api = api;
    this.#handlers = handlers;
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        for await (const event of this.#api.events(this.#seq, { signal })) {
          failures = 0;
          if (event.seq <= this.#seq) continue;
          this.#seq = event.seq;
          await this.#take(event, signal);
        }
      } catch {
        // The connection is lost, or the server is away: the delivery says so on the screen.
      }
      // An end that a later event takes back is history.
      if (this.#ended !== null) this.#handlers.onEnded(this.#ended);
      failures += 1;
      await delay(retryDelayMs(reconnectPolicy, failures), signal).catch(() => undefined);
    }
  }

  async #take(event: SessionEvent, signal: AbortSignal): Promise<void> {
    switch (event.type) {
      case 'utterance.final':
        this.words += event.utterance.text.split(/\s+/).filter(Boolean).length;
        return;
      case 'recording.paused':
        return this.#handlers.onRecording('paused', event.at_ms);
      case 'recording.continued':
        return this.#handlers.onRecording('recording', event.at_ms);
      case 'summary.ready': {
        const line = await this.#api.summaryLine(event.index, { signal }).catch(() => null);
        if (line !== null) this.#handlers.onSummary(line);
        return;
      }
      case 'session.ended':
        this.#ended = event.reason;
        return;
      case 'session.resumed':
        this.#ended = null;
        return;
      default:
        return;
    }
  }
}
