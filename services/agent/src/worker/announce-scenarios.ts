import {
  SCENARIO_ANNOUNCE_MS,
  SCENARIO_EXPIRY_MS,
  SCENARIOS_KEY,
  scenarioListSchema,
  type ScenarioSummary,
} from '@eloquence/shared/contracts/scenario';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Redis } from 'ioredis';

export interface AnnouncerOptions {
  readonly redis: Redis;
  readonly summaries: readonly ScenarioSummary[];
  readonly logger: Logger;
  /** Only a worker that would get the job may announce. */
  readonly canServe: (signal: AbortSignal) => Promise<void>;
}

/** Says in Redis, again and again, which scenarios this worker can run; silence is taken for absence. */
export class ScenarioAnnouncer {
  readonly #options: AnnouncerOptions;
  readonly #text: string;
  #timer: NodeJS.Timeout | undefined;
  #announced = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#text = JSON.stringify(scenarioListSchema.parse({ scenarios: options.summaries }));
  }

  start(): void {
    void this.#announce();
    this.#timer = setInterval(() => void this.#announce(), SCENARIO_ANNOUNCE_MS);
  }

  /** Stops; takes the announcement back. Another worker's comes again within {@link SCENARIO_ANNOUNCE_MS}. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.#announced) return;
    this.#announced = false;
    await this.#options.redis.del(SCENARIOS_KEY).catch(() => {});
  }

  async #announce(): Promise<void> {
    const { redis, canServe, logger } = this.#options;
    try {
      await canServe(AbortSignal.timeout(SCENARIO_ANNOUNCE_MS / 2));
      if (!this.#timer && this.#announced) return;
      await redis.set(SCENARIOS_KEY, this.#text, 'PX', SCENARIO_EXPIRY_MS);
      this.#announced = true;
    } catch (error) {
      logger.debug({ err: error }, 'scenarios are not announced');
    }
  }
}
