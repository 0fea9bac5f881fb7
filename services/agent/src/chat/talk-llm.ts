import type { SessionId } from '@eloquence/shared/contracts/ids';
import { LLM, type LLMStream } from '@livekit/agents-plugin-openai';

export interface TalkLlmOptions {
  readonly apiUrl: string;
  readonly key: string;
  readonly sessionId: SessionId;
}

/** The LLM behind api-backend's proxy; every request says which session it belongs to. */
export class TalkLlm extends LLM {
  readonly #sessionId: SessionId;

  constructor(options: TalkLlmOptions) {
    super({ baseURL: `${options.apiUrl}/v1`, apiKey: options.key, model: 'talk' });
    this.#sessionId = options.sessionId;
  }

  override chat(options: Parameters<LLM['chat']>[0]): LLMStream {
    const extraKwargs = { ...options.extraKwargs, extra_headers: { 'x-session-id': this.#sessionId } };
    return super.chat({ ...options, extraKwargs });
  }
}
