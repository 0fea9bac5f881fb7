import { FakeOpenAi } from './openai.ts';

/** A server of one's own on OpenAI's wire (vLLM, llama.cpp, LM Studio): no key, a strict chat template. */
export class FakeRest extends FakeOpenAi {
  override models: readonly string[] = ['mistralai/Mistral-Small-3.2-24B-Instruct-2506'];
  override readonly refuses = new Set(['prompt_cache_key', 'max_completion_tokens']);
  override readonly strictTemplate = true;
  protected override readonly needsKey = false;
}
