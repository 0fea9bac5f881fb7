import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { INTERNAL_TENANT } from '@eloquence/shared/runtime/tenants';
import type { Redis } from 'ioredis';
import type { ChatCaller } from './ledger.ts';
import { MinuteCounts } from './minute-counts.ts';
import type { QuotaSettings } from './settings.ts';

export interface QuotasOptions {
  readonly settings: QuotaSettings;
  /** Should fail at once when it is not connected. */
  readonly redis: Redis;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/**
 * Longest that counting may delay an answer; past it this process goes by its own count. It is waited in short turns, each
 * counted as what it was meant to last: when the process itself was busy, the answer of Redis lies there unread.
 */
const PATIENCE_MS = 100;
const TURN_MS = 10;
/** A Redis that did not answer in time is not asked again for so long, so that an outage does not delay every answer. */
const REST_MS = 1_000;
const UNCOUNTED = 'quotas cannot be counted together at the moment; each instance counts requests for itself';
const MINUTE_MS = 60_000;
const DAY_S = 86_400;
/** A session may be taken up again days later. */
const SESSION_TOKENS_S = 7 * DAY_S;

/** Accounts whose last count is remembered. Drop policy: the one counted longest ago goes; its next call waits for Redis. */
const MOST_ACCOUNTS = 10_000;
/** Calls of one account that may be counted behind their backs at once. */
const MOST_BEHIND = 8;
/** Until they are counted: the model has been asked by then, and has hardly begun to answer. */
const BEHIND_MS = 10;

/**
 * Looks at all four counters and, if none is at its limit, counts the request: nothing that is refused counts. Sums are
 * looked at first, because waiting a minute does not help against them. KEYS and ARGV (limits, 0 = none): tokens of the
 * tenant, of the session; requests of the tenant, of the session. ARGV[5]: requests that were let in and are yet to be told.
 * Gives the number of the counter at its limit, or 0; the ms until it is free; and 1 when all stay below half of their limits even with the calls counted behind.
 */
const ADMIT = `
local far = 1
for i = 1, 4 do
  local limit = tonumber(ARGV[i])
  if limit > 0 then
    local count = tonumber(redis.call('GET', KEYS[i]) or '0')
    if i > 2 then count = count + tonumber(ARGV[5]) end
    if count >= limit then return {i, redis.call('PTTL', KEYS[i]), 0} end
    if (count + ${MOST_BEHIND}) * 2 >= limit then far = 0 end
  end
end
for i = 3, 4 do
  if tonumber(ARGV[i]) > 0 and redis.call('INCR', KEYS[i]) == 1 then
    redis.call('PEXPIRE', KEYS[i], ${MINUTE_MS})
  end
end
return {0, 0, far}`;

/** Why a call is refused; a metric label. `session`: the session named is not the caller's. */
export const refusals = ['tenant_tokens', 'session_tokens', 'tenant_requests', 'session_requests', 'session'] as const;

/** Where the counters of requests are among the four. */
const REQUESTS = [2, 3] as const;

/** Number of the counter at its limit (0 = none), ms until it is free, 1 = far from all limits. */
type Verdict = readonly [counter: number, freeInMs: number, far: number];

/** What is known of a tenant or session since its last call here. */
interface Account {
  far: boolean;
  /** Calls that did not wait for being counted, and are not yet. */
  behind: number;
  /** Of them: Redis has not been told. */
  untold: number;
}

/**
 * Limits of what tenants and sessions may ask of models, counted in Redis, so that all instances share them. A Redis that is
 * away or slow is waited for at most 100 ms; until it is back each instance keeps to the requests per minute by itself, and
 * sums of tokens refuse nobody. Tokens are counted when an answer is over, so a sum may be overshot by the answers under way.
 *
 * Whoever was below half of all limits at the last call is let in at once and counted behind; the way to Redis is a tenth of
 * what a person notices, and a conversation is never near its limits. From half on every call waits for its count, so that
 * instances would have to be many to let more through than the limit.
 */
export class Quotas {
  readonly #settings: QuotaSettings;
  readonly #redis: Redis;
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  readonly #accounts = new Map<string, Account>();
  readonly #minutes = new MinuteCounts();
  #restsUntilMs = 0;

  constructor({ settings, redis, telemetry, logger }: QuotasOptions) {
    this.#settings = settings;
    this.#redis = redis;
    this.#telemetry = telemetry;
    this.#logger = logger;
  }

  /** @throws AppError `rate_limited`, `quota_exceeded`; the signal's reason */
  async admit(caller: ChatCaller, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const limits = this.#limitsOf(caller);
    if (limits.every((limit) => limit === 0)) return;
    const account = this.#accountOf(caller);
    const keys = keysOf(caller);
    if (account.far && account.behind < MOST_BEHIND) {
      account.behind += 1;
      account.untold += 1;
      setTimeout(() => void this.#countBehind(caller, limits, account), BEHIND_MS).unref();
      return this.#countHere(keys);
    }
    const told = await this.#ask(keys, limits, account.untold);
    // Nothing may be awaited between looking at our own count and adding to it.
    const [counter, freeInMs, far] = told ?? this.#ownVerdict(keys, limits);
    account.far = far === 1;
    signal.throwIfAborted();
    const reason = refusals[counter - 1];
    if (reason === undefined) return this.#countHere(keys);
    this.#telemetry.count('eloquence_llm_refused_total', { reason });
    throw refusal(reason, { limit: limits[counter - 1] ?? 0, freeInMs });
  }

  /** Counts the tokens of a call that is over; never waits. */
  count(caller: ChatCaller, tokens: number): void {
    const [tenantLimit, sessionLimit] = this.#limitsOf(caller);
    if (this.#redis.status !== 'ready' || tokens === 0) return;
    const [tenantKey, sessionKey] = keysOf(caller);
    const pipeline = this.#redis.pipeline();
    if (tenantLimit > 0) pipeline.incrby(tenantKey, tokens).expire(tenantKey, secondsToMidnight());
    if (sessionLimit > 0) pipeline.incrby(sessionKey, tokens).expire(sessionKey, SESSION_TOKENS_S);
    if (pipeline.length > 0) pipeline.exec().catch(() => undefined);
  }

  async #countBehind(caller: ChatCaller, limits: readonly number[], account: Account): Promise<void> {
    account.untold -= 1;
    const told = await this.#ask(keysOf(caller), limits, account.untold);
    account.behind -= 1;
    account.far = told?.[2] === 1;
  }

  #countHere(keys: Keys): void {
    for (const index of REQUESTS) this.#minutes.add(keys[index]);
  }

  /** Nobody else could say. The next call asks again. */
  #ownVerdict(keys: Keys, limits: readonly number[]): Verdict {
    for (const index of REQUESTS) {
      const limit = limits[index] ?? 0;
      const { count, freeInMs } = this.#minutes.of(keys[index]);
      if (limit > 0 && count >= limit) return [index + 1, freeInMs, 0];
    }
    return [0, 0, 0];
  }

  #accountOf({ tenant, sessionId }: ChatCaller): Account {
    const name = sessionId ? `${tenant} ${sessionId}` : tenant;
    const account = this.#accounts.get(name) ?? { far: false, behind: 0, untold: 0 };
    this.#accounts.delete(name);
    this.#accounts.set(name, account);
    if (this.#accounts.size > MOST_ACCOUNTS) {
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest);
        break;
      }
    }
    return account;
  }

  /** In the order of the script; 0 where there is none, or nobody it could be counted on. */
  #limitsOf({ tenant, sessionId }: ChatCaller): readonly [number, number, number, number] {
    const { tenantTokensPerDay, sessionTokens, tenantRequestsPerMinute, sessionRequestsPerMinute } = this.#settings;
    const isOurs = tenant === INTERNAL_TENANT;
    return [
      isOurs ? 0 : tenantTokensPerDay,
      sessionId ? sessionTokens : 0,
      isOurs ? 0 : tenantRequestsPerMinute,
      sessionId ? sessionRequestsPerMinute : 0,
    ];
  }

  async #ask(keys: readonly string[], limits: readonly number[], untold: number): Promise<Verdict | undefined> {
    if (this.#redis.status !== 'ready' || performance.now() < this.#restsUntilMs) return undefined;
    const patience = new Patience();
    try {
      const asked = this.#redis.eval(ADMIT, keys.length, ...keys, ...limits, untold) as Promise<Verdict>;
      return await Promise.race([asked, patience.over]);
    } catch (error) {
      const nowMs = performance.now();
      // Of the calls that waited together the first one says so.
      if (nowMs >= this.#restsUntilMs) this.#logger.warn({ err: error }, UNCOUNTED);
      this.#restsUntilMs = nowMs + REST_MS;
      return undefined;
    } finally {
      patience.end();
    }
  }
}

/** {@link PATIENCE_MS} of a process that is not busy itself. */
class Patience {
  /** Rejects when it is over. */
  readonly over: Promise<never>;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    this.over = promise;
    let turns = PATIENCE_MS / TURN_MS;
    const wait = () => {
      if (turns === 0) return reject(new Error(`no answer within ${PATIENCE_MS} ms`));
      turns -= 1;
      this.#timer = setTimeout(wait, TURN_MS);
    };
    wait();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Names of the four counters, in the order of the script. */
type Keys = readonly [string, string, string, string];

function keysOf({ tenant, sessionId }: ChatCaller): Keys {
  const day = new Date().toISOString().slice(0, 10);
  const session = sessionId ?? 'none';
  return [
    `llm:tokens:tenant:${tenant}:${day}`,
    `llm:tokens:session:${session}`,
    `llm:requests:tenant:${tenant}`,
    `llm:requests:session:${session}`,
  ];
}

function secondsToMidnight(now = new Date()): number {
  return DAY_S - (Math.floor(now.getTime() / 1000) % DAY_S);
}

type Reached = Exclude<(typeof refusals)[number], 'session'>;

function refusal(reason: Reached | 'session', { limit, freeInMs }: { limit: number; freeInMs: number }): AppError {
  const count = limit.toLocaleString('en');
  const retryAfterS = Math.max(1, Math.ceil(freeInMs / 1000));
  switch (reason) {
    case 'tenant_requests':
      return new AppError(
        'rate_limited',
        `At most ${count} requests to models per minute and key (LLM_TENANT_REQUESTS_PER_MINUTE). Free again in ${retryAfterS} s.`,
        { retryAfterS },
      );
    case 'session_requests':
      return new AppError(
        'rate_limited',
        `At most ${count} requests to models per minute and session (LLM_SESSION_REQUESTS_PER_MINUTE). Free again in ${retryAfterS} s.`,
        { retryAfterS },
      );
    case 'tenant_tokens':
      return new AppError(
        'quota_exceeded',
        `The ${count} tokens per day of this key are used up (LLM_TENANT_TOKENS_PER_DAY). Free again at midnight UTC, in ${retryAfterS} s.`,
        { retryAfterS },
      );
    default:
      return new AppError(
        'quota_exceeded',
        `The ${count} tokens of this session are used up (LLM_SESSION_TOKENS). Open a new session, or raise the limit.`,
      );
  }
}
