import type { AgentEndReason, AgentSession } from '@eloquence/shared/contracts/dispatch';
import { meetingOptionsSchema } from '@eloquence/shared/contracts/meeting';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import type { JobContext } from '@livekit/agents';
import { ParticipantKind, type RemoteParticipant } from '@livekit/rtc-node';
import type { AgentConfig } from '../config.ts';
import type { EventWriter } from '../events/event-writer.ts';
import { SessionClock } from '../events/session-clock.ts';
import type { MeetingScenario } from '../scenarios/scenario.ts';
import { GatewayLink, listenUrl } from '../speech/gateway-link.ts';
import { Attendance } from './attendance.ts';
import { pastOf, readEvents, type Past } from './past.ts';
import { Pauses } from './pauses.ts';
import { Scribe } from './scribe.ts';
import { speakerOf } from './speaker-of.ts';

/** Silence that ends an utterance. People who talk to each other pause within their sentences, and nobody waits for an answer. */
const ENDPOINTING_MS = 600;

export interface MeetingJob {
  readonly ctx: JobContext;
  readonly config: AgentConfig;
  readonly logger: Logger;
  readonly writer: EventWriter;
  readonly log: EventLog;
  readonly facts: AgentSession;
  readonly scenario: MeetingScenario;
  /** Ends the session for a reason. */
  readonly end: (reason: AgentEndReason) => void;
}

/**
 * Attends a meeting: who comes and goes, what they say, pauses, its end.
 *
 * @returns what has to be done before the job's last event is written
 */
export async function attendMeeting(job: MeetingJob): Promise<() => Promise<void>> {
  const { config, logger, log, facts } = job;
  const sessionId = facts.session.session_id;
  const subscriber = createRedis(config.redisUrl, 'subscriber', logger);
  // Without Redis the past is unknown: the meeting is written down all the same, and does not end for having lasted too long.
  const known = await readEvents(log, sessionId).catch(() => undefined);
  const events = known ?? [];
  // The session was read before the room was entered; its clock may have been started since.
  const startedAt = facts.session.started_at ?? events.find(({ type }) => type === 'session.started')?.at;
  const past = pastOf(events, Date.parse(startedAt ?? eventTime()));
  const countsFromMs = known ? past.resumedMs : Date.now();
  let startedMs = startedAt === undefined ? undefined : Date.parse(startedAt);
  const told = new Set(past.present.keys());
  let sitting: Sitting | undefined;
  const attendance = new Attendance(job.ctx.room, {
    onJoined: (person) => {
      if (!sitting) {
        sitting = new Sitting(job, past, { startedMs, countsFromMs, told });
        if (pauses.pausedAtMs !== undefined) sitting.paused(pauses.pausedAtMs);
      }
      sitting.joined(person);
    },
    onLeft: ({ identity }) => job.writer.append({ type: 'participant.left', at: eventTime(), identity }),
    onEmpty: () => job.end('participant_left'),
  });
  const pauses = new Pauses({
    sessionId,
    log,
    subscriber,
    logger,
    // The row may not know it yet.
    onStarted: (atMs) => (startedMs ??= atMs),
    onPaused: (atMs) => sitting?.paused(atMs),
    onContinued: (fromMs, toMs) => sitting?.continued(fromMs, toMs),
  });
  for (const identity of told) {
    if (job.ctx.room.remoteParticipants.has(identity)) continue;
    told.delete(identity);
    job.writer.append({ type: 'participant.left', at: eventTime(), identity });
  }
  attendance.start();
  pauses.start(events);
  return async () => {
    attendance.stop();
    pauses.stop();
    await closeRedis(subscriber);
    await sitting?.close(pauses.pausedAtMs);
  };
}

interface Beginning {
  /** When the meeting's clock was started, ms since epoch; undefined: it starts now. */
  readonly startedMs: number | undefined;
  /** Since when the longest time counts, ms since epoch; undefined: since the start. */
  readonly countsFromMs: number | undefined;
  /** Who was there when this scribe came, and of whom its predecessor has said so. */
  readonly told: Set<string>;
}

/** A meeting from the moment somebody is there. */
class Sitting {
  readonly #job: MeetingJob;
  readonly #past: Past;
  readonly #startedMs: number;
  readonly #clock: SessionClock;
  readonly #scribe: Scribe;
  readonly #longest: NodeJS.Timeout;
  readonly #told: Set<string>;
  #toldUnsupported = false;

  constructor(job: MeetingJob, past: Past, { startedMs, countsFromMs, told }: Beginning) {
    const { ctx, writer, logger, facts, end } = job;
    this.#job = job;
    this.#past = past;
    this.#told = told;
    // Also of a meeting that is taken up again: its clock goes on.
    this.#startedMs = startedMs ?? Date.now();
    this.#clock = new SessionClock(this.#startedMs);
    if (startedMs === undefined) writer.append({ type: 'session.started', at: eventTime(new Date(this.#startedMs)) });
    const identity = ctx.agent?.identity ?? 'agent';
    writer.append({ type: 'participant.joined', at: eventTime(), identity, kind: 'agent' });
    writer.appendLast(() => ({ type: 'participant.left', at: eventTime(), identity }));
    this.#scribe = new Scribe({
      room: ctx.room,
      clock: this.#clock,
      writer,
      logger,
      past,
      openLink: (handlers) => new GatewayLink({ ...handlers, ...this.#gateway(), logger }),
      nameOthers: (owner) => (facts.session.language === 'fr' ? `Les autres (${owner})` : `The others (${owner})`),
      onUnsupported: () => this.#unsupported(),
    });
    this.#scribe.start();
    const lastMs = (countsFromMs ?? this.#startedMs) + this.#longestMs();
    this.#longest = setTimeout(() => end('max_duration'), Math.max(0, lastMs - Date.now()));
    logger.info({ scenario: facts.session.scenario_id, took_over: past.hadScribe }, 'writing down');
  }

  joined(person: RemoteParticipant): void {
    const { identity, name } = person;
    // Who leaves and comes again under the same identity has joined anew.
    if (this.#told.delete(identity)) return;
    const kind = person.kind === ParticipantKind.SIP ? ('phone' as const) : ('person' as const);
    this.#job.writer.append({
      type: 'participant.joined',
      at: eventTime(),
      identity,
      kind,
      speaker: speakerOf(identity),
      ...(name !== undefined && name !== '' && { name }),
    });
  }

  paused(atMs: number): void {
    this.#scribe.pause(this.#startedMs + atMs);
  }

  continued(fromMs: number, toMs: number): void {
    this.#scribe.continue(this.#startedMs + toMs);
    this.#tellPause(fromMs, toMs);
  }

  /** Waits for the last words. */
  async close(pausedAtMs: number | undefined): Promise<void> {
    clearTimeout(this.#longest);
    await this.#scribe.close();
    if (pausedAtMs !== undefined) this.#tellPause(pausedAtMs, this.#clock.since(Date.now()));
  }

  /** Nobody was heard, because somebody wanted it so. */
  #tellPause(start_ms: number, end_ms: number): void {
    if (end_ms <= start_ms || this.#past.toldPauses.has(start_ms)) return;
    const gap = { speaker: null, start_ms, end_ms, reason: 'paused' as const };
    this.#job.writer.append({ type: 'audio.missed', at: eventTime(), gap });
  }

  /** After so long the meeting ends by itself; each time it is taken up again it may last as long. */
  #longestMs(): number {
    return meetingOptionsSchema.parse(this.#job.facts.options.meeting ?? {}).max_duration_min * 60_000;
  }

  #gateway() {
    const { config, facts, scenario } = this.#job;
    const { language } = facts.session;
    const keyterms = [...(facts.options.keyterms ?? []), ...(scenario.keyterms?.[language] ?? [])];
    const url = listenUrl(config.sttUrl, { language, keyterms, endpointingMs: ENDPOINTING_MS });
    return { url, key: config.internalApiKey };
  }

  #unsupported(): void {
    if (this.#toldUnsupported) return;
    this.#toldUnsupported = true;
    const message = 'Speech in this language is not understood; nothing of the meeting can be written down.';
    this.#job.writer.append({ type: 'agent.failed', at: eventTime(), code: 'unsupported_language', message });
  }
}
