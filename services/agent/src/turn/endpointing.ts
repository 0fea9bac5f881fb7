/**
 * When the person has finished, in ms of silence counted from the last voiced frame.
 *
 * The detector (v1-mini) looks once, at 200 ms of silence, and hears 1.2 s of sound. "Finished" commits at `minDelayMs`, "not
 * finished" or unsure at `maxDelayMs`. It calls most flat read sentences unfinished, so `maxDelayMs` is what people feel.
 */
export interface EndpointingPolicy {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /**
   * Silence after which the voice-activity detector says "stopped" and the transcription is asked for its final text. It
   * must be at least 250 ms, or the detector's own look at 200 ms does not happen.
   */
  readonly vadSilenceMs: number;
}

/**
 * 300: a detector that is sure is right about nine times in ten, and 300 ms is the answer gap of people.
 * 800: of the pauses inside French turns 19 % last over 600 ms and at most 10 % over 800 ms (eot-bench), so one pause in ten
 * is cut at worst and none below 600 ms, and the answer is heard about 1 s after the last word.
 * 300 of VAD silence: the final text is then ready before `maxDelayMs` and costs nothing of it.
 */
export const conversationPolicy: EndpointingPolicy = { minDelayMs: 300, maxDelayMs: 800, vadSilenceMs: 300 };

/** Speech of at least so long stops the agent; a cough or "mm" is shorter. */
export const BARGE_IN_MS = 400;

/** Silence after which the gateway ends an utterance by itself, should our own request for the final text be lost. */
export const GATEWAY_ENDPOINTING_MS = 1_000;
