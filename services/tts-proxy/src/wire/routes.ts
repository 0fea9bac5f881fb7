import type { Engine } from '@eloquence/shared/contracts/engine';
import { registerWebSocket } from '@eloquence/shared/runtime/register-websocket';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Tenants } from '@eloquence/shared/runtime/tenants';
import type { EncodeOptions } from '../audio/encode.ts';
import type { SpeechOpener } from '../speech/speech.ts';
import type { VoiceLender } from '../voices/resolve-voice.ts';
import type { VoiceMap } from '../voices/voice-map.ts';
import { Callers } from './callers.ts';
import { catalogueRoutes } from './catalogue-routes.ts';
import { Entrance } from './entrance.ts';
import type { SocketLimits } from './socket-care.ts';
import { speakFileRoute } from './speak-file-route.ts';
import { speakRoute } from './speak-route.ts';
import { speechRoute } from './speech-route.ts';

export interface WireDeps {
  readonly opener: SpeechOpener;
  readonly voices: VoiceMap;
  readonly lenders: readonly VoiceLender[];
  readonly tenants: Tenants;
  /** What the next answer will probably be spoken by. */
  readonly engine: () => Engine | undefined;
  /** Without it only what needs no encoder is served. */
  readonly ffmpeg: EncodeOptions['ffmpeg'];
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly limits: SocketLimits;
}

/** The same, with what the routes share. */
export interface WireOptions extends Omit<WireDeps, 'tenants'> {
  readonly callers: Callers;
  readonly entrance: Entrance;
}

/**
 * `POST /v1/audio/speech`, `GET /v1/audio/voices`, `GET /v1/models`, `/v1/speak` as a socket and by POST.
 *
 * @returns for shutdown, before the server closes: nobody is let in any more, what is being said is said to its end
 */
export function registerWires(app: Service, { tenants, ...deps }: WireDeps): () => Promise<void> {
  const callers = new Callers(tenants);
  const entrance = new Entrance(callers, deps.limits, deps.telemetry);
  const options: WireOptions = { ...deps, entrance, callers };
  registerWebSocket(app, deps.logger, deps.limits.maxFrameBytes);
  app.after(() => {
    app.websocketServer.on('headers', entrance.addHeaders);
    catalogueRoutes(app, options);
    speechRoute(app, options);
    speakRoute(app, options);
    speakFileRoute(app, options);
  });
  return () => entrance.goAway();
}
