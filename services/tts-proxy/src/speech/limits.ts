/** What bounds the speaking: of one speech, and of all together. */
export interface SpeechLimits {
  /** Sentences being made at once, of all speeches. */
  readonly maxRunning: number;
  /** Speeches waiting to begin. Drop policy: the newest is refused, of the tenant that has the most waiting. */
  readonly maxWaiting: number;
  /** Longest wait for a place: who has heard nothing for so long is told so. */
  readonly maxWaitMs: number;
  /** Open speeches, speaking or not. */
  readonly maxSpeeches: number;
  /** Text of one speech that is not being spoken yet, characters. */
  readonly maxWaitingChars: number;
  /** First sound of a provider that has another behind it; past it the provider has failed. */
  readonly firstSoundTimeoutMs: number;
  /** The same for the last provider, which nobody can replace. */
  readonly lastFirstSoundTimeoutMs: number;
  /** Longest silence between two pieces of a sentence: synthesis is faster than hearing, and a listener waits for no 3 s. */
  readonly idleTimeoutMs: number;
  /** Longest making of a sentence. */
  readonly answerTimeoutMs: number;
  /** Longest time a reader may leave sound unread: its voice's connection would wait for ever. More than a socket's own limit. */
  readonly readTimeoutMs: number;
}

export const defaultLimits: SpeechLimits = {
  maxRunning: 16,
  maxWaiting: 32,
  maxWaitMs: 20_000,
  maxSpeeches: 512,
  maxWaitingChars: 20_000,
  firstSoundTimeoutMs: 2_000,
  lastFirstSoundTimeoutMs: 10_000,
  idleTimeoutMs: 2_500,
  answerTimeoutMs: 300_000,
  readTimeoutMs: 35_000,
};
