import { inference, voice, type stt, type tts, type llm } from '@livekit/agents';
import { BARGE_IN_MS, type EndpointingPolicy } from '../turn/endpointing.ts';

export interface SessionParts {
  readonly stt: stt.STT;
  readonly llm: llm.LLM;
  readonly tts: tts.TTS;
  readonly endpointing: EndpointingPolicy;
  /** Tools have effects, and a speculative answer must have none. */
  readonly speculate: boolean;
}

/** Paused speech goes on when the noise that paused it brought no words. */
const FALSE_INTERRUPTION_MS = 1_500;
/** The model is asked twice at most: a third silence is worse than an apology. */
const LLM_CONNECT = { maxRetry: 1, retryIntervalMs: 300, timeoutMs: 15_000 };

/** The agents-js session of a call. Everything it runs on is local or ours; nothing dials LiveKit's cloud. */
export function buildSession(parts: SessionParts): voice.AgentSession {
  const { endpointing, speculate } = parts;
  return new voice.AgentSession({
    stt: parts.stt,
    llm: parts.llm,
    tts: parts.tts,
    vad: new inference.VAD({ minSilenceDuration: endpointing.vadSilenceMs }),
    turnHandling: {
      turnDetection: new inference.TurnDetector({ version: 'v1-mini' }),
      endpointing: { mode: 'fixed', minDelay: endpointing.minDelayMs, maxDelay: endpointing.maxDelayMs },
      interruption: {
        enabled: true,
        mode: 'vad',
        minDuration: BARGE_IN_MS,
        falseInterruptionTimeout: FALSE_INTERRUPTION_MS,
        resumeFalseInterruption: true,
      },
      preemptiveGeneration: { enabled: speculate, preemptiveTts: speculate },
    },
    // A caller may interrupt the greeting.
    aecWarmupDuration: null,
    userAwayTimeout: null,
    connOptions: {
      llmConnOptions: LLM_CONNECT,
      // The call goes on whatever fails: the next turn may work, and only the person or the backend ends it.
      maxUnrecoverableErrors: Number.MAX_SAFE_INTEGER,
    },
  });
}
