import type { Utterance, Word } from '@eloquence/shared/contracts/sessions';
import { newUtteranceId } from '@eloquence/shared/runtime/ids';

interface Spoken {
  readonly speaker: string;
  readonly text: string;
  /** ms since epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** Times in ms since epoch. */
  readonly words?: readonly Word[];
}

/** Turns wall times into ms since the start of the session. */
export class SessionClock {
  readonly #startedMs: number;

  /** @param startedMs `started_at` of the session, ms since epoch */
  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** Whole ms since the session started, never negative. */
  since(epochMs: number): number {
    return Math.max(0, Math.round(epochMs - this.#startedMs));
  }

  utterance(role: Utterance['role'], spoken: Spoken): Utterance {
    const start = this.since(spoken.startMs);
    return {
      utterance_id: newUtteranceId(),
      role,
      speaker: spoken.speaker,
      text: spoken.text,
      start_ms: start,
      end_ms: Math.max(start, this.since(spoken.endMs)),
      ...(spoken.words &&
        spoken.words.length > 0 && {
          words: spoken.words.map((word) => {
            const wordStart = this.since(word.start_ms);
            return { ...word, start_ms: wordStart, end_ms: Math.max(wordStart, this.since(word.end_ms)) };
          }),
        }),
    };
  }
}
