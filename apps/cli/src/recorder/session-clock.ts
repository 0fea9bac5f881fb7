import type { RunClock } from '../spool/spool.ts';

const MAX_SAMPLES = 12;
/** Two looks that differ by more than this, beyond what they could not know, mean that one of the clocks was set. */
const STEP_MS = 500;

interface Sample {
  /** Of this machine's clock at the session's `started_at`. */
  readonly startedMs: number;
  /** Half the round trip: what this look cannot know. */
  readonly uncertainMs: number;
}

/**
 * Where the session's clock stands on this machine's: the server says what time it is in the session, and the answer is taken to have
 * been given halfway between question and answer. Of the last minutes the quickest answer counts; its half round trip is the
 * accuracy (LAN: about 2 ms, over the internet: 10 to 50 ms).
 */
export class SessionClock {
  #samples: Sample[] = [];

  /** What `GET …/coverage` said. True: the clocks have moved against each other, or are known only now. */
  observe(sessionNowMs: number, sentMs: number, receivedMs: number): boolean {
    const uncertainMs = (receivedMs - sentMs) / 2;
    if (uncertainMs < 0) return false;
    const sample = { startedMs: sentMs + uncertainMs - sessionNowMs, uncertainMs };
    const best = this.#best();
    const isStep =
      best !== undefined && Math.abs(sample.startedMs - best.startedMs) > STEP_MS + uncertainMs + best.uncertainMs;
    if (isStep) this.#samples = [];
    this.#samples = [...this.#samples, sample].slice(-MAX_SAMPLES);
    return isStep || best === undefined;
  }

  /** null: the session has not started, or the server has not answered yet. */
  get current(): RunClock | null {
    const best = this.#best();
    return best ? { session_started_ms: best.startedMs, accuracy_ms: best.uncertainMs } : null;
  }

  /** ms of the session, never negative; null while that is unknown. */
  toSession(localMs: number): number | null {
    const best = this.#best();
    return best ? Math.max(0, Math.round(localMs - best.startedMs)) : null;
  }

  #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, sample) => (best && best.uncertainMs <= sample.uncertainMs ? best : sample),
      undefined,
    );
  }
}
