import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { startChatProxy, type ChatProxy, type ChatProxyOptions } from './chat-proxy.ts';

/** The LLM proxy between two vendors, Mistral preferred. Disposing it stops them and every proxy it served. */
export class TwoModels implements AsyncDisposable {
  readonly mistral = new FakeMistral();
  readonly openai = new FakeOpenAi();
  readonly #served: ChatProxy[] = [];

  static async open(): Promise<TwoModels> {
    const models = new TwoModels();
    await Promise.all([models.mistral.listen(), models.openai.listen()]);
    return models;
  }

  /** A proxy that has checked its models. @param env settings beside keys and addresses, or in their place */
  async serve(env: Readonly<Record<string, string>> = {}, options: ChatProxyOptions = {}): Promise<ChatProxy> {
    const { mistral, openai } = this;
    const keys = {
      MISTRAL_API_KEY: mistral.apiKey,
      MISTRAL_BASE_URL: mistral.url,
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: `${openai.url}/v1`,
    };
    const proxy = await startChatProxy({ ...keys, ...env }, options);
    this.#served.push(proxy);
    // It fails where a test has nobody able.
    await proxy.chat.summary().catch(() => undefined);
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#served) await proxy[Symbol.asyncDispose]();
    await Promise.all([this.mistral[Symbol.asyncDispose](), this.openai[Symbol.asyncDispose]()]);
  }
}
