import { createLogger } from '@eloquence/shared/runtime/logger';
import { handleSignals, Lifecycle, start } from '@eloquence/shared/runtime/lifecycle';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { buildApp } from './app.ts';
import { Ffmpeg } from './audio/ffmpeg.ts';
import { LoudnessMemory } from './audio/loudness-memory.ts';
import { polish } from './audio/polish.ts';
import { voiceKey } from './chain/attempt.ts';
import { VoiceChain } from './chain/voice-chain.ts';
import { readConfig } from './config.ts';
import { createProviders } from './providers/create-providers.ts';
import type { SpeechProvider } from './providers/provider.ts';
import { resolveVoice } from './voices/resolve-voice.ts';
import type { Voice } from './voices/voice.ts';

/** Long enough to tell how loud a voice is. */
const WARM_UP = 'Bonjour, je suis votre coach. De quoi parlons-nous ?';

start(async () => {
  const config = readConfig();
  const logger = createLogger('tts-proxy', config.logLevel);
  const lifecycle = new Lifecycle(logger);
  const providers = createProviders(config.providers);
  const chain = new VoiceChain(providers, { logger });
  const loudness = new LoudnessMemory();
  const ffmpeg = config.ffmpeg === undefined ? undefined : await Ffmpeg.open(config.ffmpeg);
  const { app, goAway } = buildApp({ config, ffmpeg, chain, loudness, logger, telemetry: new Telemetry() });
  handleSignals({ logger, lifecycle });
  lifecycle.onClose('http server', () => app.close());
  lifecycle.onClose('answers', goAway);
  // A wrong key is known before somebody waits for its voice.
  void chain.check();
  await warmUp(providers, resolveVoice(config.voices, 'coach-fr'), loudness);
  await app.listen(config.listen);
  const voices = providers.map((provider) => provider.engine.id);
  logger.info({ ...config.listen, voices, encoders: [...(ffmpeg?.formats ?? [])] }, 'listening');
});

/**
 * A first sentence pays for loading program, voice and code (~150 ms), and begins at a guess of its loudness; spoken to nobody
 * here instead of to a person.
 */
async function warmUp(providers: readonly SpeechProvider[], voice: Voice, loudness: LoudnessMemory): Promise<void> {
  const signal = AbortSignal.timeout(5_000);
  for (const provider of providers.filter(({ id }) => id === 'piper' || id === 'espeak')) {
    try {
      const pieces = provider.speak({ text: WARM_UP, voice, speed: 1 }, signal);
      const polished = polish(pieces, { voiceKey: voiceKey(provider, voice), loudness, signal });
      for await (const piece of polished) if (piece.length > 0) continue;
    } catch {
      // A voice that does not work shows at its first sentence, where another can take over.
    }
  }
}
