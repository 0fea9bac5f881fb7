import { CircuitBreaker, type CircuitBreakerOptions } from '@eloquence/shared/runtime/circuit-breaker';
import { AppError } from '@eloquence/shared/runtime/errors';
import { RecentTimes } from './recent-times.ts';

/** A vendor that says "in an hour" is asked again every minute: whoever pays may have bought more. */
const LONGEST_AWAY_S = 60;

export interface ModelHealthOptions extends CircuitBreakerOptions {
  /** Failures say nothing: for models that callers name, so that no caller takes a provider from the others. */
  readonly isCallersChoice?: boolean;
}

/** What is known of how well a model answers. */
export class ModelHealth {
  readonly breaker: CircuitBreaker;
  /** From asking to the first part. */
  readonly firstTokens = new RecentTimes();
  /** The longest wait between two parts of each answer. */
  readonly gaps = new RecentTimes();
  readonly #isCallersChoice: boolean;
  #toldToWaitUntilMs = 0;

  constructor({ isCallersChoice = false, ...options }: ModelHealthOptions) {
    this.breaker = new CircuitBreaker(options);
    this.#isCallersChoice = isCallersChoice;
  }

  /** Milliseconds it has asked to be left alone for. */
  get toldToWaitMs(): number {
    return Math.max(0, this.#toldToWaitUntilMs - performance.now());
  }

  /** Its first token came: that shows that it is back, for others need not wait for the end of the answer. */
  began(): void {
    if (this.breaker.fault) this.breaker.succeeded();
  }

  /** A call failed. What no other call would have met (the request itself) says nothing about the model. */
  failed(error: AppError): void {
    if (this.#isCallersChoice || isOfRequest(error)) return this.breaker.left();
    if (error.retryAfterS === undefined) return this.breaker.failed(error);
    const retryAfterS = Math.min(LONGEST_AWAY_S, error.retryAfterS);
    this.#toldToWaitUntilMs = performance.now() + retryAfterS * 1000;
    // One is enough: it has said itself that it is away. Without a cause, or the breaker takes the time for one of our making.
    const plain = new AppError(error.code, error.message, { retryAfterS });
    this.leave(plain);
  }

  /** Away at once, where a single failure would not say so. */
  leave(error: AppError): void {
    this.breaker.failed(error);
    if (this.breaker.able) this.breaker.failed(error);
  }
}

/** The request is at fault, or too long for that model; any number of them says nothing about its health. */
export const isOfRequest = ({ code }: AppError): boolean => code === 'invalid_request' || code === 'payload_too_large';
