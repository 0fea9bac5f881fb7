import { llmPurposeSchema, type LlmPurpose } from '@eloquence/shared/contracts/chat';
import { ConfigError } from '@eloquence/shared/runtime/config';
import * as z from 'zod';
import type { ChatProviderId } from '../providers/provider.ts';

const PROVIDER_IDS = ['mistral', 'openai', 'anthropic', 'groq', 'rest', 'ollama', 'demo'] as const;
const isProviderId = (name: string): name is ChatProviderId => (PROVIDER_IDS as readonly string[]).includes(name);

/** Variables that say which models answer for which purpose, to be spread into the service's environment schema. */
export const routingEnv = {
  LLM_TALK: z.string().default('auto'),
  LLM_SUMMARISE: z.string().default('auto'),
  LLM_SYNTHESISE: z.string().default('auto'),
  LLM_JUDGE: z.string().default('auto'),
  /** Milliseconds. */
  LLM_FIRST_TOKEN_MS: z.coerce
    .number('must be a number of milliseconds')
    .int()
    .min(200, 'must be at least 200 milliseconds')
    .max(60_000, 'must be at most 60000 milliseconds')
    .default(2_500),
};
type RoutingEnv = z.infer<z.ZodObject<typeof routingEnv>>;

/** One place of a purpose's list: every provider there is, or one of them with a model of it (default: its own). */
export type RouteEntry = 'auto' | { readonly provider: ChatProviderId; readonly model?: string };

/** How long a purpose waits. All ms. */
export interface PurposeLimits {
  /** For the first token while another model could take over; slow models get more, as they are known. */
  readonly firstTokenMs: number;
  /** The same when nobody could. */
  readonly aloneFirstTokenMs: number;
  /** For the next token in mid-answer while another model could go on. */
  readonly idleMs: number;
  readonly aloneIdleMs: number;
  /** Longest gap in an answer that another model continues. */
  readonly gapMs: number;
}

export interface RoutingSettings {
  /** Best first. */
  readonly routes: Readonly<Record<LlmPurpose, readonly RouteEntry[]>>;
  readonly limits: Readonly<Record<LlmPurpose, PurposeLimits>>;
  /** Longest a whole answer may take, ms. */
  readonly answerMs: number;
  /** Longest a provider may take to say which models it has, ms. */
  readonly listMs: number;
}

/**
 * A caller on the phone hears the silence: with a second model there, none lasts 3 s. Alone, a cloud model that is not there
 * within 15 s will not come, and a local one on a processor may need that long for the first prompt.
 */
const TALK = { aloneFirstTokenMs: 15_000, idleMs: 1_500, aloneIdleMs: 15_000, gapMs: 3_000 };
/** Nobody listens, and a long transcript takes its time to be read. */
const WRITING: PurposeLimits = {
  firstTokenMs: 15_000,
  aloneFirstTokenMs: 60_000,
  idleMs: 15_000,
  aloneIdleMs: 15_000,
  gapMs: 15_000,
};
const ANSWER_MS = 300_000;
const LIST_MS = 2_000;

/**
 * Which models answer for which purpose, and how long they may take.
 *
 * @throws ConfigError naming every entry that is not one
 */
export function routingSettings(env: RoutingEnv): RoutingSettings {
  const faults: string[] = [];
  const routes = {
    talk: entriesOf('LLM_TALK', env.LLM_TALK, faults),
    summarise: entriesOf('LLM_SUMMARISE', env.LLM_SUMMARISE, faults),
    synthesise: entriesOf('LLM_SYNTHESISE', env.LLM_SYNTHESISE, faults),
    judge: entriesOf('LLM_JUDGE', env.LLM_JUDGE, faults),
  };
  if (faults.length > 0) throw new ConfigError(`The settings are not usable:\n  ${faults.join('\n  ')}`);
  return Object.freeze({
    routes,
    limits: {
      talk: { ...TALK, firstTokenMs: env.LLM_FIRST_TOKEN_MS },
      summarise: WRITING,
      synthesise: WRITING,
      judge: WRITING,
    },
    answerMs: ANSWER_MS,
    listMs: LIST_MS,
  });
}

export const variableOf = (purpose: LlmPurpose): string => `LLM_${purpose.toUpperCase()}`;
export const PURPOSES = llmPurposeSchema.options;

function entriesOf(variable: string, text: string, faults: string[]): readonly RouteEntry[] {
  const entries: RouteEntry[] = [];
  for (const name of text.split(',').map((part) => part.trim())) {
    if (name === '') continue;
    const [provider = '', ...rest] = name.split('/');
    const id = provider.toLowerCase();
    const model = rest.join('/');
    if (id === 'auto' && model === '') entries.push('auto');
    else if (isProviderId(id)) entries.push({ provider: id, ...(model && { model }) });
    else
      faults.push(
        `${variable}: there is no provider "${provider}"; use auto or any of ${PROVIDER_IDS.join(', ')}, each alone or as provider/model`,
      );
  }
  if (entries.length === 0) faults.push(`${variable}: names no model; leave it out for auto`);
  const isDemo = (entry: RouteEntry) => entry !== 'auto' && entry.provider === 'demo';
  if (entries.some(isDemo) && !entries.every(isDemo))
    faults.push(
      `${variable}: the demo coach takes over from no model, it would talk nonsense; leave demo out, or alone`,
    );
  return entries;
}
