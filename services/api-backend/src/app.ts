import type { Logger } from '@eloquence/shared/runtime/logger';
import { EventLog } from '@eloquence/shared/runtime/event-log';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import { createService, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { INTERNAL_TENANT } from '@eloquence/shared/runtime/tenants';
import type { Redis } from 'ioredis';
import type { ChatService } from './chat/chat-service.ts';
import { registerChatRoutes } from './chat/routes.ts';
import { ChatCallers } from './chat/usage/chat-callers.ts';
import { registerUsageRoutes } from './chat/usage/routes.ts';
import { SessionTenants } from './chat/usage/session-tenants.ts';
import { UsageLedger } from './chat/usage/usage-ledger.ts';
import { UsageStore } from './chat/usage/usage-store.ts';
import type { Config } from './config.ts';
import { EngineDirectory } from './engines/engine-directory.ts';
import { registerEngineRoutes } from './engines/routes.ts';
import { EventHub } from './events/event-hub.ts';
import { EventReader } from './events/event-reader.ts';
import { eventSources } from './events/event-sources.ts';
import { EventStreams } from './events/event-streams.ts';
import { registerEventRoutes } from './events/routes.ts';
import { LOCAL_TENANT, requireApiKey, requireModelKey } from './http/auth.ts';
import { reachable } from './http/dependency.ts';
import { limitBodyTime, LONGEST_REQUEST_MS } from './http/body-deadline.ts';
import { registerDocs } from './http/docs.ts';
import { drainBeforeClosing } from './http/drain.ts';
import { guardBrowsers } from './http/guards.ts';
import { registerRateLimit } from './http/rate-limit.ts';
import { securityHeaders } from './http/security-headers.ts';
import { AgentWatch } from './livekit/agent-watch.ts';
import { Presence } from './livekit/presence.ts';
import { Reconciler } from './livekit/reconciler.ts';
import { RoomClient } from './livekit/room-client.ts';
import { registerWebhookRoutes } from './livekit/webhook-routes.ts';
import { askModel } from './meetings/ask-model.ts';
import { registerAudioRoutes } from './meetings/audio-routes.ts';
import { GatewayTranscriber } from './meetings/gateway-transcriber.ts';
import { registerMeetingListRoutes } from './meetings/meeting-list-routes.ts';
import { registerQuestionRoutes } from './meetings/question-routes.ts';
import { registerReportRoutes } from './meetings/report-routes.ts';
import { ReportStore } from './meetings/report-store.ts';
import { SoundReader } from './meetings/sound-reader.ts';
import { registerSoundRoutes } from './meetings/sound-routes.ts';
import { SoundUpload } from './meetings/sound-upload.ts';
import { registerScenarioRoutes } from './scenarios/routes.ts';
import { ScenarioDirectory } from './scenarios/scenario-directory.ts';
import { SessionEnder } from './sessions/end-session.ts';
import { requireOwnSession } from './sessions/find-session.ts';
import { registerInternalRoutes } from './sessions/internal-routes.ts';
import { SessionOpener } from './sessions/open-session.ts';
import { SessionResumer } from './sessions/resume-session.ts';
import { registerSessionRoutes } from './sessions/routes.ts';
import { SessionFacts } from './sessions/session-facts.ts';
import { SessionStore } from './sessions/session-store.ts';
import { EventTickets } from './tokens/event-tickets.ts';
import { People } from './tokens/person.ts';
import { SessionAccess } from './tokens/session-access.ts';
import { registerTranscriptRoutes } from './transcripts/routes.ts';
import { registerWebRoutes } from './web/routes.ts';

/** Bodies of /api are small; chat completions (/v1) carry whole conversations. */
const API_BODY_LIMIT_BYTES = 65_536;
const CHAT_BODY_LIMIT_BYTES = 4 * 1_048_576;
/** How long closing waits for answers that are being written, before models are told to stop. */
const DRAIN_MS = 8_000;

export interface AppDeps {
  readonly config: Config;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly pool: Pool;
  readonly redis: Redis;
  /** For event wake-ups and interims only. */
  readonly subscriber: Redis;
  /** For limits only: it answers at once or not at all. */
  readonly limiterRedis: Redis;
  /** False until the database has its tables. */
  readonly isMigrated: () => boolean;
  readonly reconciliation?: {
    readonly intervalMs: number;
    readonly openingGraceMs: number;
    readonly agentGraceMs: number;
  };
}

export interface App {
  readonly server: Service;
  readonly reconciler: Reconciler;
  /** To be closed after the server and before Postgres. */
  readonly ledger: UsageLedger;
}

const RECONCILIATION = { intervalMs: 20_000, openingGraceMs: 15_000, agentGraceMs: 5_000 };

/** Builds the whole service out of its connections; listens to nothing and starts no timer. */
export async function buildApp(deps: AppDeps): Promise<App> {
  const parts = assemble(deps);
  let chat: ChatService | undefined;
  const server = createService({
    service: 'api-backend',
    logger: deps.logger,
    telemetry: deps.telemetry,
    bodyLimitBytes: CHAT_BODY_LIMIT_BYTES,
    requestTimeoutMs: LONGEST_REQUEST_MS,
    readiness: [
      { name: 'redis', check: async () => void (await reachable('Redis', deps.redis.ping())) },
      { name: 'postgres', check: () => parts.store.ping() },
      { name: 'migrations', check: async () => requireMigrated(deps) },
      { name: 'livekit', check: async () => void (await parts.rooms.listRooms([''])) },
      // Without a model calls go on: the agent says that it cannot think.
      { name: 'model', advisory: true, check: async () => chat?.summary() },
    ],
    engine: () => chat?.engine(),
  });
  drainBeforeClosing(server, {
    onClosing: () => parts.streams.close(),
    onLate: () => {
      chat?.stop();
      parts.uploads.stop();
    },
    drainMs: DRAIN_MS,
  });
  await installGates(server, deps, parts);
  registerScenarioRoutes(server, parts);
  registerEngineRoutes(server, { engines: new EngineDirectory({ ...deps.config.peers, llm: () => chat?.engine() }) });
  registerSessionRoutes(server, parts);
  registerInternalRoutes(server, { ...parts, internalKey: deps.config.http.internalKey });
  registerEventRoutes(server, parts);
  registerTranscriptRoutes(server, { ...parts, pool: deps.pool });
  registerSoundRoutes(server, parts);
  await registerAudioRoutes(server, parts);
  await registerWebhookRoutes(server, { ...parts, ...deps.config.livekit });
  chat = await registerChatRoutes(server, {
    settings: deps.config.chat,
    routing: deps.config.routing,
    ledger: parts.ledger,
    callerOf: (request, purpose) => parts.callers.of(request, purpose),
    telemetry: deps.telemetry,
    logger: deps.logger,
    authorize: requireModelKey(deps.config.http),
  });
  registerUsageRoutes(server, parts);
  const reports = new ReportStore(deps.pool);
  registerMeetingListRoutes(server, { ...parts, reports });
  registerReportRoutes(server, { ...parts, pool: deps.pool, reports });
  registerQuestionRoutes(server, { ...parts, pool: deps.pool, reports, ask: askModel(chat, deps.logger) });
  await registerWebRoutes(server, { webRoot: deps.config.http.webRoot });
  return { server, reconciler: parts.reconciler, ledger: parts.ledger };
}

/** The parts behind the routes. */
function assemble(deps: AppDeps) {
  const { config, logger, telemetry, pool, redis } = deps;
  const store = new SessionStore(pool);
  const facts = new SessionFacts(redis);
  const presence = new Presence(redis);
  const events = new EventLog(redis);
  const rooms = new RoomClient(config.livekit);
  const scenarios = new ScenarioDirectory(redis);
  const sources = eventSources(redis, pool);
  const reader = new EventReader(sources);
  const tickets = new EventTickets(config.http.internalKey);
  const access = new SessionAccess({
    livekit: config.livekit,
    tickets,
    people: new People(config.http.internalKey),
    openerName: (sessionId) => store.openerName(sessionId),
    ticketed: config.http.apiKeys.length > 0,
  });
  const ender = new SessionEnder({ store, facts, presence, events, rooms, telemetry, logger });
  const resumer = new SessionResumer({ store, facts, presence, events, rooms, ender, logger });
  const timeZone = config.meetingTimeZone;
  const opener = new SessionOpener({ store, facts, events, rooms, scenarios, telemetry, logger, timeZone });
  const times = deps.reconciliation ?? RECONCILIATION;
  const agents = new AgentWatch({
    store,
    facts,
    events,
    rooms,
    presence,
    ender,
    logger,
    agentGraceMs: times.agentGraceMs,
  });
  const reconciler = new Reconciler({ store, facts, reader, rooms, presence, ender, agents, logger, ...times });
  const hub = new EventHub(deps.subscriber, logger);
  const streams = new EventStreams({ reader, hub, store, telemetry });
  const stream = sources.stream;
  const sounds = new SoundReader({ pool, stream });
  const transcriber = new GatewayTranscriber({
    sttUrl: config.peers.sttUrl,
    internalKey: config.http.internalKey,
    maxBytes: config.maxRecordingBytes,
  });
  const uploads = new SoundUpload({ store, facts, presence, events, sounds, transcriber });
  const usage = new UsageStore(pool);
  const ledger = new UsageLedger({
    settings: config.usage,
    store: usage,
    redis: deps.limiterRedis,
    telemetry,
    logger,
  });
  const sessionTenants = new SessionTenants({ load: (sessionId) => store.tenantOf(sessionId) });
  // Without keys whoever asks for the bill is `local`, and all there is belongs to them.
  const ours = config.http.apiKeys.length > 0 ? INTERNAL_TENANT : LOCAL_TENANT;
  const callers = new ChatCallers(sessionTenants, telemetry, ours);
  return {
    store,
    facts,
    presence,
    events,
    rooms,
    scenarios,
    reader,
    tickets,
    access,
    ender,
    opener,
    resumer,
    agents,
    reconciler,
    streams,
    stream,
    sounds,
    uploads,
    usage,
    ledger,
    callers,
  };
}

/** Everything a request passes before its route, in order. */
async function installGates(
  server: Service,
  deps: AppDeps,
  { tickets, store }: { readonly tickets: EventTickets; readonly store: SessionStore },
): Promise<void> {
  const { config } = deps;
  server.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/')) route.bodyLimit ??= API_BODY_LIMIT_BYTES;
  });
  server.addHook('onRequest', securityHeaders(config.livekit.publicUrl));
  server.addHook('onRequest', limitBodyTime);
  server.addHook('onRequest', guardBrowsers(config.http));
  server.addHook('onRequest', requireApiKey({ apiKeys: config.http.apiKeys, tickets }));
  server.addHook('onRequest', async (request) => {
    if (/^\/(api|internal)\/(sessions|meetings|search)/.test(request.url)) requireMigrated(deps);
  });
  server.addHook('onRequest', requireOwnSession(store));
  await registerRateLimit(server, deps.limiterRedis);
  await registerDocs(server);
}

function requireMigrated({ isMigrated }: AppDeps): void {
  if (isMigrated()) return;
  throw new AppError('unavailable', 'The database is being prepared. Try again in a moment.', { retryAfterS: 2 });
}
