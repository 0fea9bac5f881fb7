import { loadSpec } from '../spec-validator.ts';
import {
  answerTo,
  chatDeltas,
  countUsage,
  inBytes,
  sse,
  SSE_DONE,
  type ChatAnswer,
  type ChatBody,
  type ChatDelta,
  type ChatScript,
  type CountedUsage,
} from './chat-answer.ts';
import type { PromptCache } from './prompt-cache.ts';

const CREATED = 1_700_000_000;

/**
 * How copies of OpenAI's wire differ from it: calls of tools without `index` or `id`, every call with index 0, the id in
 * every piece of a call, calls in one piece; no finish reason, no `[DONE]`, `stop` after a call; usage with every chunk;
 * comments between events, thoughts in `reasoning_content`, `content: null` beside calls.
 */
export type ChatQuirk =
  | 'no_index'
  | 'no_id'
  | 'same_index'
  | 'repeated_id'
  | 'whole_calls'
  | 'no_finish'
  | 'no_done'
  | 'finish_stop'
  | 'usage_per_chunk'
  | 'comments'
  | 'reasoning'
  | 'null_content';

/** What a server on OpenAI's wire is like. */
export interface ChatServer {
  readonly chat: ChatScript;
  readonly quirks: ReadonlySet<ChatQuirk>;
  /** Members of a body that this server refuses, by name. */
  readonly refuses: ReadonlySet<string>;
  readonly models: readonly string[];
  /** Its chat template wants a person to have spoken, and knows no developer. */
  readonly strictTemplate: boolean;
  readonly chatPieceBytes: number | undefined;
  readonly cache: PromptCache;
}

export interface ChatRefusal {
  readonly status: number;
  readonly message: string;
  readonly code?: string;
}

/** Faults of a chat request against OpenAI's document. */
export function chatRequestFaults(body: unknown): readonly string[] | undefined {
  return loadSpec('openai.openapi.yaml')?.schemaFaults('CreateChatCompletionRequest', body);
}

/** Why a server refuses a request of the right shape; undefined = it does not. */
export function chatRefusal(body: ChatBody, server: ChatServer): ChatRefusal | undefined {
  const refused = Object.keys(body).find((name) => server.refuses.has(name));
  if (refused)
    return {
      status: 400,
      message: `Unrecognized request argument supplied: ${refused}`,
      code: 'unsupported_parameter',
    };
  if (!server.models.includes(body.model ?? ''))
    return { status: 404, message: `The model \`${body.model}\` does not exist`, code: 'model_not_found' };
  const roles = new Set(body.messages?.map(({ role }) => role));
  if (!server.strictTemplate) return undefined;
  if (roles.has('developer')) return { status: 400, message: 'Unexpected message role: developer' };
  return roles.has('user') || roles.has('tool')
    ? undefined
    : { status: 400, message: 'No user query found in messages.' };
}

/** The pieces of a streamed answer and their faults against OpenAI's document. */
export function chatPieces(
  body: ChatBody,
  server: ChatServer,
): { pieces: (string | Uint8Array)[]; faults: readonly string[]; gapMs: number | undefined } {
  const answer = answerTo(server.chat, body);
  const { quirks } = server;
  const chunks = chatChunks(body, answer, server);
  const spec = quirks.size === 0 ? loadSpec('openai.openapi.yaml') : undefined;
  const faults = chunks.flatMap((chunk) => spec?.schemaFaults('CreateChatCompletionStreamResponse', chunk) ?? []);
  const events = chunks.map((chunk) => (quirks.has('comments') ? `: still here\n\n${sse(chunk)}` : sse(chunk)));
  if (!quirks.has('no_done')) events.push(SSE_DONE);
  return { pieces: inBytes(events, server.chatPieceBytes), faults, gapMs: answer.gapMs };
}

function chatChunks(body: ChatBody, answer: ChatAnswer, server: ChatServer): Record<string, unknown>[] {
  const { quirks } = server;
  const common = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: CREATED, model: body.model };
  const usage = usageOf(countUsage(body, answer, server.cache));
  const wantsUsage = body.stream_options?.include_usage === true;
  const usageSoFar = quirks.has('usage_per_chunk') ? { usage } : wantsUsage && { usage: null };
  const deltas = chatDeltas(answer, !quirks.has('whole_calls'));
  if (quirks.has('reasoning'))
    deltas.splice(1, 0, { delta: { reasoning_content: 'Réfléchissons.' } as ChatDelta, finish_reason: null });
  const chunks: Record<string, unknown>[] = deltas.map(({ delta, finish_reason: finish }) => ({
    ...common,
    choices: [
      { index: 0, logprobs: null, delta: withQuirks(delta, answer, quirks), finish_reason: ended(finish, quirks) },
    ],
    ...usageSoFar,
  }));
  if (wantsUsage && !quirks.has('usage_per_chunk')) chunks.push({ ...common, choices: [], usage });
  return chunks;
}

function ended(reason: string | null, quirks: ReadonlySet<ChatQuirk>): string | null {
  if (quirks.has('no_finish')) return null;
  return reason === 'tool_calls' && quirks.has('finish_stop') ? 'stop' : reason;
}

function withQuirks(delta: ChatDelta, answer: ChatAnswer, quirks: ReadonlySet<ChatQuirk>): unknown {
  const calls = delta.tool_calls?.map((call) => {
    const { index, id, ...rest } = call;
    const known = answer.toolCalls?.[index]?.id;
    const shown = quirks.has('repeated_id') ? known : id;
    return {
      ...(!quirks.has('no_index') && { index: quirks.has('same_index') ? 0 : index }),
      ...(shown && !quirks.has('no_id') && { id: shown }),
      ...rest,
    };
  });
  return { ...delta, ...(calls && { tool_calls: calls, ...(quirks.has('null_content') && { content: null }) }) };
}

function usageOf({ cached_tokens: cached, ...usage }: CountedUsage): unknown {
  return { ...usage, prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 } };
}

/** OpenAI's error body. */
export function openAiError(status: number, message: string, code?: string): unknown {
  const type = status >= 500 ? 'server_error' : status === 429 && code ? code : 'invalid_request_error';
  return { error: { message, type, param: null, code: code ?? (status === 404 ? 'model_not_found' : null) } };
}
