import type { ErrorCode } from '../contracts/errors.ts';
import type { AppError } from './errors.ts';

/** Failures in a row that make a provider count as away; one that cannot be reached, refuses us or limits us needs only one. */
const FAILURES_TO_AWAY = 2;
/** One that fails every second time never fails twice in a row: a failure weighs one, a success takes a half back, three are enough. */
const WEIGHT_TO_AWAY = 3;
const SUCCESS_WEIGHT = 0.5;
const CERTAIN: ReadonlySet<ErrorCode> = new Set(['unavailable', 'upstream_rejected', 'rate_limited']);
const FIRST_PROBE_MS = 1_000;
const MAX_PROBE_MS = 30_000;
/** Nobody is left alone for longer, whatever was asked; a limit may have been lifted by hand. */
const MAX_ASKED_MS = 600_000;

type State =
  | { readonly type: 'well'; readonly failures: number; readonly weight: number }
  | { readonly type: 'away'; readonly error: AppError; readonly probeMs: number }
  /** It answers again; one piece of work shows whether it can be relied on. */
  | { readonly type: 'trial'; readonly error: AppError; readonly probeMs: number; readonly busy: boolean };

export interface CircuitBreakerOptions {
  /** Resolves when the provider answers again. Asked in the background, so that nobody waits for one that is away. */
  readonly probe: () => Promise<unknown>;
  /** Told when the provider is given up, with the reason, and when it is relied on again. */
  readonly onChange?: (error: AppError | undefined) => void;
  /** Test seam; default 1 s, doubled up to 30 s. */
  readonly firstProbeMs?: number;
}

/** Circuit breaker of one provider: well -> away (probed, ever more seldom) -> on trial -> well. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: State = { type: 'well', failures: 0, weight: 0 };
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** Work may be given to it now. */
  get able(): boolean {
    return this.#state.type === 'well' || (this.#state.type === 'trial' && !this.#state.busy);
  }

  /** It answers as far as is known: it is well, or on trial, even if somebody tries it just now. */
  get answers(): boolean {
    return this.#state.type !== 'away';
  }

  /** Why it is not used, or was not until now. */
  get fault(): AppError | undefined {
    return this.#state.type === 'well' ? undefined : this.#state.error;
  }

  /** Work begins. While on trial, nobody else gets any before `succeeded`, `failed` or `left`. */
  entered(): void {
    if (this.#state.type === 'trial') this.#state = { ...this.#state, busy: true };
  }

  /** Work ended without saying anything about the provider: it was not wanted any more, or was impossible for any. */
  left(): void {
    if (this.#state.type === 'trial') this.#state = { ...this.#state, busy: false };
  }

  succeeded(): void {
    clearTimeout(this.#timer);
    const back = this.#state.type !== 'well';
    const weight = this.#state.type === 'well' ? Math.max(0, this.#state.weight - SUCCESS_WEIGHT) : 0;
    this.#state = { type: 'well', failures: 0, weight };
    if (back) this.#options.onChange?.(undefined);
  }

  failed(error: AppError): void {
    const state = this.#state;
    if (state.type === 'away') return;
    if (state.type === 'trial') return this.#leave(error, state.probeMs * 2);
    const [failures, weight] = [state.failures + 1, state.weight + 1];
    const isAway = CERTAIN.has(error.code) || failures >= FAILURES_TO_AWAY || weight >= WEIGHT_TO_AWAY;
    if (isAway) this.#leave(error, this.#options.firstProbeMs ?? FIRST_PROBE_MS);
    else this.#state = { type: 'well', failures, weight };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #leave(error: AppError, probeMs: number): void {
    if (this.#closed) return;
    if (this.#state.type === 'well') this.#options.onChange?.(error);
    const waitMs = Math.min(MAX_PROBE_MS, probeMs);
    this.#state = { type: 'away', error, probeMs: waitMs };
    // Asked to stay away, it is not asked sooner; a connection that fails gives a time of our own making.
    const asked = error.code === 'rate_limited' || error.cause === undefined;
    const askedMs = asked ? Math.min(MAX_ASKED_MS, (error.retryAfterS ?? 0) * 1000) : 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#probe(), Math.max(waitMs, askedMs));
    this.#timer.unref();
  }

  async #probe(): Promise<void> {
    const answers = await this.#options.probe().then(
      () => true,
      () => false,
    );
    if (this.#state.type !== 'away') return;
    if (answers) this.#state = { ...this.#state, type: 'trial', busy: false };
    else this.#leave(this.#state.error, this.#state.probeMs * 2);
  }
}
