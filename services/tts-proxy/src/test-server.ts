import type { AddressInfo } from 'node:net';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Ffmpeg } from './audio/ffmpeg.ts';
import { buildApp } from './app.ts';
import { VoiceChain } from './chain/voice-chain.ts';
import type { SpeechProvider } from './providers/provider.ts';
import { defaultLimits, type SpeechLimits } from './speech/limits.ts';
import { builtinMap } from './voices/voice-map.ts';

const KEY = 'internal-key-of-the-test';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly telemetry: Telemetry;
  /** Posts to `/v1/audio/speech` with the right key; `pcm` and a French sentence unless told otherwise. */
  speak(body?: Record<string, unknown>, init?: RequestInit): Promise<Response>;
  get(path: string): Promise<Response>;
}

/** The whole service on port 0, for tests. */
export async function serveTts(options: {
  readonly providers: readonly SpeechProvider[];
  readonly limits?: Partial<SpeechLimits>;
  readonly ffmpeg?: Ffmpeg;
}): Promise<TestServer> {
  const telemetry = new Telemetry({ processMetrics: false });
  const logger = createLogger('tts-proxy', 'silent');
  const cache = { diskBytes: 0, memoryBytes: 4_000_000 };
  const { app } = buildApp({
    config: {
      internalKey: KEY,
      apiKeys: [],
      providers: [],
      voices: builtinMap,
      maxStreams: 100,
      cache,
    },
    ffmpeg: options.ffmpeg,
    chain: new VoiceChain(options.providers, { logger }),
    logger,
    telemetry,
    limits: { ...defaultLimits, ...options.limits },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  return {
    url,
    telemetry,
    speak: (body = {}, init = {}) =>
      fetch(`${url}/v1/audio/speech`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ input: 'Bonjour, je suis votre coach.', response_format: 'pcm', ...body }),
        ...init,
      }),
    get: (path) => fetch(url + path, { headers }),
    async [Symbol.asyncDispose]() {
      await app.close();
    },
  };
}
