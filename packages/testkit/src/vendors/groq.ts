import { FakeOpenAi } from './openai.ts';

/** Groq: OpenAI's wire under `/openai/v1`; refuses what it has not, by name. */
export class FakeGroq extends FakeOpenAi {
  override readonly apiKey: string = 'gsk_fake_groq';
  override models: readonly string[] = ['llama-3.3-70b-versatile', 'whisper-large-v3-turbo'];
  override readonly refuses = new Set(['prompt_cache_key']);
  protected override readonly basePath = '/openai/v1';
}
