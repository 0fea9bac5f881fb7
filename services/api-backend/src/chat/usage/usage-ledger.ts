import { llmPurposeSchema } from '@eloquence/shared/contracts/chat';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Redis } from 'ioredis';
import { isPostgresRefusal } from '../../http/dependency.ts';
import type { ChatProviderId } from '../providers/provider.ts';
import type { ChatCaller, Ledger, UsageEntry } from './ledger.ts';
import { Quotas, refusals } from './quotas.ts';
import type { UsageSettings } from './settings.ts';
import { ModelNames } from './model-names.ts';
import { rowOf } from './usage-row.ts';
import type { UsageStore } from './usage-store.ts';
import { UsageWriter } from './usage-writer.ts';

export interface UsageLedgerDeps {
  readonly settings: UsageSettings;
  readonly store: Pick<UsageStore, 'write'>;
  /** Should fail at once when it is not connected. */
  readonly redis: Redis;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Test seam: ms between writes. */
  readonly flushMs?: number;
}

const PROVIDERS = [
  'mistral',
  'openai',
  'anthropic',
  'groq',
  'rest',
  'ollama',
  'demo',
] as const satisfies readonly ChatProviderId[];

/** Quotas in Redis, accounts in Postgres, the cost in metrics too. */
export class UsageLedger implements Ledger {
  readonly #settings: UsageSettings;
  readonly #telemetry: Telemetry;
  readonly #quotas: Quotas;
  readonly #writer: UsageWriter;
  readonly #names = new ModelNames();

  constructor({ settings, store, redis, telemetry, logger, flushMs }: UsageLedgerDeps) {
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#quotas = new Quotas({ settings: settings.quotas, redis, telemetry, logger });
    const write = store.write.bind(store);
    this.#writer = new UsageWriter({
      write,
      isRefusal: isPostgresRefusal,
      logger,
      ...(flushMs !== undefined && { flushMs }),
    });
    // A counter that is not there yet has no rate.
    for (const reason of refusals) telemetry.count('eloquence_llm_refused_total', { reason }, 0);
    for (const provider of PROVIDERS) {
      for (const direction of ['in', 'cached', 'out'])
        telemetry.count('eloquence_llm_tokens_total', { provider, direction }, 0);
      for (const purpose of llmPurposeSchema.options)
        telemetry.count('eloquence_llm_cost_total', { provider, purpose }, 0);
    }
  }

  admit(caller: ChatCaller, signal: AbortSignal): Promise<void> {
    return this.#quotas.admit(caller, signal);
  }

  record(entry: UsageEntry): void {
    const { prices } = this.#settings;
    const own = rowOf(entry, prices, new Date());
    const isListed = Object.hasOwn(prices.models, `${own.provider}/${own.model}`);
    const row = isListed ? own : { ...own, model: this.#names.of(own) };
    this.#writer.add(row);
    this.#quotas.count(entry.caller, row.prompt_tokens + row.completion_tokens);
    const { provider, purpose } = row;
    this.#telemetry.count('eloquence_llm_cost_total', { provider, purpose }, row.cost_micros / 1e6);
  }

  /** Writes what is not written yet. To be called when the last answer is over, before Postgres is let go. */
  close(): Promise<void> {
    return this.#writer.close();
  }
}
