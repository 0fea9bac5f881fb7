import { modelEngine } from './model-engine.ts';
import type { ChatProvider } from './provider.ts';
import { whenLoaded, type VendorSettings } from './vendor-client.ts';

/** Mistral. Its library costs 130 MB and a second, so only who has a key loads it: now, before the first request. */
export function mistralChat(settings: VendorSettings): ChatProvider {
  const facts = {
    id: 'mistral' as const,
    continues: true,
    defaultModel: () => settings.model,
    engine: (model = settings.model) => modelEngine('mistral', 'Mistral', model),
  };
  return whenLoaded(
    facts,
    import('./mistral-client.ts').then(({ mistralClient }) => mistralClient(settings)),
  );
}
