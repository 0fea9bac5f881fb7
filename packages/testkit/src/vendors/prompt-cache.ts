/** Prompts remembered per key; the oldest are forgotten. */
const MAX_KEPT = 16;

/** What a vendor has kept of earlier prompts: a prompt that begins like one of them is read from the cache so far. */
export class PromptCache {
  /** Whether it works without a key (OpenAI) or only with one (Mistral). */
  readonly #needsKey: boolean;
  readonly #kept = new Map<string, (readonly string[])[]>();

  constructor(options: { readonly needsKey: boolean }) {
    this.#needsKey = options.needsKey;
  }

  /**
   * Tokens of a prompt and how many of them are cached; the prompt is kept for the next one.
   *
   * @param blocks the prompt from its beginning, in pieces that are the same or not
   */
  read(key: string | undefined, blocks: readonly string[]): { total: number; cached: number } {
    const total = tokensOf(blocks);
    if (key === undefined && this.#needsKey) return { total, cached: 0 };
    const earlier = this.#kept.get(key ?? '') ?? [];
    const common = Math.max(0, ...earlier.map((prompt) => commonBlocks(prompt, blocks)));
    this.#kept.set(key ?? '', [...earlier, blocks].slice(-MAX_KEPT));
    return { total, cached: tokensOf(blocks.slice(0, common)) };
  }
}

/** About four characters each. */
export function tokensOf(blocks: readonly string[]): number {
  return blocks.reduce((sum, block) => sum + Math.ceil(block.length / 4), 0);
}

function commonBlocks(a: readonly string[], b: readonly string[]): number {
  const different = a.findIndex((block, index) => block !== b[index]);
  return different < 0 ? a.length : different;
}
