/** What bounds the speaking: of one speech, and of all together. */
export interface SpeechLimits {
  /** Sentences being made at once, of all speeches. */
  readonly maxRunning: number;
  /** Speeches waiting to begin. Drop policy: newcomers are refused, because whoever waits has waited longest. */
  readonly maxWaiting: number;
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
  /** Longest making of a sentence, and longest time a reader may leave sound unread: it would otherwise keep its place for ever. */
  readonly answerTimeoutMs: number;
}

export const defaultLimits: SpeechLimits = {
  maxRunning: 16,
  maxWaiting: 32,
  maxSpeeches: 512,
  maxWaitingChars: 20_000,
  firstSoundTimeoutMs: 2_000,
  lastFirstSoundTimeoutMs: 10_000,
  idleTimeoutMs: 2_500,
  answerTimeoutMs: 300_000,
};
