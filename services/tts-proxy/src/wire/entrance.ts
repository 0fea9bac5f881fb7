import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { INTERNAL_TENANT } from '@eloquence/shared/runtime/tenants';
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Callers } from './callers.ts';
import type { SocketLimits } from './socket-care.ts';
import type { SpeakSocket } from './speak-socket.ts';

const TOO_LATE = 'unavailable: The service stops; what was still to be said is not.';
/** By which Deepgram's clients know a stream. */
const REQUEST_ID_HEADER = 'dg-request-id';

/** Who is let in, before the upgrade, so that a refusal is an HTTP problem body; and who is in, on any wire. */
export class Entrance {
  /** Open sockets and whose they are. */
  readonly #sockets = new Map<SpeakSocket, string>();
  /** What is waited for when the process stops: sockets and answers. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #ids = new WeakMap<IncomingMessage, string>();
  readonly #callers: Callers;
  readonly #limits: SocketLimits;
  readonly #telemetry: Telemetry;
  #draining = false;

  constructor(callers: Callers, limits: SocketLimits, telemetry: Telemetry) {
    this.#callers = callers;
    this.#limits = limits;
    this.#telemetry = telemetry;
    this.#measure();
  }

  /** A `preHandler` hook. Rejects with AppError `unavailable` on the way out. */
  readonly admit = async (): Promise<void> => {
    if (this.#draining)
      throw new AppError('unavailable', 'The service is stopping. Connect again in a few seconds.', { retryAfterS: 5 });
  };

  /**
   * The same for sockets, of which there may be so many: a key of API_KEYS may hold half of them, and all such keys together
   * all of them; our own services are let in until they hold as many themselves, so that nobody can shut the agent out.
   * Rejects with AppError `overloaded` or `rate_limited` too.
   */
  readonly admitSocket = async (request: FastifyRequest): Promise<void> => {
    await this.admit();
    const { max } = this.#limits;
    const tenant = this.#callers.tenantOf(request);
    const held = [...this.#sockets.values()].filter((holder) => holder === tenant).length;
    const isOwn = tenant === INTERNAL_TENANT;
    if ((isOwn ? held : this.#sockets.size) >= max)
      throw new AppError('overloaded', `All ${max} speaking sockets are in use.`, { retryAfterS: 2 });
    const share = Math.ceil(max / 2);
    if (!isOwn && held >= share)
      throw new AppError('rate_limited', `This key holds all ${share} speaking sockets that one may hold. Close one.`, {
        retryAfterS: 2,
      });
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

  /** Counts the socket as open, and as the tenant's, until it closes. */
  enter(socket: WebSocket, speaking: SpeakSocket, tenant: string): void {
    this.attend(socket);
    this.#sockets.set(speaking, tenant);
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
    for (const speaking of this.#sockets.keys()) speaking.goAway();
    await Promise.race([Promise.all(this.#leaving), late]);
    clearTimeout(timer);
    for (const speaking of this.#sockets.keys()) speaking.close(closeCodes.goingAway, TOO_LATE);
  }

  #measure(): void {
    this.#telemetry.set('eloquence_tts_streams', this.#sockets.size);
  }
}
