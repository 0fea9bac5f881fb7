import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { SocketLimits } from './socket-care.ts';
import type { SpeakSocket } from './speak-socket.ts';

const TOO_LATE = 'unavailable: The service stops; what was still to be said is not.';
/** By which Deepgram's clients know a stream. */
const REQUEST_ID_HEADER = 'dg-request-id';

/** Who is let in, before the upgrade, so that a refusal is an HTTP problem body; and who is in. */
export class SpeakEntrance {
  readonly #open = new Map<SpeakSocket, Promise<void>>();
  readonly #ids = new WeakMap<IncomingMessage, string>();
  readonly #limits: SocketLimits;
  readonly #telemetry: Telemetry;
  #draining = false;

  constructor(limits: SocketLimits, telemetry: Telemetry) {
    this.#limits = limits;
    this.#telemetry = telemetry;
    telemetry.set('eloquence_tts_streams', 0);
  }

  /** An `preHandler` hook. Throws AppError `unavailable` or `overloaded`, with the time to wait. */
  readonly admit = async (request: FastifyRequest): Promise<void> => {
    if (this.#draining)
      throw new AppError('unavailable', 'The service is stopping. Connect again in a few seconds.', { retryAfterS: 5 });
    if (this.#open.size >= this.#limits.max)
      throw new AppError('overloaded', `All ${this.#limits.max} speaking sockets are in use.`, { retryAfterS: 2 });
    this.#ids.set(request.raw, randomUUID());
  };

  /** The id that went out with the upgrade. */
  idOf(request: FastifyRequest): string {
    return this.#ids.get(request.raw) ?? randomUUID();
  }

  /** For the `headers` event of the WebSocket server. */
  readonly addHeaders = (headers: string[], request: IncomingMessage): void => {
    const id = this.#ids.get(request);
    if (id) headers.push(`${REQUEST_ID_HEADER}: ${id}`);
  };

  /** Counts the socket as open until it closes. */
  enter(socket: WebSocket, speaking: SpeakSocket): void {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#open.set(speaking, closed);
    this.#telemetry.set('eloquence_tts_streams', this.#open.size);
    socket.on('close', () => {
      this.#open.delete(speaking);
      this.#telemetry.set('eloquence_tts_streams', this.#open.size);
      resolve();
    });
  }

  /** For shutdown: nobody is let in, answers are spoken to their end, then 1001; after `drainMs` at once. */
  async goAway(): Promise<void> {
    this.#draining = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#limits.drainMs);
    for (const speaking of this.#open.keys()) speaking.goAway();
    await Promise.race([Promise.all(this.#open.values()), late]);
    clearTimeout(timer);
    for (const speaking of this.#open.keys()) speaking.close(closeCodes.goingAway, TOO_LATE);
  }
}
