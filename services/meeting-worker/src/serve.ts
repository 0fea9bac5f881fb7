import { handleSignals, Lifecycle, start } from '@eloquence/shared/runtime/lifecycle';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { buildApp } from './app.ts';
import { readConfig } from './config.ts';

start(async () => {
  const config = readConfig();
  const logger = createLogger('meeting-worker', config.logLevel);
  const lifecycle = new Lifecycle(logger);
  handleSignals({ logger, lifecycle });
  const app = buildApp({ config, logger, telemetry: new Telemetry(), lifecycle });
  await app.service.listen(config.listen);
  logger.info({ ...config.listen }, 'listening');
  await app.run();
});
