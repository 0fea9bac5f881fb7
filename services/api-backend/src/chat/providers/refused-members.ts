import type { Dispensable, Refused } from './openai-request.ts';

const NOTHING: Refused = new Set();

/**
 * What the models of a server are known to refuse, so that they are not given it any more: by anybody, so it takes a proof.
 * That is an answer given without the member to a request that had just been refused with it.
 */
export class RefusedMembers {
  readonly #byModel = new Map<string, Refused>();

  of(model: string): Refused {
    return this.#byModel.get(model) ?? NOTHING;
  }

  add(model: string, member: Dispensable): void {
    const known = this.of(model);
    // A server knows one name of the limit: if it seems to know neither, it was a number that it would not have.
    const other = member === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    const isLimit = member === 'max_tokens' || member === 'max_completion_tokens';
    if (isLimit && known.has(other)) return;
    this.#byModel.set(model, new Set([...known, member]));
  }
}
