import type { AddressInfo } from 'node:net';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { createService, requireKey, type Service } from '@eloquence/shared/runtime/service';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { FakeVendor, RecordedRequest } from '@eloquence/testkit/vendors/fake-vendor';
import OpenAI from 'openai';
import * as z from 'zod';
import type { ChatService } from '../chat/chat-service.ts';
import { registerChatRoutes } from '../chat/routes.ts';
import { routingEnv, routingSettings, type PurposeLimits } from '../chat/routing/routing-settings.ts';
import { chatEnv, chatSettings } from '../chat/settings.ts';
import type { ChatCaller, Ledger, UsageEntry } from '../chat/usage/ledger.ts';
import { drainBeforeClosing } from '../http/drain.ts';

const KEY = 'internal-key-of-the-test';
/** Headers of a request that may ask. */
export const AUTHORIZED = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };
/** A port nobody listens on. */
const NOWHERE = 'http://127.0.0.1:9';

/** Admits everybody, until told otherwise, and keeps what it is given. */
class FakeLedger implements Ledger {
  readonly entries: UsageEntry[] = [];
  readonly admitted: ChatCaller[] = [];
  refusal: Error | undefined;

  async admit(caller: ChatCaller): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.admitted.push(caller);
  }

  record(entry: UsageEntry): void {
    this.entries.push(entry);
  }
}

export interface ChatProxy extends AsyncDisposable {
  readonly app: Service;
  readonly chat: ChatService;
  readonly ledger: FakeLedger;
  readonly url: string;
  readonly client: OpenAI;
  /** `POST /v1/chat/completions`. */
  readonly ask: (body: unknown, init?: RequestInit) => Promise<Response>;
  readonly metrics: () => Promise<string>;
}

export interface ChatProxyOptions {
  readonly limits?: Partial<PurposeLimits>;
  readonly answerMs?: number;
  readonly listMs?: number;
  readonly firstProbeMs?: number;
  /** How long closing waits for answers. */
  readonly drainMs?: number;
  /** Of Ollama. */
  readonly probeEveryMs?: number;
}

/** The LLM proxy alone, on a real socket, as the environment sets it up. */
export async function startChatProxy(
  env: Readonly<Record<string, string>>,
  options: ChatProxyOptions = {},
): Promise<ChatProxy> {
  const telemetry = new Telemetry({ processMetrics: false });
  const logger = createLogger('test', 'silent');
  const ledger = new FakeLedger();
  const values = z.object({ ...chatEnv, ...routingEnv }).parse({ OLLAMA_URL: NOWHERE, ...env });
  const routing = routingSettings(values);
  const { limits, firstProbeMs, probeEveryMs, drainMs = 0, ...times } = options;
  const settings = chatSettings(values);
  let chat: ChatService | undefined;
  const app = createService({
    service: 'test',
    logger,
    telemetry,
    readiness: [{ name: 'model', advisory: true, check: async () => chat?.summary() }],
    engine: () => chat?.engine(),
  });
  drainBeforeClosing(app, { onClosing: () => undefined, onLate: () => chat?.stop(), drainMs });
  chat = await registerChatRoutes(app, {
    settings: { ...settings, ...(probeEveryMs !== undefined && { probeEveryMs }) },
    routing: { ...routing, ...times, limits: { ...routing.limits, talk: { ...routing.limits.talk, ...limits } } },
    ledger,
    telemetry,
    logger,
    authorize: requireKey([KEY]),
    callerOf: async (request, purpose) => ({
      tenant: String(request.headers['x-test-tenant'] ?? 'test'),
      purpose,
      ...(request.headers['x-session-id'] !== undefined && { sessionId: request.headers['x-session-id'] as never }),
    }),
    ...(firstProbeMs !== undefined && { firstProbeMs }),
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    app,
    chat,
    ledger,
    url,
    client: new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 }),
    ask: (body, init = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: AUTHORIZED,
        body: JSON.stringify(body),
        ...init,
      }),
    metrics: () => telemetry.registry.metrics(),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** What a vendor was asked, beside its list of models. */
export const chatsOf = (vendor: FakeVendor): readonly RecordedRequest[] =>
  vendor.requests.filter(({ method }) => method === 'POST');

/** What a stream of `POST /v1/chat/completions` held. */
export interface StreamedAnswer {
  readonly text: string;
  readonly finishes: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly isDone: boolean;
  readonly ids: ReadonlySet<string>;
  readonly usage: { readonly total_tokens: number; readonly completion_tokens: number } | undefined;
  /** Longest time without an event, ms. */
  readonly longestGapMs: number;
}

interface AnyChunk {
  readonly id?: string;
  readonly choices?: readonly {
    readonly delta: { readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: StreamedAnswer['usage'] | null;
  readonly error?: StreamedAnswer['error'];
}

/** Reads a streamed answer to its end. */
export async function readStream(response: Response): Promise<StreamedAnswer> {
  let body = '';
  let longestGapMs = 0;
  let lastMs = performance.now();
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
    lastMs = performance.now();
    body += decoder.decode(bytes as Uint8Array, { stream: true });
  }
  const events = body.split('\n\n').filter(Boolean);
  const chunks = events
    .filter((event) => event !== 'data: [DONE]')
    .map((event) => JSON.parse(event.slice('data: '.length)) as AnyChunk);
  return {
    text: chunks.map(({ choices }) => choices?.[0]?.delta.content ?? '').join(''),
    finishes: chunks.flatMap(({ choices }) => choices?.[0]?.finish_reason ?? []),
    error: chunks.find(({ error }) => error)?.error,
    isDone: events.at(-1) === 'data: [DONE]',
    ids: new Set(chunks.flatMap(({ id }) => id ?? [])),
    usage: chunks.find(({ usage }) => usage)?.usage ?? undefined,
    longestGapMs,
  };
}
