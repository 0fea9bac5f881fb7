import type { LlmPurpose } from '@eloquence/shared/contracts/chat';
import type { Engine } from '@eloquence/shared/contracts/engine';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { ConfigError } from '@eloquence/shared/runtime/config';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { ChatProvider, ChatProviderId } from '../providers/provider.ts';
import { Member, type MemberOptions } from './member.ts';
import { PURPOSES, variableOf, type RouteEntry, type RoutingSettings } from './routing-settings.ts';

/** A model that may answer. */
export interface Candidate {
  readonly member: Member;
  /** Its name at the provider. */
  readonly model: string;
}

export interface ModelPoolOptions {
  /** Best first. */
  readonly providers: readonly ChatProvider[];
  /** The one that LLM_PROVIDER names, or `auto`. */
  readonly provider: ChatProviderId | 'auto';
  readonly routing: RoutingSettings;
  readonly logger: Logger;
  /** Test seam, see CircuitBreakerOptions. */
  readonly firstProbeMs?: number;
}

/** How long `/ready` waits for the checks of the start. */
const SUMMARY_WAIT_MS = 1_000;

/** What makes a provider usable, for whoever names one that is not. */
const NEEDS: Readonly<Record<ChatProviderId, string>> = {
  mistral: 'MISTRAL_API_KEY',
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  groq: 'GROQ_API_KEY',
  rest: 'LLM_REST_URL and LLM_REST_MODEL',
  ollama: 'LLM_PROVIDER=auto or ollama',
  demo: 'LLM_PROVIDER=auto or demo',
};

/** The models there are, which of them each purpose wants, and who of them is well. */
export class ModelPool {
  readonly members: readonly Member[];
  readonly #options: ModelPoolOptions;
  readonly #closing = new AbortController();
  #checked: Promise<unknown> = Promise.resolve();

  /** @throws ConfigError when a purpose names a provider that lacks its key, or a model where a provider has none of its own */
  constructor(options: ModelPoolOptions) {
    this.#options = options;
    const onChange: MemberOptions['onChange'] = (provider, error, model) => {
      const about = { provider: provider.id, model };
      if (error) options.logger.warn({ ...about, code: error.code, reason: error.message }, 'model is away');
      else options.logger.info(about, 'model is back');
    };
    const { firstProbeMs } = options;
    this.members = options.providers.map(
      (provider) =>
        new Member(provider, {
          models: modelsOf(provider, options.routing),
          onChange,
          ...(firstProbeMs !== undefined && { firstProbeMs }),
        }),
    );
    this.#assertRoutes();
  }

  /** Asks every provider whether it would answer. Resolves when all have said so, or not in time. Never throws. */
  start(): Promise<void> {
    const checked = Promise.all(this.members.map((member) => member.check(this.#closing.signal)));
    this.#checked = checked;
    return checked.then(() => undefined);
  }

  close(): void {
    this.#closing.abort(new DOMException('closing', 'AbortError'));
    for (const member of this.members) member.close();
  }

  of(id: string): Member | undefined {
    return this.members.find(({ provider }) => provider.id === id);
  }

  /** A real one is known to answer `talk`, or should. */
  get hasModel(): boolean {
    return this.candidates('talk').some(({ member }) => member.provider.id !== 'demo');
  }

  /**
   * The models of a purpose, best first; the demo coach only where there is no real one, and only to talk: what it would write of a
   * meeting would pass for notes.
   */
  candidates(purpose: LlmPurpose): readonly Candidate[] {
    const list: Candidate[] = [];
    const add = (member: Member | undefined, model: string | undefined) => {
      if (purpose !== 'talk' && member?.provider.id === 'demo') return;
      const isThere = list.some((one) => one.member === member && one.model === model);
      if (member && model !== undefined && !isThere) list.push({ member, model });
    };
    for (const entry of this.#options.routing.routes[purpose]) {
      if (entry !== 'auto')
        add(this.of(entry.provider), entry.model ?? this.of(entry.provider)?.provider.defaultModel());
      else for (const member of this.#automatic()) add(member, member.provider.defaultModel());
    }
    if (list.length === 0 && this.#options.routing.routes[purpose].includes('auto')) {
      const demo = this.of('demo');
      add(demo, demo?.provider.defaultModel());
    }
    return list;
  }

  /**
   * Why there is no candidate.
   *
   * @returns AppError naming the fix
   */
  nobody(purpose: LlmPurpose): AppError {
    const named = this.#options.routing.routes[purpose].flatMap((entry) => (entry === 'auto' ? [] : [entry.provider]));
    const ids = [this.#options.provider, ...named];
    const why = this.members.find(({ provider, fault }) => ids.includes(provider.id) && fault)?.fault;
    return why ?? new AppError('unavailable', this.#noModel(purpose));
  }

  /** Who answers now, for `/ready` and people; with what is wrong with those that should. */
  engine(): Engine {
    const candidates = this.candidates('talk');
    const first = answering(candidates) ?? candidates[0];
    const fault = first ? candidates.filter(hasFault).map(faultLine).join(' ') : this.nobody('talk').message;
    const engine = first
      ? first.member.provider.engine(first.model)
      : (this.of(this.#options.provider) ?? this.members[0])?.provider.engine();
    if (!engine) throw new Error('no provider at all');
    return { ...engine, ...(fault && { fault }) };
  }

  /**
   * Waits a moment for the checks of the start, and says who answers, who is spare and who is away.
   *
   * @throws AppError when nobody is able
   */
  async summary(): Promise<string> {
    const enough = new AbortController();
    await Promise.race([this.#checked, delay(SUMMARY_WAIT_MS, enough.signal)]);
    enough.abort();
    const candidates = this.candidates('talk');
    const inUse = answering(candidates);
    const faults = candidates.filter(hasFault).map(faultLine);
    if (!inUse) throw candidates.length > 0 ? new AppError('unavailable', faults.join(' ')) : this.nobody('talk');
    const spare = candidates.filter((candidate) => candidate !== inUse && !hasFault(candidate)).map(nameOf);
    const unserved = PURPOSES.filter((purpose) => this.candidates(purpose).length === 0);
    return [
      ...(hasFault(inUse) ? [] : [`${nameOf(inUse)} answers`]),
      ...(spare.length > 0 ? [`spare: ${spare.join(', ')}`] : []),
      ...(unserved.length > 0 ? [`no model for ${unserved.join(', ')}`] : []),
      ...faults,
    ].join('; ');
  }

  #noModel(purpose: LlmPurpose): string {
    const fix = 'set MISTRAL_API_KEY or another key of .env.example, or start Ollama with a model, and restart';
    if (purpose === 'talk' || !this.of('demo')) return `There is no model for "${purpose}": ${fix}.`;
    return `There is no model for "${purpose}", only the demonstration coach, and it writes no notes: ${fix}.`;
  }

  /** Real providers that `auto` means: those with a model of their own, or the one that LLM_PROVIDER names. */
  #automatic(): readonly Member[] {
    const { provider } = this.#options;
    return this.members.filter(({ provider: { id } }) => (provider === 'auto' ? id !== 'demo' : id === provider));
  }

  #assertRoutes(): void {
    const faults = PURPOSES.flatMap((purpose) =>
      this.#options.routing.routes[purpose].flatMap((entry) => {
        const fault = this.#faultOf(entry);
        return fault ? [`${variableOf(purpose)}: ${fault}`] : [];
      }),
    );
    if (faults.length > 0) throw new ConfigError(`The settings are not usable:\n  ${faults.join('\n  ')}`);
  }

  #faultOf(entry: RouteEntry): string | undefined {
    if (entry === 'auto') return undefined;
    const member = this.of(entry.provider);
    if (!member)
      return `${entry.provider} needs ${NEEDS[entry.provider]}; set it, or take ${entry.provider} out of the list`;
    // Ollama's is not known before it is asked.
    const hasModel = entry.model !== undefined || member.provider.defaultModel() !== undefined;
    if (hasModel || entry.provider === 'ollama') return undefined;
    return `${entry.provider} has no model of its own here; write ${entry.provider}/<model>`;
  }
}

/** The models of a provider that the purposes name. */
function modelsOf({ id }: ChatProvider, { routes }: RoutingSettings): readonly string[] {
  const entries = PURPOSES.flatMap((purpose) => routes[purpose]);
  return entries.flatMap((entry) => (entry !== 'auto' && entry.provider === id ? (entry.model ?? []) : []));
}

export const nameOf = ({ member, model }: Candidate): string => `${member.provider.id}/${model}`;
const breakerOf = ({ member, model }: Candidate) => member.health(model).breaker;
const isAble = (candidate: Candidate): boolean => breakerOf(candidate).able;
/** A vendor that has refused the key may list its models to anybody: only an answer shows that it takes the key again. */
const isRefusing = (candidate: Candidate): boolean => breakerOf(candidate).fault?.code === 'upstream_rejected';
const hasFault = (candidate: Candidate): boolean => !isAble(candidate) || isRefusing(candidate);
const answering = (candidates: readonly Candidate[]): Candidate | undefined =>
  candidates.find((candidate) => !hasFault(candidate)) ?? candidates.find(isAble);
const faultLine = (candidate: Candidate): string =>
  `${nameOf(candidate)} is ${isAble(candidate) ? 'on trial' : 'away'}: ${breakerOf(candidate).fault?.message ?? ''}`;
