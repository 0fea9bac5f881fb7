import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '@eloquence/testkit/free-port';
import { waitFor } from '@eloquence/testkit/wait-for';
import * as z from 'zod';

const ROOT = path.resolve(import.meta.dirname, '../..');
const START_DEADLINE_MS = 240_000;
const STOP_DEADLINE_MS = 40_000;

const stackFileSchema = z.object({
  pid: z.number(),
  urls: z.object({
    api: z.string(),
    stt: z.string(),
    tts: z.string(),
    whisper: z.string(),
    livekit: z.string(),
    prometheus: z.string().optional(),
  }),
  env: z.record(z.string(), z.string()),
});

/** A running product, as `npm start` left it in its state folder. */
export type Stack = z.infer<typeof stackFileSchema> & { readonly stateDir: string };

/** Ports of their own, so that the tests run beside a stack somebody is using. */
const PORT_NAMES = [
  'API_PORT',
  'STT_PORT',
  'WHISPER_PORT',
  'TTS_PORT',
  'AGENT_PORT',
  'WORKER_PORT',
  'LIVEKIT_PORT',
  'LIVEKIT_TCP_PORT',
  'LIVEKIT_UDP_PORT',
  'REDIS_PORT',
  'POSTGRES_PORT',
  'PROMETHEUS_PORT',
] as const;

export function readStack(stateDir: string): Stack | undefined {
  const file = path.join(stateDir, 'stack.json');
  if (!existsSync(file)) return undefined;
  return { ...stackFileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))), stateDir };
}

/** Settings that would make the tests talk to a vendor or to somebody's servers. Empty takes them out of a `.env` too. */
const NOT_FOR_TESTS = [
  'MISTRAL_API_KEY',
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GROQ_API_KEY',
  'LLM_REST_URL',
  'ELEVENLABS_API_KEY',
  'DEEPGRAM_API_KEY',
  'STT_ENGINES',
  'REDIS_URL',
  'DATABASE_URL',
  'LIVEKIT_URL',
  'LIVEKIT_PUBLIC_URL',
  'API_KEYS',
  'PUBLIC_ADDRESS',
  'TTS_REST_URL',
  'TTS_VOICES',
  'PIPER_URL',
  'PIPER_VOICE_FR',
  'PIPER_VOICE_EN',
  'LLM_PROVIDER',
  'LLM_TALK',
  'LLM_SUMMARISE',
  'LLM_SYNTHESISE',
  'LLM_JUDGE',
  'TTS_PROVIDERS',
];

export interface RunningStack extends AsyncDisposable {
  readonly stack: Stack;
}

/**
 * Starts the product by the command a user types, in a state folder and on ports of its own; disposing it stops it and
 * removes the folder.
 *
 * @param settings variables over those of a product without any key
 */
export async function startStack(settings: Readonly<Record<string, string>> = {}): Promise<RunningStack> {
  mkdirSync(path.join(ROOT, '.eloquence'), { recursive: true });
  const stateDir = mkdtempSync(path.join(ROOT, '.eloquence/e2e-'));
  const { child, stack } = await start(stateDir, settings).catch((error: unknown) => {
    rmSync(stateDir, { recursive: true, force: true });
    throw error;
  });
  return {
    stack,
    [Symbol.asyncDispose]: async () => {
      await stop(child);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

async function start(
  stateDir: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; stack: Stack }> {
  const portEnv: Record<string, string> = {};
  for (const name of PORT_NAMES) portEnv[name] = String(await freePort());
  // Ours keeps rtc-node quiet; there it would leave out what builds the page.
  const { NODE_ENV: _ofTheTests, ...inherited } = process.env;
  const env = {
    ...inherited,
    ...Object.fromEntries(NOT_FOR_TESTS.map((name) => [name, ''])),
    ...portEnv,
    ELOQUENCE_STATE_DIR: stateDir,
    WHISPER_MODEL: 'demo',
    OLLAMA_URL: 'http://127.0.0.1:9',
    // The demo recogniser, by which tests hear, understands espeak-ng's man alone.
    TTS_VOICES: path.join(import.meta.dirname, 'voices.json'),
    ...settings,
  };
  const child = spawn(process.execPath, [path.join(ROOT, 'tools/start.mjs')], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const died = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
  });
  const ready = waitFor(() => readStack(stateDir), {
    timeoutMs: START_DEADLINE_MS,
    intervalMs: 200,
    what: 'stack.json',
  });
  const stack = await Promise.race([ready, died]).catch((error: unknown) => {
    child.kill('SIGINT');
    throw new Error(`The stack did not start. It printed:\n${output}`, { cause: error });
  });
  return { child, stack };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(timer);
}
