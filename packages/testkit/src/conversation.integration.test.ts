import Fastify from 'fastify';
import { AccessToken } from 'livekit-server-sdk';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import type { SessionEvent } from '@eloquence/shared/contracts/events';
import { faultsOf, transcriptErrors } from './call-report.ts';
import { Caller } from './caller.ts';
import { runConversation } from './conversation.ts';
import './integration-setup.ts';
import { readWav } from './wav.ts';
import { waitFor } from './wait-for.ts';
import { SAMPLE_RATE_HZ, toSamples } from './waveform.ts';

const SESSION_ID = 'ses_aaaaaaaaaaaaaaaaaaaa';
const THINKING_MS = 500;
const sentences = ['je suis prêt à commencer', 'donnez-moi un conseil'];

const now = () => new Date().toISOString();

const tone = (lengthMs: number) =>
  Int16Array.from({ length: toSamples(lengthMs) }, (_, at) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * 300 * at) / SAMPLE_RATE_HZ)),
  );

async function token(identity: string): Promise<string> {
  const { apiKey, apiSecret } = inject('livekit');
  const access = new AccessToken(apiKey, apiSecret, { identity });
  access.addGrant({ room: SESSION_ID, roomJoin: true });
  return access.toJwt();
}

/** The least that answers like a stack: the session API, and an "agent" that beeps half a second after it hears silence. */
async function fakeStack(signal: AbortSignal) {
  const events: SessionEvent[] = [];
  const tell = (body: Record<string, unknown>) =>
    events.push({ ...body, at: now(), seq: events.length + 1, session_id: SESSION_ID } as SessionEvent);
  const utterances: unknown[] = [];
  const utterance = (role: string, text: string) =>
    utterances.push({
      utterance_id: `utt_${'abcdefgh'[utterances.length]}aaaaaaaaaaaaaaa`,
      speaker: role,
      role,
      text,
      start_ms: 0,
      end_ms: 1,
    });
  const session = {
    session_id: SESSION_ID,
    room_name: SESSION_ID,
    scenario_id: 'coaching_vocal',
    kind: 'conversation',
    language: 'fr',
    created_at: now(),
  };
  const app = Fastify({ forceCloseConnections: true });
  app.post('/api/sessions', async (_request, reply) => {
    tell({ type: 'session.created', scenario_id: 'coaching_vocal', language: 'fr' });
    return reply.code(201).send({
      ...session,
      livekit_url: inject('livekit').url,
      livekit_token: await token('person'),
      token_expires_at: now(),
      state: 'created',
      events_url: `/api/sessions/${SESSION_ID}/events`,
    });
  });
  app.get(`/api/sessions/${SESSION_ID}/events`, async (_request, reply) => {
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = 0;
    const timer = setInterval(() => {
      for (; sent < events.length; sent += 1) reply.raw.write(`data: ${JSON.stringify(events[sent])}\n\n`);
    }, 20);
    reply.raw.on('close', () => clearInterval(timer));
    return reply.hijack();
  });
  app.get(`/api/sessions/${SESSION_ID}/transcript`, () => ({ session_id: SESSION_ID, language: 'fr', utterances }));
  app.post(`/api/sessions/${SESSION_ID}/end`, () => {
    tell({ type: 'session.ended', reason: 'requested' });
    const ended = { state: 'ended', end_reason: 'requested', started_at: now(), ended_at: now() };
    return { session: { ...session, ...ended, user_id: 'scripted-caller', name: null } };
  });
  const apiUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  const agent = await Caller.join({ livekitUrl: inject('livekit').url, token: await token('agent') });
  const talk = async () => {
    await waitFor(() => agent.others.includes('person'), { timeoutMs: 10_000, signal });
    tell({ type: 'session.started' });
    await agent.speak(tone(600));
    utterance('agent', 'bonjour');
    for (const sentence of sentences) {
      await agent.heard.waitForSound(agent.nowMs, { timeoutMs: 10_000, signal });
      await agent.heard.waitForSilence(THINKING_MS, () => agent.nowMs, { timeoutMs: 10_000, signal });
      utterance('user', sentence);
      const stages = { stt_final_ms: 100, turn_committed_ms: 300, llm_ttft_ms: 50, tts_ttfb_ms: 60 };
      tell({ type: 'turn.measured', turn: { ...stages, total_ms: THINKING_MS, interrupted: false } });
      await agent.speak(tone(800));
      utterance('agent', 'bien');
    }
  };
  const talking = talk().catch(() => undefined);
  return {
    apiUrl,
    [Symbol.asyncDispose]: async () => {
      await agent.leave();
      await talking;
      await app.close();
    },
  };
}

test('a scripted call is measured turn by turn from outside', async ({ signal }) => {
  await using stack = await fakeStack(signal);
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-call-'));
  const wavPath = join(folder, 'call.wav');
  const result = await runConversation({ apiUrl: stack.apiUrl, script: sentences, wavPath, signal });
  expect(faultsOf(result)).toEqual([]);
  expect(transcriptErrors(result)).toMatchObject({ errors: 0 });
  for (const turn of result.turns) {
    // What the "agent" waits, and the way there and back.
    expect(turn.latencyMs).toBeGreaterThan(THINKING_MS);
    expect(turn.latencyMs).toBeLessThan(THINKING_MS + 700);
    expect(Math.abs((turn.heardTo ?? 0) - (turn.heardFrom ?? 0) - 800)).toBeLessThan(60);
    expect(turn.stages?.total_ms).toBe(THINKING_MS);
  }
  expect(result.greetingMs).not.toBeNull();
  expect(existsSync(wavPath)).toBe(true);
  expect(readWav(wavPath).length).toBeGreaterThan(SAMPLE_RATE_HZ * 4);
  rmSync(folder, { recursive: true });
});
