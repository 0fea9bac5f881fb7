import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { Session } from '@eloquence/shared/contracts/sessions';
import { WebhookReceiver, type WebhookEvent } from 'livekit-server-sdk';
import * as z from 'zod';
import type { EventReader } from '../events/event-reader.ts';
import { problems } from '../http/docs.ts';
import type { SessionEnder } from '../sessions/end-session.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { AgentWatch } from './agent-watch.ts';
import { endReasonOf } from './end-reason.ts';
import type { Presence } from './presence.ts';
import { hasLeft, kindOf, type RoomClient } from './room-client.ts';

export interface WebhookRouteDeps {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly reader: EventReader;
  readonly rooms: RoomClient;
  readonly presence: Presence;
  readonly ender: SessionEnder;
  readonly agents: AgentWatch;
}

/** LiveKit repeats a delivery within seconds or not at all; its signature is good for 5 minutes. */
const REMEMBER_MS = 600_000;

/**
 * `POST /api/livekit/webhook`: what livekit-server tells about rooms. Signed with our API secret over the raw body. Only a hint:
 * deliveries may be lost, late, repeated or out of order, so the room is always looked at before anything is ended.
 */
export async function registerWebhookRoutes(app: Service, deps: WebhookRouteDeps): Promise<void> {
  const receiver = new WebhookReceiver(deps.apiKey, deps.apiSecret);
  await app.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    for (const mediaType of ['application/webhook+json', 'application/json']) {
      scope.addContentTypeParser(mediaType, { parseAs: 'string' }, (_request, body, done) => done(null, body));
    }
    scope.post(
      '/api/livekit/webhook',
      { schema: { hide: true, response: { 204: z.null(), ...problems(401, 413, 415, 503) } } },
      async (request, reply) => {
        const event = await verify(receiver, request.body, request.headers.authorization);
        const again = await deps.presence.claim(`webhook:${event.id}`, REMEMBER_MS);
        if (again) {
          try {
            await handle(event, deps);
          } catch (error) {
            await again();
            throw error;
          }
        }
        return reply.code(204).send(null);
      },
    );
  });
}

async function verify(
  receiver: WebhookReceiver,
  body: unknown,
  authorization: string | undefined,
): Promise<WebhookEvent> {
  try {
    return await receiver.receive(String(body), authorization?.replace(/^Bearer +/i, ''));
  } catch (error) {
    throw new AppError(
      'unauthorized',
      'The webhook is not signed with our key: webhook.api_key of livekit.yaml must name LIVEKIT_API_KEY.',
      { cause: error },
    );
  }
}

async function handle(event: WebhookEvent, deps: WebhookRouteDeps): Promise<void> {
  const { room, participant } = event;
  const session = room && (await deps.store.findByRoom(room.name));
  if (!session || session.state === 'ended') return;
  switch (event.event) {
    case 'participant_joined':
    case 'participant_left':
      if (participant && kindOf(participant) === 'person') {
        const left = event.event === 'participant_left' && hasLeft(participant);
        await deps.presence.mark(session.session_id, left ? 'left' : 'joined');
      }
      await deps.agents.look(session);
      break;
    case 'room_finished':
      await endFinished(session, deps);
      break;
    default:
  }
}

/** A room that exists again was made by somebody who came back. */
async function endFinished(session: Session, { facts, rooms, ender, ...sources }: WebhookRouteDeps): Promise<void> {
  if ((await rooms.listRooms([session.room_name])).length > 0) return;
  const [now = session] = await facts.overlay([session]);
  await ender.end(session, await endReasonOf(now, sources));
}
