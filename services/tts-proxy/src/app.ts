import type { Logger } from '@eloquence/shared/runtime/logger';
import { createService, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Tenants } from '@eloquence/shared/runtime/tenants';
import type { Ffmpeg } from './audio/ffmpeg.ts';
import { LoudnessMemory } from './audio/loudness-memory.ts';
import { SpeechCache } from './cache/speech-cache.ts';
import type { VoiceChain } from './chain/voice-chain.ts';
import type { TtsConfig } from './config.ts';
import type { SpeechLimits } from './speech/limits.ts';
import { Speaker } from './speech/speaker.ts';
import { registerWires } from './wire/routes.ts';
import { defaultSocketLimits } from './wire/socket-care.ts';

export interface AppDeps {
  readonly config: Omit<TtsConfig, 'logLevel' | 'listen' | 'ffmpeg'>;
  /** Without it only `pcm` and `wav` are served. It is closed with the server. */
  readonly ffmpeg?: Ffmpeg | undefined;
  readonly chain: VoiceChain;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly loudness?: LoudnessMemory;
  readonly limits?: SpeechLimits;
}

export interface Tts {
  /** Closing it ends the requests, then the providers' connections, and waits for what is being written to the cache. */
  readonly app: Service;
  /** Before it closes: nobody is let in any more, what is being said is said to its end, for some seconds. */
  readonly goAway: () => Promise<void>;
}

/** Builds the server; it does not listen. */
export function buildApp({ config, chain, logger, telemetry, limits, loudness, ffmpeg }: AppDeps): Tts {
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
  const goAway = registerWires(app, {
    opener: speaker,
    voices: config.voices,
    lenders: config.providers,
    tenants: new Tenants(config.internalKey, config.apiKeys),
    engine: () => chain.engine(),
    ffmpeg,
    telemetry,
    logger,
    limits: { ...defaultSocketLimits, max: config.maxStreams },
  });
  app.addHook('onClose', async () => {
    ffmpeg?.close();
    await chain.close();
    await cache.close();
  });
  return { app, goAway };
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
