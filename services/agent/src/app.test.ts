import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { expect, onTestFinished, test } from 'vitest';
import { buildApp } from './app.ts';
import { loadConfig } from './config.ts';

const KEY = 'a-key-of-sixteen-characters';
const env = { INTERNAL_API_KEY: KEY, REDIS_URL: 'redis://127.0.0.1:1', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' };
const nowhere = { STT_URL: 'http://127.0.0.1:1', TTS_URL: 'http://127.0.0.1:1', API_URL: 'http://127.0.0.1:1' };

function setUp(takingWork = true) {
  const app = buildApp({
    config: loadConfig({ ...env, ...nowhere }),
    logger: createLogger('test', 'silent'),
    telemetry: new Telemetry({ processMetrics: false }),
    checkServing: async () => {},
    takingWork: () => takingWork,
    activeJobs: () => 3,
    onWarm: () => {},
  });
  onTestFinished(() => app.close());
  return app;
}

const turn = {
  stt_final_ms: 400,
  turn_committed_ms: 800,
  llm_ttft_ms: null,
  tts_ttfb_ms: 90,
  total_ms: 1_000,
  interrupted: false,
};

test('a turn reported by a job child becomes metrics, without the stages that did not happen', async () => {
  const app = setUp();
  const headers = { authorization: `Bearer ${KEY}` };
  const answer = await app.inject({ method: 'POST', url: '/internal/measurements', headers, payload: { turn } });
  expect(answer.statusCode).toBe(200);
  const { body } = await app.inject('/metrics');
  expect(body).toContain('eloquence_turn_seconds_sum{stage="total"} 1\n');
  expect(body).not.toContain('stage="llm_ttft"');
  expect(body).toContain('eloquence_turns_total{outcome="answered"} 1');
  expect(body).toContain('eloquence_agent_jobs 3');
});

test('only holders of the internal key may report', async () => {
  const answer = await setUp().inject({ method: 'POST', url: '/internal/measurements', payload: { turn } });
  expect(answer.statusCode).toBe(401);
});

test('readiness names every part a call needs', async () => {
  const answer = await setUp().inject('/ready');
  expect(answer.statusCode).toBe(503);
  expect(answer.json().checks).toMatchObject([
    { name: 'livekit', ok: true },
    { name: 'stt-gateway', ok: false },
    { name: 'tts-proxy', ok: false },
    { name: 'api-backend', ok: false },
  ]);
});

test('a worker that stops is not ready', async () => {
  const answer = await setUp(false).inject('/ready');
  expect(answer.json().checks[0]).toEqual({ name: 'livekit', ok: false, detail: 'stopping' });
});
