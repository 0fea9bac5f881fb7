import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCENARIOS_KEY } from '@eloquence/shared/contracts/scenario';
import { eventKeys, type SessionEvent, type SessionEventType } from '@eloquence/shared/contracts/events';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { newSessionId } from '@eloquence/shared/runtime/ids';
import { Caller } from '@eloquence/testkit/caller';
import { freePort } from '@eloquence/testkit/free-port';
import '@eloquence/testkit/integration-setup';
import { waitFor } from '@eloquence/testkit/wait-for';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { Room } from '@livekit/rtc-node';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { FakeGateway } from './test-support/fake-gateway.ts';
import { FakeApi } from './test-support/fake-peers.ts';
import { FakeVoice } from './test-support/fake-voice.ts';
import { TonePublisher } from './test-support/tone-publisher.ts';
import { accessToken, deleteRoom, dispatchAgent, openRoom, participants } from './test-support/livekit-rooms.ts';

const KEY = 'internal-key-of-tests';
const AGENT_NAME = 'agent-under-test';
const TEXTS = ['je voudrais préparer un entretien', 'je suis prêt', 'donnez-moi un conseil'];

const stack = new AsyncDisposableStack();
const sessionId = newSessionId();
const logs: string[] = [];
let gateway: FakeGateway;
let voice: FakeVoice;
let api: FakeApi;
let redis: Redis;
let worker: ChildProcess;
let agentUrl: string;

const events = (id = sessionId): Promise<SessionEvent[]> => new EventLog(redis).read(id, 0);
async function eventsOf<T extends SessionEventType>(
  type: T,
  id = sessionId,
): Promise<Extract<SessionEvent, { type: T }>[]> {
  return (await events(id)).filter((event): event is Extract<SessionEvent, { type: T }> => event.type === type);
}

/** Whether the agent has said, and been heard to say, such a sentence. */
async function saidByAgent(sentence: RegExp, id?: SessionId): Promise<boolean> {
  const said = await (id ? eventsOf('utterance.final', id) : eventsOf('utterance.final'));
  return said.some(({ utterance }) => utterance.role === 'agent' && sentence.test(utterance.text));
}
const joinAs = (identity: string, room: string = sessionId): Promise<Caller> =>
  Caller.join({
    livekitUrl: inject('livekit').url,
    token: accessToken(inject('livekit'), identity, { room, roomJoin: true, canUpdateOwnMetadata: false }),
  });
const activeJobs = async (): Promise<number> =>
  Number(/^eloquence_agent_jobs (\d+)/m.exec(await (await fetch(`${agentUrl}/metrics`)).text())?.[1]);

/** The job child that is in a call: the media engine has started its threads there. */
function childInCall(): number {
  const children = execFileSync('pgrep', ['-P', String(worker.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return Number(children.filter(isJob).toSorted((a, b) => threads(b) - threads(a))[0]);
}
const threads = (pid: string): number => readdirSync(`/proc/${pid}/task`).length;
const isJob = (pid: string): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('job_proc');

beforeAll(async () => {
  const now = new Date().toISOString();
  gateway = stack.use(await FakeGateway.start({ texts: TEXTS }));
  voice = stack.use(await FakeVoice.start());
  api = stack.use(
    await FakeApi.start({
      session: {
        session_id: sessionId,
        user_id: 'marie',
        scenario_id: 'coaching_vocal',
        kind: 'conversation',
        language: 'fr',
        name: null,
        state: 'created',
        end_reason: null,
        room_name: sessionId,
        created_at: now,
        started_at: null,
        ended_at: null,
      },
      options: { keyterms: ['Eloquence'] },
    }),
  );
  redis = new Redis(inject('redisUrl'));
  stack.defer(() => redis.disconnect());
  const port = await freePort();
  agentUrl = `http://127.0.0.1:${port}`;
  const stateDir = mkdtempSync(join(tmpdir(), 'agent-test-'));
  stack.defer(() => rmSync(stateDir, { recursive: true, force: true }));
  const { url, apiKey, apiSecret } = inject('livekit');
  worker = spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(port),
      INTERNAL_API_KEY: KEY,
      REDIS_URL: inject('redisUrl'),
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
      AGENT_NAME,
      STT_URL: gateway.url,
      TTS_URL: voice.url,
      API_URL: api.url,
      ELOQUENCE_STATE_DIR: stateDir,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (data: Buffer) => logs.push(data.toString()));
  stack.defer(() => void worker.kill('SIGKILL'));
  await waitFor(async () => (await fetch(`${agentUrl}/ready`)).ok, {
    what: 'the agent to be ready',
    timeoutMs: 50_000,
  });
});

afterAll(async () => {
  if (process.env['AGENT_TEST_LOGS']) process.stderr.write(logs.join(''));
  await stack.disposeAsync();
});

test('a worker that is ready announces its scenarios', async () => {
  const announced = await waitFor(() => redis.get(SCENARIOS_KEY), { what: 'the announcement' });
  expect(announced).toContain('coaching_vocal');
  expect(announced).toContain('"kind":"meeting"');
  expect(await redis.pttl(SCENARIOS_KEY)).toBeGreaterThan(10_000);
});

test(
  'a call: greeting, an answered turn, an interruption, a reload, a failing model, the end',
  { timeout: 120_000 },
  async () => {
    await openRoom(inject('livekit'), sessionId, AGENT_NAME, { session_id: sessionId });
    let caller = await joinAs('user-one');

    await waitFor(() => caller.heard.segments({ joinGapMs: 300 })[0], { what: 'the greeting', timeoutMs: 20_000 });
    expect(voice.inputs[0]).toMatch(/^Bonjour/);
    await waitFor(async () => (await eventsOf('utterance.final')).some(({ utterance }) => utterance.role === 'agent'), {
      what: 'the greeting in the transcript',
      timeoutMs: 20_000,
    });

    const spoken = await caller.speak(await synthesize(TEXTS[0] ?? ''));
    const answer = await waitFor(
      () => caller.heard.segments({ joinGapMs: 300 }).find((segment) => segment.fromMs > spoken.toMs),
      { what: 'an answer', timeoutMs: 10_000 },
    );
    expect(answer.fromMs - spoken.toMs).toBeLessThan(1_500);
    expect(gateway.streams[0]?.authorization).toBe(`Token ${KEY}`);
    expect(gateway.streams[0]?.url.searchParams.getAll('keyterm')).toEqual(['Eloquence']);
    expect(api.chats[0]?.sessionId).toBe(sessionId);
    expect(api.chats[0]?.request.messages[0]?.content).toMatch(/\nLanguage: fr$/);
    const [turn] = await waitFor(
      async () => {
        const turns = await eventsOf('turn.measured');
        return turns.length > 0 && turns;
      },
      { what: 'a measured turn', timeoutMs: 15_000 },
    );
    expect(turn?.turn.total_ms).toBeGreaterThan(250);
    expect(turn?.turn.interrupted).toBe(false);
    const user = (await eventsOf('utterance.final')).filter(({ utterance }) => utterance.role === 'user');
    expect(user.map(({ utterance }) => [utterance.text, utterance.speaker])).toEqual([[TEXTS[0], 'marie']]);

    api.answer =
      'Voici une réponse assez longue pour que quelqu’un ait le temps de la couper avant sa fin, ce qui arrive.';
    const second = await caller.speak(await synthesize(TEXTS[1] ?? ''));
    await waitFor(() => caller.heard.segments({ joinGapMs: 300 }).find((segment) => segment.fromMs > second.toMs), {
      what: 'a long answer',
      timeoutMs: 10_000,
    });
    const talkedFor = () => caller.heard.segments({ joinGapMs: 300 }).at(-1)?.toMs ?? 0;
    await waitFor(() => talkedFor() > second.toMs + 2_000, { what: 'a second of answer' });
    api.answer = 'D’accord.';
    const interruption = await caller.speak(await synthesize('attendez je voudrais dire quelque chose'));
    const cut = await waitFor(
      async () => (await eventsOf('utterance.final')).find(({ utterance }) => utterance.text.startsWith('Voici')),
      { what: 'what was heard of the long answer', timeoutMs: 10_000 },
    );
    expect(cut.utterance.text).not.toContain('arrive');
    const silent = caller.heard.segments().findLast((segment) => segment.fromMs < interruption.toMs);
    expect((silent?.toMs ?? 0) - interruption.fromMs).toBeLessThan(1_200);

    await caller.leave();
    await waitFor(async () => (await eventsOf('participant.left')).length > 0, { what: 'the reload to be noticed' });
    caller = await joinAs('user-two');
    await waitFor(async () => (await eventsOf('participant.joined')).some(({ identity }) => identity === 'user-two'));
    await waitFor(() => caller.others.length > 0, { what: 'the agent to be there still' });
    api.broken = 'upstream_failed';
    await waitFor(async () => (await events()).findLast(({ type }) => type === 'state.changed'));
    await caller.speak(await synthesize(TEXTS[2] ?? ''));
    await waitFor(() => saidByAgent(/^Excusez-moi.*répéter/), { what: 'a spoken apology', timeoutMs: 15_000 });
    expect((await eventsOf('agent.failed')).map(({ code }) => code)).toContain('llm_failed');

    await deleteRoom(inject('livekit'), sessionId);
    await waitFor(async () => (await (await fetch(`${agentUrl}/metrics`)).text()).includes('eloquence_agent_jobs 0'), {
      what: 'the job to end with its room',
      timeoutMs: 20_000,
    });
    expect(await participants(inject('livekit'), sessionId)).toEqual([]);
    await caller.leave();
    const metrics = await (await fetch(`${agentUrl}/metrics`)).text();
    expect(metrics).toMatch(/eloquence_turn_seconds_count\{stage="total"\} [1-9]/);
    expect(logs.join('')).not.toMatch(/entretien|conseil|Voici|Bonjour/);
  },
);

test('typed text is answered aloud; a transcription that stays away is told once', { timeout: 90_000 }, async () => {
  api.broken = undefined;
  api.answer = 'Je vous lis très bien.';
  const id = newSessionId();
  await openRoom(inject('livekit'), id, AGENT_NAME, { session_id: id });
  const page = new Room();
  const token = accessToken(inject('livekit'), 'user-page', { room: id, roomJoin: true });
  await page.connect(inject('livekit').url, token, { autoSubscribe: true, dynacast: false });
  const greeted = () => eventsOf('state.changed', id).then((changes) => changes.at(-1)?.state === 'listening');
  const spoke = async () => (await eventsOf('utterance.final', id)).length > 0 && (await greeted());
  await waitFor(spoke, { what: 'the end of the greeting', timeoutMs: 30_000 });

  await page.localParticipant?.sendText('peux-tu me lire ?', { topic: 'lk.chat' });
  await waitFor(() => voice.inputs.some((input) => input.startsWith('Je vous lis')), { timeoutMs: 10_000 });
  const [, typed] = await eventsOf('utterance.final', id);
  expect(typed?.utterance).toMatchObject({ role: 'user', text: 'peux-tu me lire ?', speaker: 'marie' });
  await waitFor(async () => (await eventsOf('utterance.final', id)).length === 3, { timeoutMs: 10_000 });

  api.broken = 'upstream_rejected';
  await page.localParticipant?.sendText('et maintenant ?', { topic: 'lk.chat' });
  await waitFor(() => saidByAgent(/est en panne/, id), { what: 'that asking again does not help', timeoutMs: 15_000 });
  api.broken = undefined;

  gateway.down = true;
  gateway.cut();
  await waitFor(() => voice.inputs.includes('Un instant, je vous entends mal.'), { timeoutMs: 10_000 });
  const streams = gateway.streams.length;
  gateway.down = false;
  await waitFor(() => gateway.streams.length > streams, { what: 'the stream to come back', timeoutMs: 10_000 });
  expect((await eventsOf('agent.failed', id)).map(({ code }) => code)).toEqual(['llm_failed', 'stt_unavailable']);
  await deleteRoom(inject('livekit'), id);
  await page.disconnect();
});

test('two dispatches for one room give one agent and one greeting', { timeout: 60_000 }, async () => {
  const id = newSessionId();
  const before = voice.inputs.filter((input) => input.startsWith('Bonjour')).length;
  const [room, metadata] = [inject('livekit'), { session_id: id }];
  await openRoom(room, id, AGENT_NAME, metadata);
  await dispatchAgent(room, id, AGENT_NAME, metadata);
  await using caller = await joinAs('user-one', id);
  await waitFor(() => caller.heard.segments({ joinGapMs: 300 })[0], { what: 'the greeting', timeoutMs: 20_000 });
  await waitFor(async () => (await activeJobs()) === 1, { what: 'the second job to leave', timeoutMs: 20_000 });
  expect(caller.others).toHaveLength(1);
  expect(voice.inputs.filter((input) => input.startsWith('Bonjour'))).toHaveLength(before + 1);
  expect((await eventsOf('participant.joined', id)).filter(({ kind }) => kind === 'agent')).toHaveLength(1);
  expect(await eventsOf('agent.failed', id)).toEqual([]);

  await deleteRoom(room, id);
  await waitFor(async () => (await redis.exists(eventKeys.agent(id))) === 0, { what: 'the agent to be done' });
  // From now on nothing more comes, which is when api-backend says `session.ended`.
  expect((await events(id)).at(-1)).toMatchObject({
    type: 'participant.left',
    identity: expect.stringMatching(/^agent-/),
  });
});

test('a job that is killed is reported at once, and the next agent takes over', { timeout: 60_000 }, async () => {
  const id = newSessionId();
  const metadata = { session_id: id };
  await openRoom(inject('livekit'), id, AGENT_NAME, metadata);
  await using caller = await joinAs('user-one', id);
  await waitFor(() => caller.others[0], { what: 'the agent', timeoutMs: 20_000 });
  const [identity] = caller.others;
  await waitFor(async () => (await eventsOf('utterance.final', id)).length > 0, { timeoutMs: 20_000 });
  process.kill(childInCall(), 'SIGKILL');
  const lost = await waitFor(() => api.lost[0], { what: 'the report', timeoutMs: 3_000 });
  expect(lost).toEqual({ sessionId: id, identity });
  expect(await redis.exists(eventKeys.agent(id))).toBe(0);

  api.startedAt = new Date().toISOString();
  await dispatchAgent(inject('livekit'), id, AGENT_NAME, metadata);
  await waitFor(() => voice.inputs.some((input) => input.startsWith('Me revoilà')), { timeoutMs: 20_000 });
  await deleteRoom(inject('livekit'), id);
  await waitFor(async () => (await activeJobs()) === 0, { timeoutMs: 20_000 });
  expect(api.lost).toHaveLength(1);
});

test('a scribe that is killed is replaced, and the next one says what nobody heard', { timeout: 90_000 }, async () => {
  const id = newSessionId();
  const metadata = { session_id: id };
  api.startedAt = null;
  api.meetings.add(id);
  await openRoom(inject('livekit'), id, AGENT_NAME, metadata);
  const { url } = inject('livekit');
  const token = accessToken(inject('livekit'), 'anna~1', { room: id, roomJoin: true });
  await using anna = await TonePublisher.join({ url, token, frequencyHz: 500 });
  const before = voice.inputs.length;
  await waitFor(async () => (await eventsOf('audio.transcribed', id)).length > 0, { timeoutMs: 30_000 });
  await anna.say(1_000);
  await waitFor(async () => (await eventsOf('utterance.final', id)).length === 1, { timeoutMs: 12_000 });
  await waitFor(async () => (await eventsOf('audio.transcribed', id)).length > 1, { timeoutMs: 12_000 });
  const losses = api.lost.length;
  process.kill(childInCall(), 'SIGKILL');
  await waitFor(() => api.lost.length > losses, { what: 'the report', timeoutMs: 3_000 });

  api.startedAt = (await eventsOf('session.started', id))[0]?.at ?? null;
  await dispatchAgent(inject('livekit'), id, AGENT_NAME, metadata);
  const [missed] = await waitFor(
    async () => {
      const told = await eventsOf('audio.missed', id);
      return told.length > 0 && told;
    },
    { what: 'the gap', timeoutMs: 30_000 },
  );
  expect(missed?.gap).toMatchObject({ speaker: 'anna', reason: 'scribe_away' });
  await anna.say(1_000);
  await waitFor(async () => (await eventsOf('utterance.final', id)).length === 2, { timeoutMs: 12_000 });
  const [first, second] = await eventsOf('utterance.final', id);
  expect([first?.utterance.speaker, second?.utterance.speaker]).toEqual(['anna', 'anna']);
  expect(second?.utterance.start_ms).toBeGreaterThan(missed?.gap.end_ms ?? Infinity);
  expect(await eventsOf('session.started', id)).toHaveLength(1);
  expect(voice.inputs).toHaveLength(before);
  await deleteRoom(inject('livekit'), id);
  await waitFor(async () => (await activeJobs()) === 0, { timeoutMs: 20_000 });
  expect((await events(id)).at(-1)).toMatchObject({ type: 'participant.left' });
});

test('the longest session ends with a farewell, and api-backend is told why', { timeout: 60_000 }, async () => {
  const id = newSessionId();
  api.startedAt = new Date(Date.now() - 2 * 3_600_000 + 3_000).toISOString();
  await openRoom(inject('livekit'), id, AGENT_NAME, { session_id: id });
  await using caller = await joinAs('user-one', id);
  await waitFor(() => api.ended[0], { what: 'the end', timeoutMs: 40_000 });
  expect(api.ended).toEqual([{ sessionId: id, reason: 'max_duration' }]);
  expect(caller.heard.segments().length).toBeGreaterThan(0);
  await deleteRoom(inject('livekit'), id);
});

test('SIGTERM takes the announcement back and ends the worker', { timeout: 40_000 }, async () => {
  worker.kill('SIGTERM');
  const exited = await waitFor(() => worker.exitCode !== null && { code: worker.exitCode }, {
    what: 'the worker to end',
    timeoutMs: 30_000,
  });
  expect(exited.code).toBe(0);
  expect(await redis.get(SCENARIOS_KEY)).toBeNull();
});
