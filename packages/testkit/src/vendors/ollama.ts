import { loadSpec } from '../spec-validator.ts';
import type { Exchange } from './fake-vendor.ts';
import { FakeOpenAi } from './openai.ts';

/** Ollama: OpenAI's wire under `/v1` without a key, and its own `/api/tags`. */
export class FakeOllama extends FakeOpenAi {
  override models: readonly string[] = ['qwen3:4b'];
  protected override readonly needsKey = false;
  override readonly strictTemplate = true;

  protected override async answer(exchange: Exchange): Promise<void> {
    if (exchange.request.path !== '/api/tags') return super.answer(exchange);
    const body = {
      models: this.models.map((name) => ({
        name,
        model: name,
        modified_at: '2026-08-21T10:00:00.000Z',
        size: 2_600_000_000,
        digest: 'a'.repeat(64),
        details: {
          format: 'gguf',
          family: 'qwen3',
          families: ['qwen3'],
          parameter_size: '4B',
          quantization_level: 'Q4_K_M',
        },
      })),
    };
    this.note('tags answer', loadSpec('ollama.openapi.yaml')?.schemaFaults('ListResponse', body));
    this.json(exchange.response, 200, body);
  }
}
