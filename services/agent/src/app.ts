import type { Logger } from '@eloquence/shared/runtime/logger';
import { createService, type ReadinessCheck, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { AgentConfig } from './config.ts';
import { registerMeasurements } from './worker/measurements.ts';
import { registerWarmChildren } from './worker/warm-children.ts';

export interface AppDeps {
  readonly config: AgentConfig;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** Rejects while this worker could not begin a call at once. */
  readonly checkServing: (signal: AbortSignal) => Promise<void>;
  /** False once the worker has begun to stop. */
  readonly takingWork: () => boolean;
  readonly activeJobs: () => number;
  /** A job child is ready for a call. */
  readonly onWarm: () => void;
}

/** The worker's own HTTP service: health, readiness, metrics, and the measurements of its job children. */
export function buildApp(deps: AppDeps): Service {
  const { config, logger, telemetry } = deps;
  const app = createService({
    service: 'agent',
    logger,
    telemetry,
    readiness: [
      {
        name: 'livekit',
        check: async (signal) => {
          if (!deps.takingWork()) throw new Error('stopping');
          await deps.checkServing(signal);
        },
      },
      peer('stt-gateway', config.sttUrl),
      peer('tts-proxy', config.ttsUrl),
      peer('api-backend', config.apiUrl),
    ],
  });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url === '/metrics') telemetry.set('eloquence_agent_jobs', deps.activeJobs());
  });
  registerMeasurements(app, telemetry, config.internalApiKey);
  registerWarmChildren(app, config.internalApiKey, deps.onWarm);
  return app;
}

/** A service a call cannot do without. Alive is enough: whether it is ready is its own affair, and api-backend asks us too. */
function peer(name: string, baseUrl: string): ReadinessCheck {
  return {
    name,
    check: async (signal) => {
      const response = await fetch(`${baseUrl}/health`, { signal, redirect: 'error' }).catch(() => undefined);
      if (!response) throw new Error(`${name} cannot be reached at ${baseUrl}`);
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${name} answered ${response.status}`);
    },
  };
}
