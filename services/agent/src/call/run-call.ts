import type { AgentEndReason, AgentSession } from '@eloquence/shared/contracts/dispatch';
import { AGENT_LEASE_MS, eventKeys } from '@eloquence/shared/contracts/events';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { Lease } from '@eloquence/shared/runtime/lease';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { AutoSubscribe, type JobContext } from '@livekit/agents';
import { ParticipantKind, type RemoteParticipant, type Room } from '@livekit/rtc-node';
import type { AgentConfig } from '../config.ts';
import { EventWriter } from '../events/event-writer.ts';
import { SpoolFile } from '../events/spool.ts';
import { loadScenario } from '../scenarios/registry.ts';
import { attendMeeting } from '../meeting/run-meeting.ts';
import type { ConversationScenario } from '../scenarios/scenario.ts';
import { Conversation } from './conversation.ts';
import { PersonLink } from './person-link.ts';
import { conversationSoFar, endSession, fetchSession, hasEnded, sessionIdOf } from './session-facts.ts';
import { voicePublished } from './voice-published.ts';

/**
 * How long the end of a job waits for Redis; what is left stays on disk. api-backend waits 3 s for it before it says
 * `session.ended`.
 */
const FLUSH_MS = 5_000;
/** How long the events of a job that gives up may take; what is left stays on disk. */
const LAST_WORDS_MS = 1_000;
/** A job that takes over from one that is just closing waits so long for it. */
const HANDOVER_MS = 3_000;
/** The longest session. */
const MAX_SESSION_MS = 2 * 60 * 60 * 1000;

export interface CallDeps {
  readonly config: AgentConfig;
  readonly logger: Logger;
  /** Ends the process as a crash would: the worker then has another agent sent. */
  readonly giveUp: () => never;
}

/** One job: one session, from its dispatch to its end. */
export async function runCall(ctx: JobContext, { config, logger: base, giveUp }: CallDeps): Promise<void> {
  const sessionId = sessionIdOf(ctx.job.metadata);
  const logger = base.child({ session_id: sessionId });
  const redis = createRedis(config.redisUrl, 'commands', logger);
  const log = new EventLog(redis);
  const writer = new EventWriter({ sessionId, log, spool: new SpoolFile(config.spoolDir, sessionId), logger });
  const yieldToOther = () => ctx.shutdown('another agent attends the session');
  // The right to be the one agent of a session. LiveKit cannot give it: a dispatch withdrawn too late still starts its job. Held
  // until the last event is written, so api-backend knows when `session.ended` may follow.
  const lease = new Lease({
    redis,
    key: eventKeys.agent(sessionId),
    owner: ctx.job.id,
    ttlMs: AGENT_LEASE_MS,
    logger,
    onLost: yieldToOther,
  });
  let lastWords: (() => Promise<void>) | undefined;
  // Runs after the conversation is closed and the room is left, so it writes the last of the events, and then says so.
  ctx.addShutdownCallback(async () => {
    await lastWords?.().catch((error: unknown) => logger.error({ err: error }, 'the last words are lost'));
    const left = await writer.close(FLUSH_MS);
    if (left > 0) logger.warn({ left }, 'events stay on disk until Redis is back');
    await lease.release();
    await closeRedis(redis);
  });
  try {
    const asked = fetchSession(config.apiUrl, config.internalApiKey, sessionId);
    // Whoever has to leave need not know.
    asked.catch(() => undefined);
    if (!(await lease.acquire({ forMs: HANDOVER_MS }))) return yieldToOther();
    const facts = await asked;
    const scenario = await loadScenario(facts.session.scenario_id);
    const attendance = { ctx, config, logger, giveUp, writer, log, facts, sessionId };
    if (scenario.kind === 'meeting') tellTracksApart(ctx.room);
    // AUDIO_ONLY subscribes on TrackPublished, which a reconnect may deliver before the connection is up: the wish is
    // lost and the agent deaf. Tokens allow a microphone and nothing else, so all there is to hear is audio.
    await ctx.connect(undefined, AutoSubscribe.SUBSCRIBE_ALL);
    switch (scenario.kind) {
      case 'conversation':
        return await attend({ ...attendance, scenario });
      case 'meeting':
        lastWords = await attendMeeting({ ...attendance, scenario, end: (reason) => end(attendance, reason) });
    }
  } catch (error) {
    if (await hasEnded(config, sessionId, error)) return ctx.shutdown('the session was over before the call began');
    const { code, message } = AppError.from(error);
    logger.error({ err: error }, 'the call could not begin');
    writer.append({ type: 'agent.failed', at: eventTime(), code, message });
    ctx.shutdown('the call could not begin');
  }
}

/**
 * Has the room use a connection of its own for what it hears: the counters of its tracks then go by the names LiveKit gave them.
 * With one connection for both ways they go by names nobody else knows. agents-js does not hand this option on.
 */
function tellTracksApart(room: Room): void {
  const connect = room.connect.bind(room);
  room.connect = (url, token, options) =>
    connect(
      url,
      token,
      Object.assign({ autoSubscribe: true, dynacast: false }, options, { singlePeerConnection: false }),
    );
}

/** Has api-backend end the session. */
function end(
  { ctx, config, logger, sessionId }: Pick<Attendance, 'ctx' | 'config' | 'logger' | 'sessionId'>,
  reason: AgentEndReason,
): void {
  logger.info({ reason }, 'ending the session');
  endSession(config, sessionId, reason)
    // Without the room nobody is left in silence; api-backend hears of it from LiveKit.
    .catch(() => ctx.deleteRoom())
    .catch((error: unknown) => logger.warn({ err: error }, 'the room could not be closed'))
    .finally(() => ctx.shutdown(reason));
}

interface Attendance extends CallDeps {
  readonly ctx: JobContext;
  readonly writer: EventWriter;
  readonly log: EventLog;
  readonly facts: AgentSession;
  readonly scenario: ConversationScenario;
  readonly sessionId: SessionId;
}

/** Waits for the person, talks, and sees to it that the call ends. */
async function attend(attendance: Attendance): Promise<void> {
  const { ctx, config, logger, giveUp, writer, log, facts, scenario, sessionId } = attendance;
  let conversation: Conversation | undefined;
  const people = new PersonLink(ctx.room, {
    onJoined: (person) => writer.append({ type: 'participant.joined', at: eventTime(), ...describe(person) }),
    onLeft: ({ identity }) => writer.append({ type: 'participant.left', at: eventTime(), identity }),
    onLinked: ({ identity }) => conversation?.listenTo(identity),
    onGone: () => end(attendance, 'participant_left'),
  });
  ctx.addShutdownCallback(async () => people.stop());
  const arrived = people.start();
  const history = await conversationSoFar(log, sessionId);
  // An agent that nobody has heard has begun nothing.
  const resumed = facts.session.started_at !== null && history.items.length > 0;
  const person = await arrived;
  if (!person) return logger.info('the room closed before anybody came');

  const startedMs = facts.session.started_at ? Date.parse(facts.session.started_at) : Date.now();
  writer.append({ type: 'session.started', at: eventTime(new Date(startedMs)) });
  const agentIdentity = ctx.agent?.identity ?? 'agent';
  writer.append({ type: 'participant.joined', at: eventTime(), identity: agentIdentity, kind: 'agent' });
  writer.appendLast(() => ({ type: 'participant.left', at: eventTime(), identity: agentIdentity }));
  conversation = new Conversation({ ctx, config, logger, writer, facts, scenario, history, resumed, startedMs });
  const longest = setTimeout(
    () => void conversation?.sayTimeUp().finally(() => end(attendance, 'max_duration')),
    Math.max(0, startedMs + MAX_SESSION_MS - Date.now()),
  );
  ctx.addShutdownCallback(async () => clearTimeout(longest));
  await conversation.start(people.linked?.identity ?? person.identity);
  logger.info({ scenario: facts.session.scenario_id, resumed }, 'talking');
  if (await voicePublished(ctx.room)) return;
  const message = 'The voice did not reach the room in time; another agent is sent for.';
  logger.error(message);
  writer.append({ type: 'agent.failed', at: eventTime(), code: 'upstream_timeout', message });
  await writer.close(LAST_WORDS_MS);
  giveUp();
}

function describe(person: RemoteParticipant) {
  const kind = person.kind === ParticipantKind.SIP ? ('phone' as const) : ('person' as const);
  return { identity: person.identity, kind };
}
