import { fileURLToPath } from 'node:url';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { Lifecycle } from '@eloquence/shared/runtime/lifecycle';
import { createService } from '@eloquence/shared/runtime/service';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Config } from './config.ts';
import { EngineDescription } from './engines/engine-description.ts';
import { VadHearing } from './hearing/hearing.ts';
import { listenRoutes } from './listen/routes.ts';
import { realtimeRoutes } from './realtime/routes.ts';
import { buildRecognition } from './recognition.ts';
import { restRoutes, type StopFiles } from './rest/routes.ts';
import { Tenants } from '@eloquence/shared/runtime/tenants';
import { Entrance } from './wire/entrance.ts';
import { registerWebSocket } from '@eloquence/shared/runtime/register-websocket';
import type { WireRouteOptions } from './wire/wire-route.ts';

const MODEL_PATH = fileURLToPath(new URL('../models/silero_vad.onnx', import.meta.url));

export interface Gateway {
  readonly lifecycle: Lifecycle;
  readonly telemetry: Telemetry;
  readonly hearing: VadHearing;
  /** Loads the VAD, then listens. @returns the base URL */
  readonly listen: () => Promise<string>;
}

/** Builds the gateway; nothing is opened before `listen`. */
export function buildGateway(config: Config, logger: Logger): Gateway {
  const telemetry = new Telemetry();
  const lifecycle = new Lifecycle(logger, { stepTimeoutMs: config.streams.drainMs + 5_000 });
  const hearing = new VadHearing({ modelPath: MODEL_PATH, logger });
  const { engine, admission, openSession } = buildRecognition(config, { telemetry, logger, hearing });
  const description = new EngineDescription(engine);
  let draining = false;
  const app = createService({
    service: 'stt-gateway',
    logger,
    telemetry,
    engine: () => description.current,
    // A long recording over a slow line takes longer to arrive than a JSON body.
    requestTimeoutMs: config.rest.receiveMs,
    readiness: [
      {
        name: 'vad',
        check: async () => {
          if (!hearing.ready) throw new Error('the model is not loaded');
        },
      },
      {
        name: 'engine',
        check: async (signal) => {
          await description.refresh(signal);
          return engine.summary;
        },
      },
    ],
  });
  const tenants = new Tenants(config.internalKey, config.apiKeys);
  const entrance = new Entrance({
    tenants,
    admission,
    draining: () => draining,
    hears: () => hearing.ready,
  });
  let stopFiles: StopFiles | undefined;
  registerWebSocket(app, logger, config.streams.maxFrameBytes);
  app.after(() => {
    app.websocketServer.on('headers', entrance.addHeaders);
    const wires = {
      entrance,
      openSession,
      telemetry,
      limits: config.streams,
      checkLanguage: (language) => description.checkLanguage(language),
    } satisfies WireRouteOptions;
    listenRoutes(app, wires);
    realtimeRoutes(app, wires);
    stopFiles = restRoutes(app, {
      tenants,
      openSession,
      admit: (tenant) => admission.admit(tenant),
      hears: () => hearing.ready,
      checkLanguage: (language) => description.checkLanguage(language),
      engine: async (signal) => {
        await description.refresh(signal);
        return description.current;
      },
      telemetry,
      limits: config.rest,
    });
  });
  const listen = async () => {
    lifecycle.onClose('hearing', () => hearing.close());
    await hearing.start();
    lifecycle.onClose('engine', () => engine.close());
    lifecycle.onClose('http', () => app.close());
    const url = await app.listen({ host: config.http.address, port: config.http.port });
    lifecycle.onClose('files', async () => stopFiles?.());
    lifecycle.onClose('sockets', async () => {
      draining = true;
      await entrance.goAway(config.streams.drainMs);
    });
    return url;
  };
  return { lifecycle, telemetry, hearing, listen };
}
