import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { AppError } from '@eloquence/shared/runtime/errors';
import { credentialOf } from '@eloquence/shared/runtime/service';
import type { Admission } from '../decoding/admission.ts';
import type { Tenants } from '@eloquence/shared/runtime/tenants';
import type { SpeechSocket } from './speech-socket.ts';

export interface EntranceOptions {
  readonly tenants: Tenants;
  /** Counts the sockets of all wires. */
  readonly admission: Pick<Admission, 'admit' | 'enter'>;
  /** True once the process is stopping. */
  readonly draining: () => boolean;
  /** False while speech detection is being restarted. */
  readonly hears: () => boolean;
}

/** The close reason of those whose text did not come in time: what they said last is lost. */
const TOO_LATE = 'unavailable: The service stops before its engine answered; say the last words again.';

/** Where a browser, which cannot set headers, puts the key among its subprotocols. */
export type ProtocolKey = (protocols: readonly string[]) => string | undefined;

/**
 * Who is let in, before the upgrade, so that a refusal is an HTTP problem body; and who is in. One for all wires: their
 * sockets share the limits.
 */
export class Entrance {
  readonly #open = new Set<SpeechSocket>();
  readonly #options: EntranceOptions;
  readonly #stamps = new WeakMap<IncomingMessage, { readonly header: string; readonly id: string }>();

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** @throws AppError `unauthorized` */
  tenantOf({ headers }: FastifyRequest, keyOf: ProtocolKey): string {
    const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
    const tenant = this.#options.tenants.of(credentialOf(headers.authorization) ?? keyOf(protocols));
    if (tenant) return tenant;
    throw new AppError('unauthorized', 'Send a valid key as "Authorization: Bearer <key>" or "Token <key>".');
  }

  /** @throws AppError `unavailable`, `overloaded` or `rate_limited`, with the time to wait */
  admit(tenant: string): void {
    const { draining, hears, admission } = this.#options;
    if (draining())
      throw new AppError('unavailable', 'The service is stopping. Connect again in a few seconds.', { retryAfterS: 5 });
    if (!hears()) throw new AppError('unavailable', 'Speech detection is starting. Connect again.', { retryAfterS: 1 });
    const refusal = admission.admit(tenant);
    if (refusal) throw refusal;
  }

  /** Counts the socket as open until it closes. */
  enter(socket: WebSocket, speech: SpeechSocket, tenant: string): void {
    const leave = this.#options.admission.enter(tenant);
    this.#open.add(speech);
    socket.on('close', () => {
      this.#open.delete(speech);
      leave();
    });
  }

  /** For shutdown: finals go out, then 1001. Who is not done after `drainMs` gets 1001 without what was still to come. */
  async goAway(drainMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, drainMs);
    await Promise.race([Promise.all([...this.#open].map((speech) => speech.goAway())), late]);
    clearTimeout(timer);
    for (const speech of this.#open) speech.close(closeCodes.goingAway, TOO_LATE);
  }

  /** Gives the stream an id, which goes out with the upgrade under the header that clients of the wire know. */
  stamp(request: FastifyRequest, header: string): void {
    this.#stamps.set(request.raw, { header, id: randomUUID() });
  }

  /** The id given to the stream. */
  stampOf(request: FastifyRequest): string {
    return this.#stamps.get(request.raw)?.id ?? request.id;
  }

  /** For the `headers` event of the WebSocket server. */
  readonly addHeaders = (headers: string[], request: IncomingMessage): void => {
    const stamp = this.#stamps.get(request);
    if (stamp) headers.push(`${stamp.header}: ${stamp.id}`);
  };
}
