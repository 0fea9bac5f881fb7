import { join } from 'node:path';
import { repositoryRoot, toolsDir } from '@eloquence/testkit/config';
import { freePort } from '@eloquence/testkit/free-port';
import type { ManagedProcess } from '@eloquence/testkit/processes';
import { startPinned } from '../pinned-process.ts';

/** Keys of the gateway under test; the first is its own. */
export const KEY = 'key-of-the-bench';

export interface Running extends AsyncDisposable {
  readonly process: ManagedProcess;
  readonly url: string;
}

const running = (process: ManagedProcess, url: string): Running => ({
  process,
  url,
  [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
});

/** The real gateway in a process of its own. @param nodeFlags for instance --cpu-prof */
export async function startGateway(
  engineUrl: string,
  options: { readonly core?: number | undefined; readonly nodeFlags?: readonly string[] } = {},
): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { core, nodeFlags = [] } = options;
  const child = await startPinned({
    name: 'stt-gateway',
    args: [...nodeFlags, 'src/main.ts'],
    cwd: join(repositoryRoot, 'services/stt-gateway'),
    // Not the engine that the person's own keys prefer: it would be measured, and paid, and hear what is said.
    env: {
      PORT: String(port),
      STT_ENGINES: 'whisper',
      WHISPER_URL: engineUrl,
      INTERNAL_API_KEY: KEY,
      LOG_LEVEL: 'error',
    },
    core,
    readyUrl: `${url}/ready`,
  });
  return running(child, url);
}

export interface EngineOptions {
  readonly serviceMs: number;
  /** Calls it does at once. */
  readonly batch?: number;
  readonly core?: number | undefined;
}

/** An engine that always takes the same time. */
export async function startFixedEngine({ serviceMs, batch = 1, core }: EngineOptions): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startPinned({
    name: 'engine',
    args: ['engine-process.ts', '--port', String(port), '--service-ms', String(serviceMs), '--batch', String(batch)],
    cwd: import.meta.dirname,
    core,
    readyUrl: `${url}/ready`,
  });
  return running(child, url);
}

/** The real whisper-stt with its demo model. */
export async function startWhisper(core?: number): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startPinned({
    name: 'whisper-stt',
    command: join(toolsDir, 'venv/bin/python'),
    args: ['-m', 'whisper_stt'],
    cwd: join(repositoryRoot, 'services/whisper-stt'),
    env: { PORT: String(port), INTERNAL_API_KEY: KEY, LOG_LEVEL: 'error' },
    core,
    readyUrl: `${url}/ready`,
  });
  return running(child, url);
}
