import type { Logger } from '@eloquence/shared/runtime/logger';
import { createService, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { TtsConfig } from './config.ts';
import type { SpeechProvider } from './providers/provider.ts';
import { VoiceChain } from './providers/voice-chain.ts';
import { registerSpeechRoutes } from './speech/routes.ts';
import { Speaker, type SpeakerLimits } from './speech/speaker.ts';

export interface AppDeps {
  readonly config: Pick<TtsConfig, 'internalKey' | 'ffmpeg'>;
  readonly providers: readonly SpeechProvider[];
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly limits?: SpeakerLimits;
}

/** Builds the server; it does not listen. Closing it closes the providers' connections. */
export function buildApp({ config, providers, logger, telemetry, limits }: AppDeps): Service {
  const chain = new VoiceChain(providers);
  const speaker = new Speaker({ chain, telemetry, logger, ...(limits && { limits }) });
  const app = createService({
    service: 'tts-proxy',
    logger,
    telemetry,
    readiness: [{ name: 'voice', check: async () => checkVoice(chain) }],
    engine: () => chain.engine(),
  });
  registerSpeechRoutes(app, { speaker, chain, internalKey: config.internalKey, ffmpeg: config.ffmpeg });
  app.addHook('onClose', () => chain.close());
  return app;
}

function checkVoice(chain: VoiceChain): string {
  const engine = chain.engine();
  if (engine) return engine.id;
  throw new Error('no voice: install espeak-ng (apt-get install espeak-ng), or set OPENAI_API_KEY');
}
