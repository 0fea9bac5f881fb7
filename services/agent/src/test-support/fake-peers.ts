import type { AgentSession } from '@eloquence/shared/contracts/dispatch';
import type { ErrorCode } from '@eloquence/shared/contracts/errors';
import Fastify, { type FastifyReply } from 'fastify';
import type { AddressInfo } from 'node:net';

async function listen(app: ReturnType<typeof Fastify>): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

interface ChatRequest {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({
    id: 'chat',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'talk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

/** Stands where api-backend stands, as an agent sees it: the session, and the LLM proxy. */
export class FakeApi implements AsyncDisposable {
  readonly chats: { readonly request: ChatRequest; readonly sessionId: string | undefined }[] = [];
  /** While there is a code the model fails with it. */
  broken: ErrorCode | undefined;
  answer = 'Très bien, on continue.';
  /** When the session began, for agents that ask from now on; null: it has not. */
  startedAt: string | null = null;
  /** Sessions that are meetings. */
  readonly meetings = new Set<string>();
  readonly ended: { readonly sessionId: string; readonly reason: string }[] = [];
  readonly lost: { readonly sessionId: string; readonly identity: string }[] = [];
  readonly #app = Fastify({ forceCloseConnections: true });
  url = '';

  static async start(facts: AgentSession): Promise<FakeApi> {
    const api = new FakeApi();
    api.#app.get('/health', () => ({ status: 'ok' }));
    api.#app.get<{ Params: { id: string } }>('/internal/sessions/:id', ({ params: { id } }) => ({
      ...facts,
      session: {
        ...facts.session,
        started_at: api.startedAt,
        ...(api.meetings.has(id) && { session_id: id, scenario_id: 'meeting', kind: 'meeting' as const }),
      },
    }));
    api.#app.post<{ Params: { id: string }; Body: { reason: string } }>('/internal/sessions/:id/end', (request) => {
      api.ended.push({ sessionId: request.params.id, reason: request.body.reason });
      return { status: 'ok' };
    });
    api.#app.post<{ Params: { id: string }; Body: { identity: string } }>(
      '/internal/sessions/:id/lost-agent',
      (request) => {
        api.lost.push({ sessionId: request.params.id, identity: request.body.identity });
        return { status: 'ok' };
      },
    );
    api.#app.get('/v1/models', () => ({ object: 'list', data: [] }));
    api.#app.post<{ Body: ChatRequest }>('/v1/chat/completions', (request, reply) => {
      const sessionId = request.headers['x-session-id'] as string | undefined;
      api.chats.push({ request: request.body, sessionId });
      if (api.broken !== undefined)
        return reply.code(502).send({ error: { message: 'no', type: 'server_error', code: api.broken } });
      return api.#stream(reply);
    });
    api.url = await listen(api.#app);
    return api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.close();
  }

  #stream(reply: FastifyReply): FastifyReply {
    const words = this.answer.split(/(?<= )/).map((content) => chunk({ content }, null));
    return reply.type('text/event-stream').send([...words, chunk({}, 'stop'), 'data: [DONE]\n\n'].join(''));
  }
}
