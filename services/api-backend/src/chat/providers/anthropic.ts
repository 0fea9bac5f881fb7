import { modelEngine } from './model-engine.ts';
import type { ChatProvider } from './provider.ts';
import { whenLoaded, type VendorSettings } from './vendor-client.ts';

/**
 * Anthropic. Its models cannot all be given the beginning of an answer, so it does not `continue`: it is asked in words to
 * go on. Only who has a key loads its library: now, before the first request.
 */
export function anthropicChat(settings: VendorSettings): ChatProvider {
  const facts = {
    id: 'anthropic' as const,
    defaultModel: () => settings.model,
    engine: (model = settings.model) => modelEngine('anthropic', 'Anthropic', model),
  };
  return whenLoaded(
    facts,
    import('./anthropic-client.ts').then(({ anthropicClient }) => anthropicClient(settings)),
  );
}
