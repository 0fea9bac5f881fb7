import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readinessSchema } from '@eloquence/shared/contracts/engine';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const KEY = 'internal-key-of-the-test';
const SECRET_WORDS = 'Monsieur Zorglub habite au huit rue des Lilas';
const { providers } = readConfig({ INTERNAL_API_KEY: KEY, PATH: process.env['PATH'] });
const espeak = providers.find((settings) => settings.id === 'espeak');

/** The service as it is started in production, on a port of its choosing. */
async function startProcess(env: Record<string, string>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      INTERNAL_API_KEY: KEY,
      PORT: '0',
      LOG_LEVEL: 'trace',
      TTS_CACHE_DIR: 'none',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    output: () => output,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exit)[0] as number | null;
    },
  };
}

describe.skipIf(!espeak)('the tts-proxy process', () => {
  it('turns to espeak-ng when OpenAI fails, without a spoken word or a key in its log, and ends cleanly', async () => {
    await using vendor = await new FakeOpenAi().listen();
    vendor.mode = { type: 'error', status: 500 };
    const running = await startProcess({ OPENAI_API_KEY: vendor.apiKey, OPENAI_BASE_URL: `${vendor.url}/v1` });
    await expect.poll(running.output, { timeout: 15_000 }).toMatch(/Server listening at/);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.output())?.[0];
    const response = await fetch(`${url}/v1/audio/speech`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input: SECRET_WORDS, response_format: 'wav' }),
    });
    expect(response.headers.get('x-eloquence-engine')).toBe('espeak-ng');
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(50_000);
    const refused = await fetch(`${url}/v1/audio/speech`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input: SECRET_WORDS, voice: 'none' }),
    });
    expect(refused.status).toBe(400);
    expect(running.output()).toMatch(/voice is away/);
    expect(await running.stop()).toBe(0);
    for (const secret of ['Zorglub', 'Lilas', KEY, vendor.apiKey]) expect(running.output()).not.toContain(secret);
  });

  it('tells of a key that is refused in its log and on /ready before anybody has waited for a voice', async () => {
    await using vendor = await new FakeOpenAi().listen();
    const env = { OPENAI_API_KEY: 'sk-mistyped', OPENAI_BASE_URL: `${vendor.url}/v1` };
    const running = await startProcess(env);
    await expect.poll(running.output, { timeout: 15_000 }).toMatch(/Server listening at/);
    await expect.poll(running.output).toMatch(/refused the key \(401\)\. Check OPENAI_API_KEY/);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.output())?.[0];
    const response = await fetch(`${url}/ready`);
    expect(response.status).toBe(200);
    const { checks, engine } = readinessSchema.parse(await response.json());
    const why = 'openai is away: OpenAI speech refused the key (401). Check OPENAI_API_KEY.';
    expect(checks).toEqual([{ name: 'voice', ok: true, detail: `espeak speaks; ${why}` }]);
    expect(engine).toMatchObject({ id: 'espeak-ng', fault: why });
    expect(vendor.requests.every(({ path }) => path === '/v1/models')).toBe(true);
    expect(running.output()).not.toContain('sk-mistyped');
    expect(await running.stop()).toBe(0);
  });

  it('does not start with settings it cannot use: exit code 2 and the fix', async () => {
    const running = await startProcess({ TTS_PROVIDERS: 'elevenlabs', INTERNAL_API_KEY: '' });
    expect((await once(running.child, 'exit'))[0]).toBe(2);
    expect(running.output()).toMatch(/INTERNAL_API_KEY: is not set/);
  });
});
