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

/** Who is let in, before the upgrade, so that a refusal is an HTTP problem body; and who is in, on any wire. */
export class Entrance {
  readonly #sockets = new Set<SpeakSocket>();
  /** What is waited for when the process stops: sockets and answers. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #ids = new WeakMap<IncomingMessage, string>();
  readonly #limits: SocketLimits;
  readonly #telemetry: Telemetry;
  #draining = false;

  constructor(limits: SocketLimits, telemetry: Telemetry) {
    this.#limits = limits;
    this.#telemetry = telemetry;
    this.#measure();
  }

  /** A `preHandler` hook. Rejects with AppError `unavailable` on the way out. */
  readonly admit = async (): Promise<void> => {
    if (this.#draining)
      throw new AppError('unavailable', 'The service is stopping. Connect again in a few seconds.', { retryAfterS: 5 });
  };

  /** The same for sockets, of which there may be so many; rejects with AppError `overloaded` too. */
  readonly admitSocket = async (request: FastifyRequest): Promise<void> => {
    await this.admit();
    if (this.#sockets.size >= this.#limits.max)
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

  /** An answer that is waited for when the process stops, until its stream closes. */
  attend(stream: { once(event: 'close', listener: () => void): unknown }): void {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    this.#leaving.add(left);
    stream.once('close', () => {
      this.#leaving.delete(left);
      resolve();
    });
  }

  /** Counts the socket as open until it closes. */
  enter(socket: WebSocket, speaking: SpeakSocket): void {
    this.attend(socket);
    this.#sockets.add(speaking);
    this.#measure();
    socket.once('close', () => {
      this.#sockets.delete(speaking);
      this.#measure();
    });
  }

  /** For shutdown: nobody is let in, answers are spoken to their end, sockets end with 1001; after `drainMs` all at once. */
  async goAway(): Promise<void> {
    this.#draining = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#limits.drainMs);
    for (const speaking of this.#sockets) speaking.goAway();
    await Promise.race([Promise.all(this.#leaving), late]);
    clearTimeout(timer);
    for (const speaking of this.#sockets) speaking.close(closeCodes.goingAway, TOO_LATE);
  }

  #measure(): void {
    this.#telemetry.set('eloquence_tts_streams', this.#sockets.size);
  }
}
