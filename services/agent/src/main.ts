import { EventLog } from '@eloquence/shared/runtime/event-log';
import { handleSignals, Lifecycle, start } from '@eloquence/shared/runtime/lifecycle';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { closeRedis, createRedis } from '@eloquence/shared/runtime/redis';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { buildApp } from './app.ts';
import { loadConfig } from './config.ts';
import { loadScenarios } from './scenarios/registry.ts';
import { AgentWorker } from './worker/agent-worker.ts';
import { ScenarioAnnouncer } from './worker/announce-scenarios.ts';
import { LostJobs } from './worker/lost-jobs.ts';
import { PhraseWarmer } from './worker/phrase-warmer.ts';
import { keepSendingLeftOvers } from './worker/send-left-overs.ts';

/** How long running calls may go on after SIGTERM: half a minute less than the five minutes docker-compose.yml grants. */
const DRAIN_MS = 270_000;
/** Closing ends every child; each gets a moment to flush its events. */
const CLOSE_STEP_MS = 20_000;

start(async () => {
  const config = loadConfig();
  const logger = createLogger('agent', config.logLevel);
  const telemetry = new Telemetry();
  const lifecycle = new Lifecycle(logger, { stepTimeoutMs: CLOSE_STEP_MS });
  const scenarios = await loadScenarios();
  const failed = Promise.withResolvers<never>();
  let takingWork = true;

  const redis = createRedis(config.redisUrl, 'commands', logger);
  lifecycle.onClose('redis', () => closeRedis(redis));
  lifecycle.onClose('spool', keepSendingLeftOvers(config.spoolDir, new EventLog(redis), logger));

  // Job children find their code compiled here. Measured: 0.8 instead of 1.2 s of CPU until one can take a call, 12 MB less.
  process.env['NODE_COMPILE_CACHE'] ??= config.compileCacheDir;
  const worker = await AgentWorker.create({
    config,
    logger,
    // Only a new process gets a clean library; whoever supervises us starts it.
    onFailed: (error) => failed.reject(error),
  });
  const announcer = new ScenarioAnnouncer({
    redis,
    logger,
    summaries: [...scenarios.values()].map((scenario) => scenario.summary),
    canServe: (signal) => worker.checkServing(signal),
  });
  const app = buildApp({
    config,
    logger,
    telemetry,
    checkServing: async (signal) => {
      await worker.checkServing(signal);
      announcer.checkAnnounced();
    },
    takingWork: () => takingWork,
    activeJobs: () => worker.jobs.length,
    onWarm: () => worker.childIsWarm(),
  });
  // Closed after the worker: its children report until they end.
  lifecycle.onClose('http', () => app.close());
  await app.listen({ host: config.bindAddress, port: config.port });

  const lostJobs = new LostJobs({ config, redis, logger, running: () => worker.jobs });
  lostJobs.start();
  lifecycle.onClose('lost jobs', () => lostJobs.stop());
  lifecycle.onClose('worker', () => worker.close());
  worker.start();
  announcer.start();
  lifecycle.onClose('announcer', () => announcer.stop());
  const phrases = new PhraseWarmer({
    ttsUrl: config.ttsUrl,
    key: config.internalApiKey,
    scenarios: scenarios.values(),
    logger,
  });
  void phrases.start();
  lifecycle.onClose('phrases', () => phrases.stop());
  handleSignals({
    logger,
    lifecycle,
    drain: async () => {
      takingWork = false;
      await announcer.stop();
      await worker.drain(DRAIN_MS);
    },
  });
  logger.info({ port: config.port, scenarios: [...scenarios.keys()] }, 'agent is up');
  await failed.promise.catch(async (error: unknown) => {
    logger.fatal({ err: error }, 'the worker has lost LiveKit for good');
    await lifecycle.close();
    process.exit(1);
  });
});
