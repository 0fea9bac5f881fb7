import type { ChatUsage, LlmPurpose } from '@eloquence/shared/contracts/chat';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { ChatProviderId } from '../providers/provider.ts';

/** On whose account a model is asked. */
export interface ChatCaller {
  /** The session's tenant, else the key's; never the key itself. */
  readonly tenant: string;
  readonly sessionId?: SessionId;
  readonly purpose: LlmPurpose;
}

/** One call to a model that is over, however it ended. A request that failed over makes several. */
export interface UsageEntry {
  readonly caller: ChatCaller;
  readonly provider: ChatProviderId;
  readonly model: string;
  readonly usage: ChatUsage;
  /** The provider did not say (an answer cut short): counted from the length of the text. */
  readonly estimated: boolean;
}

/** Who may still ask, and what it has cost. */
export interface Ledger {
  /** @throws AppError `quota_exceeded` or `rate_limited` naming limit, setting and when it is free again */
  admit(caller: ChatCaller, signal: AbortSignal): Promise<void>;
  /** Never throws and never waits: what cannot be written yet is kept (bounded) and written later. */
  record(entry: UsageEntry): void;
}
