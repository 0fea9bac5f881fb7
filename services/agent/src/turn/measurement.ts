import type { TurnMeasurement } from '@eloquence/shared/contracts/events';

/** The members of a `ChatMessage.metrics` of agents-js that we use; all in seconds, absent when unknown. */
export interface MessageMetrics {
  readonly startedSpeakingAt?: number | undefined;
  readonly stoppedSpeakingAt?: number | undefined;
  readonly transcriptionDelay?: number | undefined;
  readonly endOfTurnDelay?: number | undefined;
  readonly llmNodeTtft?: number | undefined;
  readonly ttsNodeTtfb?: number | undefined;
  /** Of an answer: from the end of the speech it answers to its first frame. */
  readonly e2eLatency?: number | undefined;
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

export interface MeasuredTurn {
  readonly turn: TurnMeasurement;
  /** When it was decided: the answer's first frame, or the end of speech nobody answered; seconds since epoch. */
  readonly atS: number | undefined;
}

/** Turns that wait for their answer. Drop policy `drop-oldest`: it will not be answered any more. */
const MAX_PENDING = 4;
/** Two times of one clock, in seconds, are the same moment within this. */
const SAME_MOMENT_S = 0.005;

/**
 * Pairs answers with what they answer. The person's next message comes before the answer they cut off, so order does not tell;
 * the answer's own latency does, as it counts from the end of the speech it answers.
 */
export class TurnPairing {
  readonly #pending: MessageMetrics[] = [];

  /** @returns measurements of turns that will have no answer any more */
  userSpoke(metrics: MessageMetrics): MeasuredTurn[] {
    this.#pending.push(metrics);
    return this.#pending.length > MAX_PENDING ? this.#unanswered(1) : [];
  }

  /** @returns the measured turn, after those before it that got no answer; nothing when the agent spoke of its own accord */
  agentSpoke(metrics: MessageMetrics, interrupted: boolean): MeasuredTurn[] {
    const index = this.#pending.findIndex((user) => answers(metrics, user));
    if (index < 0) return [];
    const unanswered = this.#unanswered(index);
    const user = this.#pending.shift() as MessageMetrics;
    return [...unanswered, { turn: measureTurn(user, metrics, interrupted), atS: metrics.startedSpeakingAt }];
  }

  #unanswered(count: number): MeasuredTurn[] {
    return this.#pending
      .splice(0, count)
      .map((user) => ({ turn: measureTurn(user, undefined, true), atS: user.stoppedSpeakingAt }));
  }
}

function answers(agent: MessageMetrics, user: MessageMetrics): boolean {
  const { startedSpeakingAt, e2eLatency } = agent;
  if (startedSpeakingAt === undefined) return false;
  // Typed text, and speech the detector did not measure, have no end to count from.
  if (e2eLatency === undefined) return user.stoppedSpeakingAt === undefined;
  return Math.abs(startedSpeakingAt - e2eLatency - (user.stoppedSpeakingAt ?? 0)) < SAME_MOMENT_S;
}
