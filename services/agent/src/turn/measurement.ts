import type { TurnMeasurement } from '@eloquence/shared/contracts/events';

/** The members of a `ChatMessage.metrics` of agents-js that we use; all in seconds, absent when unknown. */
export interface MessageMetrics {
  readonly startedSpeakingAt?: number | undefined;
  readonly stoppedSpeakingAt?: number | undefined;
  readonly transcriptionDelay?: number | undefined;
  readonly endOfTurnDelay?: number | undefined;
  readonly llmNodeTtft?: number | undefined;
  readonly ttsNodeTtfb?: number | undefined;
}

/**
 * Where the time of one turn went. Nothing is guessed: what the library did not measure is null.
 *
 * @param user metrics of the person's message; its `stoppedSpeakingAt` is the last voiced frame
 * @param agent metrics of the answer; absent when nothing of it was heard
 */
export function measureTurn(
  user: MessageMetrics,
  agent: MessageMetrics | undefined,
  interrupted: boolean,
): TurnMeasurement {
  const silenceFrom = user.stoppedSpeakingAt;
  const heardAt = agent?.startedSpeakingAt;
  return {
    stt_final_ms: toMs(user.transcriptionDelay),
    turn_committed_ms: toMs(user.endOfTurnDelay),
    llm_ttft_ms: toMs(agent?.llmNodeTtft),
    tts_ttfb_ms: toMs(agent?.ttsNodeTtfb),
    total_ms: silenceFrom === undefined || heardAt === undefined ? null : toMs(heardAt - silenceFrom),
    interrupted,
  };
}

function toMs(seconds: number | undefined): number | null {
  return seconds === undefined || !Number.isFinite(seconds) ? null : Math.max(0, Math.round(seconds * 1000));
}

/**
 * Pairs the person's messages with the answers to them. A message that gets a successor before an answer was heard is a
 * turn that was interrupted.
 */
export class TurnPairing {
  #pending: MessageMetrics | undefined;

  /** @returns the measurement of the turn before, when it was never answered */
  userSpoke(metrics: MessageMetrics): TurnMeasurement | undefined {
    const unanswered = this.#pending && measureTurn(this.#pending, undefined, true);
    this.#pending = metrics;
    return unanswered;
  }

  /** @returns the measurement of the turn; undefined when the agent spoke of its own accord, as in a greeting */
  agentSpoke(metrics: MessageMetrics, interrupted: boolean): TurnMeasurement | undefined {
    const user = this.#pending;
    this.#pending = undefined;
    return user && measureTurn(user, metrics, interrupted);
  }
}
