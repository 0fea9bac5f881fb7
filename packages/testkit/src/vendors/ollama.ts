import { loadSpec } from '../spec-validator.ts';
import type { Exchange } from './fake-vendor.ts';
import { FakeOpenAi } from './openai.ts';

/** Ollama: OpenAI's wire under `/v1` without a key, and its own `/api/tags`, `/api/ps` and loading of models. */
export class FakeOllama extends FakeOpenAi {
  override models: readonly string[] = ['qwen3:4b'];
  protected override readonly needsKey = false;
  override readonly strictTemplate = true;
  /** Tokens a model that is loaded can read; undefined: an Ollama too old to say. */
  contextLength: number | undefined = 4_096;
  /** Models that are loaded now. */
  readonly loaded = new Set<string>();

  protected override async answer(exchange: Exchange): Promise<void> {
    const { path } = exchange.request;
    if (path === '/api/ps') return this.#running(exchange);
    if (path === '/api/generate') return this.#load(exchange);
    if (path !== '/api/tags') return super.answer(exchange);
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

  #running({ response }: Exchange): void {
    const body = {
      models: [...this.loaded].map((name) => ({
        name,
        model: name,
        size: 2_600_000_000,
        digest: 'a'.repeat(64),
        expires_at: '2026-08-21T10:05:00.000Z',
        size_vram: 0,
        ...(this.contextLength !== undefined && { context_length: this.contextLength }),
      })),
    };
    this.note('ps answer', loadSpec('ollama.openapi.yaml')?.schemaFaults('PsResponse', body));
    this.json(response, 200, body);
  }

  /** Without a prompt, generating only loads. */
  #load({ request, response }: Exchange): void {
    const spec = loadSpec('ollama.openapi.yaml');
    const { model = '' } = request.body as { readonly model?: string };
    if (
      !this.note('generate request', spec?.schemaFaults('GenerateRequest', request.body)) ||
      !this.models.includes(model)
    )
      return this.fail(response, 404, `model '${model}' not found`);
    this.loaded.add(model);
    this.json(response, 200, {
      model,
      created_at: '2026-08-21T10:00:00.000Z',
      response: '',
      done: true,
      done_reason: 'load',
    });
  }
}
