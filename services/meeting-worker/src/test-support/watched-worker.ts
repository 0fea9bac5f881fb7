import { handleSignals, Lifecycle, start } from '@eloquence/shared/runtime/lifecycle';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { buildApp } from '../app.ts';
import { readConfig } from '../config.ts';

/** The service as `serve.ts` starts it, looking after its jobs more often. */
start(async () => {
  const config = readConfig();
  const logger = createLogger('meeting-worker', config.logLevel);
  const lifecycle = new Lifecycle(logger);
  handleSignals({ logger, lifecycle });
  const app = buildApp({ config, logger, telemetry: new Telemetry(), lifecycle, jobLookMs: 300 });
  await app.service.listen(config.listen);
  await app.run();
});
