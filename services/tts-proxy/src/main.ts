import { createLogger } from '@eloquence/shared/runtime/logger';
import { handleSignals, Lifecycle, start } from '@eloquence/shared/runtime/lifecycle';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { createProviders } from './providers/create-providers.ts';
import type { SpeechProvider } from './providers/provider.ts';
import { resolveVoice } from './voices/resolve-voice.ts';
import type { Voice } from './voices/voice.ts';

start(async () => {
  const config = readConfig();
  const logger = createLogger('tts-proxy', config.logLevel);
  const lifecycle = new Lifecycle(logger);
  const providers = createProviders(config.providers);
  const app = buildApp({ config, providers, logger, telemetry: new Telemetry() });
  handleSignals({ logger, lifecycle });
  lifecycle.onClose('http server', () => app.close());
  await warmUp(providers, resolveVoice(config.voices, 'coach-fr'));
  await app.listen(config.listen);
  const voices = providers.map((provider) => provider.engine.id);
  logger.info({ ...config.listen, voices, ffmpeg: config.ffmpeg !== undefined }, 'listening');
});

/** A first sentence pays for loading program, voice and code (~150 ms); spoken to nobody here instead of to a person. */
async function warmUp(providers: readonly SpeechProvider[], voice: Voice): Promise<void> {
  const signal = AbortSignal.timeout(5_000);
  for (const provider of providers.filter(({ id }) => id === 'piper' || id === 'espeak')) {
    try {
      const pieces = provider.speak({ text: 'Bonjour.', voice, speed: 1 }, signal);
      for await (const piece of pieces) if (piece.length > 0) continue;
    } catch {
      // A voice that does not work shows at its first sentence, where another can take over.
    }
  }
}
