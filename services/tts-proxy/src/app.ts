import type { Logger } from '@eloquence/shared/runtime/logger';
import { createService, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { LoudnessMemory } from './audio/loudness-memory.ts';
import { SpeechCache } from './cache/speech-cache.ts';
import type { VoiceChain } from './chain/voice-chain.ts';
import type { TtsConfig } from './config.ts';
import type { SpeechLimits } from './speech/limits.ts';
import { registerSpeechRoutes } from './speech/routes.ts';
import { Speaker } from './speech/speaker.ts';

export interface AppDeps {
  readonly config: Pick<TtsConfig, 'internalKey' | 'cache' | 'ffmpeg'>;
  readonly chain: VoiceChain;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly loudness?: LoudnessMemory;
  readonly limits?: SpeechLimits;
}

/**
 * Builds the server; it does not listen. Closing it ends the requests, then the providers' connections, and waits for what is
 * being written to the cache.
 */
export function buildApp({ config, chain, logger, telemetry, limits, loudness }: AppDeps): Service {
  const cache = createCache({ config, logger, telemetry });
  const speaker = new Speaker({
    chain,
    cache,
    telemetry,
    logger,
    loudness: loudness ?? new LoudnessMemory(),
    ...(limits && { limits }),
  });
  const app = createService({
    service: 'tts-proxy',
    logger,
    telemetry,
    readiness: [{ name: 'voice', check: async () => chain.summary }],
    engine: () => chain.engine(),
  });
  registerSpeechRoutes(app, { speaker, chain, internalKey: config.internalKey, ffmpeg: config.ffmpeg });
  app.addHook('onClose', async () => {
    await chain.close();
    await cache.close();
  });
  return app;
}

function createCache({ config, logger, telemetry }: Pick<AppDeps, 'config' | 'logger' | 'telemetry'>): SpeechCache {
  const { dir, diskBytes, memoryBytes } = config.cache;
  return new SpeechCache({
    memoryBytes,
    ...(dir !== undefined && { disk: { folder: dir, maxBytes: diskBytes } }),
    telemetry,
    logger,
  });
}
