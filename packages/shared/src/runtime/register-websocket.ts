import websocket from '@fastify/websocket';
import { closeCodes } from '../contracts/errors.ts';
import type { Logger } from './logger.ts';
import type { Service } from './service.ts';

/** A peer that does not answer our close is cut off after this. */
const CLOSE_GRACE_MS = 2_000;

/** WebSockets for the routes to come: the upgrade hooks must be there before them, so register routes in `app.after`. */
export function registerWebSocket(app: Service, logger: Logger, maxFrameBytes: number): void {
  app.register(websocket, {
    options: {
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      // Deepgram answers the scheme, OpenAI the protocol; never the key.
      handleProtocols: (protocols) => [...protocols].find((name) => /^(?:token|bearer|realtime)$/i.test(name)) ?? false,
    },
    errorHandler: (error, socket) => {
      // Broken frames and connections have a code, and ws has answered them; anything else is a fault of ours.
      if ('code' in error) logger.debug({ err: error }, 'socket failed');
      else {
        logger.error({ err: error }, 'socket handler failed');
        socket.close(closeCodes.internal, 'internal: Something failed on our side. Connect again.');
      }
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    },
  });
}
