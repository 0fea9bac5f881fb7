import { elevenlabsSpeech } from './elevenlabs.ts';
import { espeakSpeech } from './espeak.ts';
import { mistralSpeech } from './mistral.ts';
import { openaiSpeech } from './openai.ts';
import { piperServerSpeech } from './piper-server.ts';
import { piperSpeech } from './piper.ts';
import type { ProviderSettings } from './provider-settings.ts';
import type { SpeechProvider } from './provider.ts';
import { restSpeech } from './rest.ts';

/**
 * The voices of the settings, in their order.
 *
 * @throws ConfigError when the description of one of Piper's voices cannot be read
 */
export function createProviders(settings: readonly ProviderSettings[]): SpeechProvider[] {
  return settings.map((one) => createProvider(one));
}

function createProvider(settings: ProviderSettings): SpeechProvider {
  switch (settings.id) {
    case 'openai':
      return openaiSpeech(settings);
    case 'elevenlabs':
      return elevenlabsSpeech(settings);
    case 'mistral':
      return mistralSpeech(settings);
    case 'rest':
      return restSpeech(settings);
    case 'piper':
      return 'url' in settings ? piperServerSpeech(settings) : piperSpeech(settings);
    case 'espeak':
      return espeakSpeech(settings);
  }
}
