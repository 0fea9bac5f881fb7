import { flushCompileCache } from 'node:module';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { defineAgent, initializeLogger } from '@livekit/agents';
import { runCall } from './call/run-call.ts';
import { loadConfig } from './config.ts';
import { reportWarm } from './worker/warm-children.ts';

/** What every job child imports: one child, one call. The worker never loads this file. */
export default defineAgent({
  prewarm: async () => {
    await reportWarm(loadConfig());
    // By itself it is written at the end only, and the next child starts before.
    flushCompileCache();
  },
  entry: async (ctx) => {
    const config = loadConfig();
    const logger = createLogger('agent', config.logLevel).child({ job_id: ctx.job.id });
    // agents-js writes what is said into its log from `info` to `error`; whatever matters is logged by ourselves.
    initializeLogger({ pretty: false, level: 'fatal' });
    // The library hides these; a call that goes on limping must at least leave a trace.
    process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled rejection'));
    await runCall(ctx, { config, logger, giveUp: () => process.exit(1) });
  },
});
