import type * as z from 'zod';
import type { Interim, SessionEvent, TurnMeasurement } from '@eloquence/shared/contracts/events';
import {
  createSessionResponseSchema,
  endSessionResponseSchema,
  transcriptSchema,
  type CreateSessionRequest,
  type CreateSessionResponse,
  type Transcript,
} from '@eloquence/shared/contracts/sessions';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { Caller, type Spoken } from './caller.ts';
import { EventCollector } from './event-collector.ts';
import { synthesize } from './speech-synthesis.ts';
import { waitFor } from './wait-for.ts';
import { writeWav } from './wav.ts';
import { bargeInStopMs, findSegments, responseLatencyMs, toSamples, type Segment } from './waveform.ts';

/** Pauses inside an answer; also parts what is left of an interrupted answer from the next one. */
const ANSWER_GAP_MS = 300;
const PERSIST_TIMEOUT_MS = 10_000;

export interface ScriptStep {
  readonly sentence: string;
  /** Do not let the answer finish: go on to the next sentence when it has been heard for so long. */
  readonly interruptAnswerAfterMs?: number;
}

export interface ConversationOptions {
  /** Base URL of api-backend. */
  readonly apiUrl: string;
  readonly key?: string;
  readonly script: readonly (string | ScriptStep)[];
  readonly session?: Partial<CreateSessionRequest>;
  /** Wait for the agent to speak first; default true. */
  readonly greeting?: boolean;
  /** What speaks a sentence, as 16 kHz samples; default espeak-ng. */
  readonly voice?: (sentence: string) => Promise<Int16Array>;
  /** Longest wait for an answer to begin, and for it to end. */
  readonly answerTimeoutMs?: number;
  /** An answer has ended after so much silence; default 700 ms. */
  readonly answerSilenceMs?: number;
  /** Stereo recording of the call: caller left, agent right. */
  readonly wavPath?: string;
  readonly onTurn?: (sentence: string) => void;
  readonly signal?: AbortSignal;
}

/** One turn; times are ms of the call's clock, null where nothing was heard. */
export interface TurnResult {
  readonly sentence: string;
  /** Bounds of what the caller said. */
  readonly spoken: Segment;
  readonly heardFrom: number | null;
  readonly heardTo: number | null;
  /** End of the caller's speech to first audible sound of the answer; negative when the agent cut in. */
  readonly latencyMs: number | null;
  readonly answerPcm: Int16Array;
  /** How long the agent went on when this sentence interrupted it. */
  readonly bargeInStopMs: number | null;
  /** The agent's own account of this turn. */
  readonly stages: TurnMeasurement | null;
}

export interface ConversationResult {
  readonly session: CreateSessionResponse;
  /** From joining to the first sound of the greeting. */
  readonly greetingMs: number | null;
  readonly turns: readonly TurnResult[];
  readonly transcript: Transcript;
  readonly events: readonly SessionEvent[];
  readonly interims: readonly Interim[];
}

/**
 * Runs one scripted call against a running stack and measures it from outside, as the person would.
 *
 * @throws AppError when the API refuses, Error when the deadline of the greeting passes; a missing answer is a result, not an error
 */
export async function runConversation(options: ConversationOptions): Promise<ConversationResult> {
  const { apiUrl, voice = synthesize, greeting = true } = options;
  const steps = options.script.map((step) => (typeof step === 'string' ? { sentence: step } : step));
  const recordings: Int16Array[] = [];
  for (const step of steps) recordings.push(await voice(step.sentence));
  const session = await request(options, createSessionResponseSchema, 'POST', '/api/sessions', {
    user_id: 'scripted-caller',
    scenario_id: 'coaching_vocal',
    language: 'fr',
    ...options.session,
  });
  await using facts = new EventCollector(new URL(session.events_url, apiUrl).href, options.key);
  const join = { livekitUrl: session.livekit_url, token: session.livekit_token };
  await using caller = await Caller.join({ ...join, ...(options.signal && { signal: options.signal }) });
  const greetingMs = greeting ? await hearGreeting(caller, options) : null;
  const spoken: Spoken[] = [];
  for (const [index, step] of steps.entries()) {
    options.onTurn?.(step.sentence);
    spoken.push(await takeTurn(caller, recordings[index] ?? new Int16Array(0), step, options));
  }
  const path = `/api/sessions/${session.session_id}`;
  await waitForUtterances(options, `${path}/transcript`, steps.length);
  await request(options, endSessionResponseSchema, 'POST', `${path}/end`);
  await caller.leave();
  await facts.waitFor('session.ended').catch(() => undefined);
  if (options.wavPath) writeWav(options.wavPath, [timeLine(caller.said), caller.heard.toPcm()]);
  return {
    session,
    greetingMs,
    turns: measureTurns(caller, steps, spoken, facts.events),
    transcript: await request(options, transcriptSchema, 'GET', `${path}/transcript`),
    events: facts.events,
    interims: facts.interims,
  };
}

function request<S extends z.ZodType>(
  { apiUrl, key, signal }: ConversationOptions,
  schema: S,
  method: 'GET' | 'POST',
  ...[path, body]: [path: string, body?: unknown]
): Promise<z.infer<S>> {
  return requestJson({
    url: `${apiUrl}${path}`,
    peer: 'api-backend',
    schema,
    method,
    timeoutMs: 10_000,
    ...(body !== undefined && { body }),
    ...(key && { key }),
    ...(signal && { signal }),
  });
}

async function hearGreeting(caller: Caller, options: ConversationOptions): Promise<number> {
  const { answerTimeoutMs: timeoutMs = 20_000, answerSilenceMs = 700 } = options;
  await caller.heard.waitForSound(0, { timeoutMs }).catch((error: unknown) => {
    const present = caller.others.length > 0 ? `${caller.others.join(', ')} said nothing` : 'no agent came';
    throw new Error(`No greeting within ${timeoutMs} ms: ${present}. The agent's log may say why.`, { cause: error });
  });
  await caller.heard.waitForSilence(answerSilenceMs, () => caller.nowMs, { timeoutMs });
  return findSegments(caller.heard.toPcm())[0]?.fromMs ?? caller.nowMs;
}

/** Says one sentence and waits until the answer has ended, or has been heard long enough to be interrupted. */
async function takeTurn(
  caller: Caller,
  pcm: Int16Array,
  step: ScriptStep,
  options: ConversationOptions,
): Promise<Spoken> {
  const { answerTimeoutMs: timeoutMs = 20_000, answerSilenceMs = 700 } = options;
  const interrupting = caller.nowMs - caller.heard.lastSoundMs < answerSilenceMs;
  const spoken = await caller.speak(pcm);
  try {
    await caller.heard.waitForSound(interrupting ? spoken.toMs : spoken.fromMs, { timeoutMs });
    if (step.interruptAnswerAfterMs === undefined) {
      await caller.heard.waitForSilence(answerSilenceMs, () => caller.nowMs, { timeoutMs: 2 * timeoutMs });
    } else {
      const interruptAtMs = caller.nowMs + step.interruptAnswerAfterMs;
      await waitFor(() => caller.nowMs >= interruptAtMs, { timeoutMs: step.interruptAnswerAfterMs + 1_000 });
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!caller.connected) throw new Error('The caller lost its room.', { cause: error });
  }
  return spoken;
}

/** Waits until Postgres has what was said; when it never does, the transcript as it is tells the rest. */
async function waitForUtterances(options: ConversationOptions, path: string, count: number): Promise<void> {
  const enough = async () => {
    const { utterances } = await request(options, transcriptSchema, 'GET', path);
    return utterances.filter((utterance) => utterance.role === 'user').length >= count;
  };
  await waitFor(enough, { timeoutMs: PERSIST_TIMEOUT_MS, intervalMs: 250 }).catch(() => undefined);
}

function measureTurns(
  caller: Caller,
  steps: readonly ScriptStep[],
  spoken: readonly Spoken[],
  events: readonly SessionEvent[],
): TurnResult[] {
  const pcm = caller.heard.toPcm();
  const heard = findSegments(pcm, { joinGapMs: ANSWER_GAP_MS });
  return spoken.map((said, index) => {
    const endMs = spoken[index + 1]?.fromMs ?? Infinity;
    const answer = heard.filter((segment) => segment.fromMs >= said.fromMs && segment.fromMs < endMs);
    const [first, last] = [answer[0], answer.at(-1)];
    const inTurn = (at: string) => {
      const wallMs = Date.parse(at);
      return wallMs >= caller.toWallMs(said.fromMs) && wallMs < caller.toWallMs(endMs);
    };
    const measured = events.filter((event) => event.type === 'turn.measured' && inTurn(event.at));
    const best =
      measured.find((event) => event.type === 'turn.measured' && event.turn.total_ms !== null) ?? measured[0];
    return {
      sentence: steps[index]?.sentence ?? '',
      spoken: { fromMs: said.fromMs, toMs: said.toMs },
      heardFrom: first?.fromMs ?? null,
      heardTo: last?.toMs ?? null,
      latencyMs: responseLatencyMs(said, answer) ?? null,
      answerPcm: first && last ? pcm.slice(toSamples(first.fromMs), toSamples(last.toMs)) : new Int16Array(0),
      bargeInStopMs: bargeInStopMs(said.fromMs, heard) ?? null,
      stages: best?.type === 'turn.measured' ? best.turn : null,
    };
  });
}

function timeLine(said: readonly Spoken[]): Int16Array {
  const last = said.at(-1);
  const pcm = new Int16Array(last ? toSamples(last.startedMs) + last.pcm.length : 0);
  for (const spoken of said) pcm.set(spoken.pcm, toSamples(Math.max(0, spoken.startedMs)));
  return pcm;
}
