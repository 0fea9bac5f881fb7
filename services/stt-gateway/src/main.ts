import { handleSignals, start } from '@eloquence/shared/runtime/lifecycle';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { buildGateway } from './app.ts';
import { readConfig } from './config.ts';

// Before the hearing worker loads it: onnxruntime keeps a device id and usage records unless told not to.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';

start(async () => {
  const config = readConfig();
  const logger = createLogger('stt-gateway', config.logLevel);
  const { lifecycle, listen } = buildGateway(config, logger);
  handleSignals({ logger, lifecycle });
  const url = await listen();
  logger.info({ url }, 'listening');
});
