import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';

export interface FilePlacesOptions {
  /** Recordings being received or transcribed at once, in the process. */
  readonly max: number;
  /** The same, of one tenant. */
  readonly maxPerTenant: number;
}

const RETRY_AFTER_S = 10;

/** How many recordings are worked on, and whose they are. */
export class FilePlaces {
  readonly #options: FilePlacesOptions;
  readonly #telemetry: Telemetry;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(options: FilePlacesOptions, telemetry: Telemetry) {
    this.#options = options;
    this.#telemetry = telemetry;
  }

  /** @throws AppError `rate_limited` when the tenant has all of its own, `overloaded` when there are none at all */
  take(tenant: string): Disposable {
    const own = this.#taken.get(tenant) ?? 0;
    const { max, maxPerTenant } = this.#options;
    if (own >= maxPerTenant)
      throw new AppError(
        'rate_limited',
        `${maxPerTenant} recordings of yours are being transcribed: send the next when one is done.`,
        { retryAfterS: RETRY_AFTER_S },
      );
    if (this.#total >= max)
      throw new AppError('overloaded', `${max} recordings are being transcribed. Try again.`, {
        retryAfterS: RETRY_AFTER_S,
      });
    this.#move(tenant, 1);
    return { [Symbol.dispose]: () => this.#move(tenant, -1) };
  }

  #move(tenant: string, by: 1 | -1): void {
    const own = (this.#taken.get(tenant) ?? 0) + by;
    if (own > 0) this.#taken.set(tenant, own);
    else this.#taken.delete(tenant);
    this.#total += by;
    this.#telemetry.set('eloquence_stt_files', this.#total);
  }
}
