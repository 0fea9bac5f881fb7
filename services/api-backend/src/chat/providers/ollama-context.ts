import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { textOf } from './message-text.ts';
import type { ModelRequest } from './provider.ts';
import { brokenOff, statusError, type Peer } from './upstream-error.ts';

/** Of an Ollama that does not say: what the oldest of them gave a model. */
const LEAST_CONTEXT_TOKENS = 2_048;
/** Fewer than in any language we speak: times and numbers are a token a digit. What is estimated is rather too much. */
const CHARACTERS_PER_TOKEN = 2.5;
const TOKENS_PER_MESSAGE = 8;
/** Part of the context that is kept for the answer. */
const ANSWER_SHARE = 0.25;

const runningSchema = z.object({
  models: z.array(
    z.looseObject({ model: z.string().optional(), name: z.string().optional(), context_length: z.number().optional() }),
  ),
});

export interface OllamaContextOptions {
  readonly url: string;
  readonly peer: Peer;
}

/**
 * Ollama drops the beginning of what does not fit its context, instructions first, and says nothing; its OpenAI wire takes no
 * size of the context. So what must be read whole is measured against the context the model runs with.
 */
export class OllamaContext {
  readonly #options: OllamaContextOptions;

  constructor(options: OllamaContextOptions) {
    this.#options = options;
  }

  /**
   * The request with room for its answer.
   *
   * @throws AppError `payload_too_large` when the model could not read all of it
   */
  async fit(request: ModelRequest, signal: AbortSignal): Promise<ModelRequest> {
    const context = await this.#tokens(request.model, signal);
    const asked = estimatedTokens(request);
    const wanted = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
    const room = context - asked;
    if (room < Math.min(wanted, context * ANSWER_SHARE))
      throw new AppError(
        'payload_too_large',
        `This is longer than the ${context} tokens that Ollama gives ${request.model}. Start Ollama with OLLAMA_CONTEXT_LENGTH=16384, or shorten it.`,
      );
    // Behind its context it would forget the beginning while it writes.
    const { max_completion_tokens: _, ...rest } = request;
    return { ...rest, max_tokens: Math.min(wanted, room) };
  }

  /** Of the model as it is loaded; one that is not is loaded first, as the request itself would. */
  async #tokens(model: string, signal: AbortSignal): Promise<number> {
    const known = await this.#running(model, signal);
    if (known !== undefined) return known;
    await this.#request('/api/generate', signal, { model, stream: false });
    return (await this.#running(model, signal)) ?? LEAST_CONTEXT_TOKENS;
  }

  async #running(model: string, signal: AbortSignal): Promise<number | undefined> {
    const parsed = runningSchema.safeParse(await this.#request('/api/ps', signal));
    const isIt = (name: string | undefined) => name === model || name === `${model}:latest`;
    return parsed.data?.models.find((one) => isIt(one.model) || isIt(one.name))?.context_length;
  }

  async #request(path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const { url, peer } = this.#options;
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, {
        signal,
        redirect: 'error',
        ...(body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      if (response.ok) return await response.json();
    } catch (error) {
      signal.throwIfAborted();
      throw brokenOff(peer, error);
    }
    await response.body?.cancel();
    throw statusError({ peer, status: response.status });
  }
}

function estimatedTokens({ messages, tools }: ModelRequest): number {
  const letters = messages.reduce((sum, message) => sum + textOf(message.content).length, 0);
  const inTools = tools?.length ? JSON.stringify(tools).length : 0;
  return Math.ceil((letters + inTools) / CHARACTERS_PER_TOKEN) + messages.length * TOKENS_PER_MESSAGE;
}
