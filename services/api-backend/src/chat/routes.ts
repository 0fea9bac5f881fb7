import { Readable } from 'node:stream';
import {
  chatCompletionSchema,
  chatRequestSchema,
  modelListSchema,
  modelSchema,
  type ChatRequest,
} from '@eloquence/shared/contracts/chat';
import { clientSignal } from '@eloquence/shared/runtime/client-signal';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ChatService, type ChatServiceDeps } from './chat-service.ts';
import { toCompletion, toEvents } from './completion.ts';
import { buildProviders } from './providers/registry.ts';
import type { NamedModel } from './routing/model-directory.ts';
import type { ChatCaller } from './usage/ledger.ts';

export interface ChatRouteDeps extends Omit<ChatServiceDeps, 'providers'> {
  /** `onRequest` hook that rejects with `unauthorized`. */
  readonly authorize: (request: FastifyRequest) => Promise<void>;
  /** On whose account a request is. @throws AppError `not_found` when it names a session that is not theirs */
  readonly callerOf: (request: FastifyRequest, purpose: ChatCaller['purpose']) => Promise<ChatCaller>;
}

/** A long conversation with its tool results; the contract's 2000 messages need more than the usual 1 MiB. */
const BODY_LIMIT_BYTES = 4 * 1_048_576;

/**
 * `POST /v1/chat/completions`, `GET /v1/models` and `GET /v1/models/{name}` on OpenAI's wire. Checks the providers when the
 * server becomes ready and lets go of everything when it closes.
 *
 * @returns the service behind the routes; its `engine()` is what `/ready` reports
 * @throws ConfigError when a purpose names a model that cannot be had
 */
export async function registerChatRoutes(app: Service, deps: ChatRouteDeps): Promise<ChatService> {
  const chat = new ChatService({ ...deps, providers: await buildProviders(deps.settings, deps.logger) });
  app.addHook('onReady', () => chat.start());
  app.addHook('onClose', () => chat.close());
  registerModelRoutes(app, deps, chat);
  app.post(
    '/v1/chat/completions',
    {
      onRequest: deps.authorize,
      bodyLimit: BODY_LIMIT_BYTES,
      schema: { body: chatRequestSchema, response: { 200: chatCompletionSchema } },
    },
    async (request, reply) => {
      const signal = clientSignal(reply);
      try {
        const caller = await deps.callerOf(request, chat.purposeOf(request.body.model));
        // Streams pass the schema of one-piece answers by.
        return (await answerChat(request.body, reply, { chat, caller, signal })) as never;
      } catch (error) {
        if (!signal.aborted) throw error;
        // Nobody is left to answer.
        return reply.hijack() as never;
      }
    },
  );
  return chat;
}

function registerModelRoutes(app: Service, { authorize: onRequest }: ChatRouteDeps, chat: ChatService): void {
  app.get('/v1/models', { onRequest, schema: { response: { 200: modelListSchema } } }, async (_request, reply) => ({
    object: 'list' as const,
    data: (await chat.models(clientSignal(reply))).map(toModel),
  }));
  // Names of models have slashes, which clients send as they are or encoded.
  const schema = { response: { 200: modelSchema }, hide: true };
  app.get('/v1/models/*', { onRequest, schema }, async (request, reply) => {
    const { '*': name } = request.params as { readonly '*': string };
    const models = await chat.models(clientSignal(reply));
    const model = models.find(({ id, ownedBy }) => id === name || id === `${ownedBy}/${name}`);
    if (!model) throw new AppError('unknown_model', 'There is no model of this name; GET /v1/models lists them.');
    return toModel({ ...model, id: name });
  });
}

const toModel = ({ id, ownedBy }: NamedModel) => ({ id, object: 'model' as const, created: 0, owned_by: ownedBy });

interface Asking {
  readonly chat: ChatService;
  readonly caller: ChatCaller;
  readonly signal: AbortSignal;
}

async function answerChat(request: ChatRequest, reply: FastifyReply, asking: Asking): Promise<unknown> {
  const { answer, model } = await asking.chat.open(request, asking.caller, asking.signal);
  const { member, model: name } = answer.candidate;
  reply.header('cache-control', 'no-store').header('x-eloquence-engine', headerTextOf(member.provider.engine(name).id));
  if (!request.stream) return toCompletion(await answer.collect(), model);
  reply.raw.once('close', () => answer.close());
  const includeUsage = request.stream_options?.include_usage ?? false;
  reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  return Readable.from(toEvents(answer.stream(), { model, includeUsage }), { objectMode: false });
}

/** Names of models may be written in any script, headers are not. */
const headerTextOf = (text: string): string =>
  text.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
