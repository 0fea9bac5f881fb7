import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@eloquence/testkit/config';
import { freePort } from '@eloquence/testkit/free-port';
import type { ManagedProcess } from '@eloquence/testkit/processes';
import { startPinned } from '../pinned-process.ts';
import type { Target } from './ask.ts';

const KEY = 'key-of-the-bench';

export interface TtsOptions {
  /** As TTS_PROVIDERS; not what the person's own keys prefer: it would be measured, and paid. */
  readonly providers: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Kept when the process ends; without it there is a folder of its own. */
  readonly cacheDir?: string;
  readonly core?: number | undefined;
}

export interface RunningTts extends Target, AsyncDisposable {
  readonly process: ManagedProcess;
}

/** The real tts-proxy in a process of its own. */
export async function startTts({ providers, env = {}, cacheDir, core }: TtsOptions): Promise<RunningTts> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const ownDir = mkdtempSync(join(tmpdir(), 'bench-tts-'));
  const process = await startPinned({
    name: 'tts-proxy',
    args: ['src/main.ts'],
    cwd: join(repositoryRoot, 'services/tts-proxy'),
    env: {
      PORT: String(port),
      INTERNAL_API_KEY: KEY,
      LOG_LEVEL: 'error',
      TTS_PROVIDERS: providers,
      TTS_CACHE_DIR: cacheDir ?? ownDir,
      ...env,
    },
    core,
    readyUrl: `${url}/ready`,
  });
  return {
    process,
    url,
    key: KEY,
    [Symbol.asyncDispose]: async () => {
      await process[Symbol.asyncDispose]();
      rmSync(ownDir, { recursive: true, force: true });
    },
  };
}

/** Settings with which tts-proxy takes a fake for OpenAI. */
export function asOpenAi(vendor: { readonly url: string; readonly apiKey: string }): Record<string, string> {
  return { OPENAI_API_KEY: vendor.apiKey, OPENAI_BASE_URL: `${vendor.url}/v1`, OPENAI_TTS_MODEL: 'gpt-4o-mini-tts' };
}

/** The same for ElevenLabs. */
export function asElevenLabs(vendor: { readonly url: string; readonly apiKey: string }): Record<string, string> {
  return { ELEVENLABS_API_KEY: vendor.apiKey, ELEVENLABS_BASE_URL: vendor.url };
}
