import type { ChatPart, ChatProvider, ModelRequest } from './provider.ts';

/** What of a provider needs its vendor's library. */
export type VendorClient = Pick<ChatProvider, 'stream' | 'models' | 'check'>;

export interface VendorSettings {
  readonly apiKey: string;
  /** The vendor's own address or that of a host of its models, with or without `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
}

/** A provider whose library is still being loaded; the first request waits for it. */
export function whenLoaded(facts: Omit<ChatProvider, keyof VendorClient>, client: Promise<VendorClient>): ChatProvider {
  // Told to whoever asks; nobody may have asked yet.
  client.catch(() => undefined);
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const loaded = await client;
    signal.throwIfAborted();
    yield* loaded.stream(request, signal);
  }
  return {
    ...facts,
    stream,
    models: async (signal) => (await client).models(signal),
    check: async (signal) => (await client).check(signal),
  };
}
