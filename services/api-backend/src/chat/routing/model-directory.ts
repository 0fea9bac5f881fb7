import { llmPurposeSchema, type LlmPurpose } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Member } from './member.ts';
import { nameOf, type Candidate, type ModelPool } from './model-pool.ts';
import { PURPOSES } from './routing-settings.ts';

/** What a model name stands for. */
export interface ModelChoice {
  readonly purpose: LlmPurpose;
  /** Best first, never empty. */
  readonly candidates: readonly Candidate[];
  /** The name is that of one model, so no other answers in its place. */
  readonly exact: boolean;
}

export interface NamedModel {
  readonly id: string;
  readonly ownedBy: string;
}

/** Model names: purposes, `provider/model`, and bare names of providers and models. */
export class ModelDirectory {
  readonly #pool: ModelPool;
  readonly #listMs: number;

  constructor(pool: ModelPool, listMs: number) {
    this.#pool = pool;
    this.#listMs = listMs;
  }

  /** The purpose a name stands for; `talk` for one model's name. */
  purposeOf(name: string): LlmPurpose {
    return llmPurposeSchema.safeParse(name).data ?? 'talk';
  }

  /**
   * The models that may answer to a name. The name of a provider means its own model. A bare name is looked for among the providers'
   * own models, then in their lists, and is passed to the first provider where no list could be had.
   *
   * @throws AppError `unknown_model` with the names there are, or why nobody is there
   */
  async resolve(name: string, signal: AbortSignal): Promise<ModelChoice> {
    const purpose = llmPurposeSchema.safeParse(name).data;
    if (purpose) return { purpose, candidates: await this.#ofPurpose(purpose, signal), exact: false };
    const candidate = this.#prefixed(name) ?? (await this.#bare(name, signal));
    return { purpose: 'talk', candidates: [candidate], exact: true };
  }

  /** Every name there is: purposes, then each provider's own model, then those it lists. A slow provider is left out. */
  async list(signal: AbortSignal): Promise<readonly NamedModel[]> {
    const names = new Map<string, NamedModel>();
    const add = (id: string, ownedBy: string) => void (names.has(id) || names.set(id, { id, ownedBy }));
    for (const purpose of PURPOSES) add(purpose, 'eloquence');
    const lists = await Promise.all(this.#pool.members.map((member) => this.#listOf(member, signal)));
    for (const purpose of PURPOSES)
      for (const candidate of this.#pool.candidates(purpose)) add(nameOf(candidate), candidate.member.provider.id);
    for (const [index, { provider }] of this.#pool.members.entries())
      for (const model of [provider.defaultModel(), ...(lists[index] ?? [])])
        if (model !== undefined) add(`${provider.id}/${model}`, provider.id);
    return [...names.values()];
  }

  async #ofPurpose(purpose: LlmPurpose, signal: AbortSignal): Promise<readonly Candidate[]> {
    const candidates = this.#pool.candidates(purpose);
    if (candidates.length > 0) return candidates;
    // Ollama may have been started since it was last looked for.
    await Promise.all(this.#pool.members.map((member) => member.check(signal)));
    signal.throwIfAborted();
    const found = this.#pool.candidates(purpose);
    if (found.length === 0) throw this.#pool.nobody(purpose);
    return found;
  }

  #prefixed(name: string): Candidate | undefined {
    const slash = name.indexOf('/');
    const member = slash < 0 ? undefined : this.#pool.of(name.slice(0, slash));
    const model = name.slice(slash + 1);
    return member && model ? { member, model } : undefined;
  }

  async #bare(name: string, signal: AbortSignal): Promise<Candidate> {
    const named = this.#pool.of(name);
    const itsOwn = named?.provider.defaultModel();
    if (named && itsOwn !== undefined) return { member: named, model: itsOwn };
    const own = this.#pool.members.find(({ provider }) => provider.defaultModel() === name);
    if (own) return { member: own, model: name };
    const lists = await Promise.all(this.#pool.members.map((member) => this.#listOf(member, signal)));
    signal.throwIfAborted();
    const listed = lists.findIndex((names) => names?.includes(name));
    const silent = this.#pool.members.find(
      ({ provider }, index) => lists[index] === undefined && provider.defaultModel() !== undefined,
    );
    const member = this.#pool.members[listed] ?? (name.includes('/') ? undefined : silent);
    if (member) return { member, model: name };
    const some = [...PURPOSES, ...this.#pool.candidates('talk').map(nameOf)].join(', ');
    throw new AppError('unknown_model', `There is no model "${name}". There are ${some}; GET /v1/models lists all.`);
  }

  /** Undefined when it does not say, or not in time. */
  async #listOf(member: Member, signal: AbortSignal): Promise<readonly string[] | undefined> {
    try {
      return await member.models(AbortSignal.any([signal, AbortSignal.timeout(this.#listMs)]));
    } catch {
      return undefined;
    }
  }
}
