import { DeepgramEngine } from './deepgram-engine.ts';
import type { DeepgramStreamLimits } from './deepgram-stream.ts';
import type { EngineSettings } from './engine-settings.ts';
import type { SpeechEngine } from './engine.ts';
import { RestEngine } from './rest-engine.ts';
import { dialects } from './rest-dialects.ts';
import { WhisperEngine, type WhisperEngineOptions } from './whisper-engine.ts';

export interface EngineLimits {
  readonly decodeTimeoutMs: number;
  readonly connections: number;
  readonly stream: DeepgramStreamLimits;
}

/** Builds the engines of the settings; nothing is opened. */
export function createEngines(
  settings: readonly EngineSettings[],
  limits: EngineLimits,
  whisper: WhisperEngineOptions,
): SpeechEngine[] {
  const { decodeTimeoutMs, connections, stream } = limits;
  return settings.map((one) => {
    switch (one.name) {
      case 'whisper':
        return new WhisperEngine(whisper);
      case 'deepgram':
        return new DeepgramEngine({ ...one, decodeTimeoutMs, connections, limits: stream });
      case 'openai':
      case 'groq':
      case 'mistral':
      case 'rest':
        return new RestEngine(dialects[one.name], { ...one, decodeTimeoutMs, connections });
    }
  });
}
