import { Readable } from 'node:stream';
import {
  chatCompletionSchema,
  chatRequestSchema,
  modelListSchema,
  type ChatRequest,
} from '@eloquence/shared/contracts/chat';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ChatService } from './chat-service.ts';
import { toCompletion, toEvents } from './completion.ts';
import { MODEL_ALIAS } from './providers/provider-choice.ts';
import type { ChatSettings } from './settings.ts';

export interface ChatRouteDeps {
  readonly settings: ChatSettings;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** `onRequest` hook that rejects with `unauthorized`. */
  readonly authorize: (request: FastifyRequest) => Promise<void>;
}

/** A long conversation with its tool results; the contract's 2000 messages need more than the usual 1 MiB. */
const BODY_LIMIT_BYTES = 4 * 1_048_576;

/**
 * `POST /v1/chat/completions` and `GET /v1/models` on OpenAI's wire. Looks for Ollama when the server becomes ready and
 * lets go of everything when it closes.
 *
 * @returns the service behind the routes; its `engine()` is what `/ready` reports
 */
export function registerChatRoutes(app: Service, deps: ChatRouteDeps): ChatService {
  const chat = new ChatService(deps);
  app.addHook('onReady', () => chat.start());
  const onRequest = deps.authorize;
  app.get('/v1/models', { onRequest, schema: { response: { 200: modelListSchema } } }, async (_request, reply) => {
    const names = await chat.models(clientSignal(reply));
    return {
      object: 'list' as const,
      data: [MODEL_ALIAS, ...names].map((id) => ({ id, object: 'model' as const, created: 0, owned_by: 'eloquence' })),
    };
  });
  app.post(
    '/v1/chat/completions',
    {
      onRequest,
      bodyLimit: BODY_LIMIT_BYTES,
      schema: { body: chatRequestSchema, response: { 200: chatCompletionSchema } },
    },
    (request, reply) => answerChat(request.body, reply as unknown as FastifyReply, chat) as Promise<never>,
  );
  return chat;
}

async function answerChat(request: ChatRequest, reply: FastifyReply, chat: ChatService): Promise<unknown> {
  const signal = clientSignal(reply);
  try {
    const answer = await chat.open(request, signal);
    reply.raw.once('close', answer.close);
    reply.header('cache-control', 'no-store').header('x-eloquence-engine', answer.provider.engine().id);
    const model = request.model === MODEL_ALIAS ? answer.provider.engine().id : request.model;
    if (!request.stream) return await toCompletion(answer.parts, model);
    const includeUsage = request.stream_options?.include_usage ?? false;
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
    return Readable.from(toEvents(answer.parts, { model, includeUsage }), { objectMode: false });
  } catch (error) {
    if (!signal.aborted) throw error;
    // Nobody is left to answer.
    return reply.hijack();
  }
}
