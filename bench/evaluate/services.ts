import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readinessSchema } from '@eloquence/shared/contracts/engine';
import { toolsDir, repositoryRoot } from '@eloquence/testkit/config';
import { freePort } from '@eloquence/testkit/free-port';
import { findProgram, ManagedProcess, MissingProgramError } from '@eloquence/testkit/processes';
import * as z from 'zod';

/** A service of the product on a free port, with what it answered when it was ready. Disposing it stops it. */
export interface RunningService extends AsyncDisposable {
  readonly process: ManagedProcess;
  readonly url: string;
  readonly key: string;
  readonly ready: z.infer<typeof serviceReadySchema>;
  /** ms from its start until it was ready; of a model that was downloaded, since the download's end. */
  readonly startMs: number;
}

/** As readinessSchema; whisper-stt calls its status "ok". */
const serviceReadySchema = z.looseObject({
  checks: readinessSchema.shape.checks,
  engine: readinessSchema.shape.engine.catch(undefined),
});

/** Between the services of one evaluation; it is gone with them. */
const KEY = `evaluation-${crypto.randomUUID()}`;
/** A large model over a slow line. */
const DOWNLOAD_MS = 3_600_000;
const START_MS = 60_000;

const downloadSchema = z.object({ event: z.literal('download'), percent: z.number(), total_mb: z.number() });

export interface WhisperOptions {
  readonly model: string;
  /** WHISPER_WINDOW; undefined leaves it to the environment. */
  readonly window: string | undefined;
  readonly onProgress: (text: string) => void;
}

/** @throws Error with whisper-stt's own reason when the model cannot be downloaded or loaded */
export async function startWhisper({ model, window, onProgress }: WhisperOptions): Promise<RunningService> {
  const folder = join(repositoryRoot, 'services/whisper-stt');
  const modelDir = process.env['WHISPER_MODEL_DIR'] || join(toolsDir, 'models');
  let downloadedMs: number | undefined;
  return startService({
    name: 'whisper-stt',
    command: python(),
    args: ['-m', 'whisper_stt'],
    cwd: folder,
    env: {
      WHISPER_MODEL: model,
      WHISPER_MODEL_DIR: resolve(repositoryRoot, modelDir),
      ...(window !== undefined && { WHISPER_WINDOW: window }),
      LOG_LEVEL: 'error',
    },
    timeoutMs: DOWNLOAD_MS,
    onOutput: (output) => {
      const last = downloadOf(output);
      if (last) downloadedMs = performance.now();
      if (last) onProgress(`${model}: downloading, ${last.percent} % of ${last.total_mb} MB`);
    },
    loadingSinceMs: () => downloadedMs,
  });
}

/** stt-gateway in front of a whisper-stt. */
export async function startGateway(whisper: RunningService): Promise<RunningService> {
  return startService({
    name: 'stt-gateway',
    command: process.execPath,
    args: ['src/main.ts'],
    cwd: join(repositoryRoot, 'services/stt-gateway'),
    // Not the engine that the person's own settings prefer.
    env: { STT_ENGINES: 'whisper', WHISPER_URL: whisper.url, API_KEYS: '', LOG_LEVEL: 'error' },
    timeoutMs: START_MS,
  });
}

/** tts-proxy with the keys and voices of the environment, and with `env`. */
export async function startTtsProxy(env: Readonly<Record<string, string>>): Promise<RunningService> {
  return startService({
    name: 'tts-proxy',
    command: process.execPath,
    // From the repository: it finds .eloquence/voices there.
    args: ['services/tts-proxy/src/main.ts'],
    cwd: repositoryRoot,
    env: { ...env, LOG_LEVEL: 'error', PATH: `${join(toolsDir, 'bin')}:${process.env['PATH'] ?? ''}` },
    timeoutMs: START_MS,
  });
}

/** whisper-stt's own Python. @throws MissingProgramError */
export function python(): string {
  try {
    return findProgram('python', [join(toolsDir, 'venv/bin')]);
  } catch (error) {
    throw new MissingProgramError('whisper-stt is not set up here. Run "npm start" once: it installs it.', {
      cause: error,
    });
  }
}

interface ServiceOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** What it has printed so far, looked at while it starts. */
  readonly onOutput?: (output: string) => void;
  readonly loadingSinceMs?: () => number | undefined;
}

async function startService(options: ServiceOptions): Promise<RunningService> {
  const { name, command, args, cwd, timeoutMs, onOutput, loadingSinceMs } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...options.env, PORT: String(port), BIND_ADDRESS: '127.0.0.1', INTERNAL_API_KEY: KEY };
  const startedMs = performance.now();
  const child = new ManagedProcess({ name, command, args, cwd, env });
  let ready: RunningService['ready'] | undefined;
  try {
    await child.ready(async () => {
      onOutput?.(child.output);
      const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) });
      if (response.ok) ready = serviceReadySchema.parse(await response.json());
      return response.ok;
    }, timeoutMs);
  } catch (error) {
    await child.stop();
    throw new Error(reasonOf(child), { cause: error });
  }
  if (!ready) throw new Error(`${name} gave no readiness`);
  const startMs = performance.now() - (loadingSinceMs?.() ?? startedMs);
  return { process: child, url, key: KEY, ready, startMs, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** The line in which a service says why it stopped, else the last one it wrote. */
export function reasonOf({ name, output }: Pick<ManagedProcess, 'name' | 'output'>): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const said = lines.findLast((line) => line.startsWith(`${name}: `));
  return said?.slice(name.length + 2) ?? lines.at(-1) ?? `${name} ended without a word`;
}

function downloadOf(output: string): z.infer<typeof downloadSchema> | undefined {
  const line = output.split('\n').findLast((one) => one.startsWith('{"event": "download"') && one.endsWith('}'));
  return line === undefined ? undefined : downloadSchema.safeParse(JSON.parse(line)).data;
}

/** Most memory a process has held so far, MB; undefined where the system does not say (Linux does). */
export function peakMemoryMb(child: ManagedProcess): number | undefined {
  try {
    const kb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? undefined : Math.round(Number(kb) / 1024);
  } catch {
    return undefined;
  }
}
