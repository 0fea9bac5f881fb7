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

/** Until the first announcement nobody can open a session, so a worker that has just begun to serve must not wait its turn. */
const FIRST_TRY_EVERY_MS = 300;

/** Says in Redis, again and again, which scenarios this worker can run; silence is taken for absence. */
export class ScenarioAnnouncer {
  readonly #options: AnnouncerOptions;
  readonly #text: string;
  #timer: NodeJS.Timeout | undefined;
  #announced = false;
  #stopped = true;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#text = JSON.stringify(scenarioListSchema.parse({ scenarios: options.summaries }));
  }

  start(): void {
    this.#stopped = false;
    void this.#announce();
  }

  /** @throws Error while api-backend cannot know what this worker serves */
  checkAnnounced(): void {
    if (!this.#announced) throw new Error('the scenarios are not announced yet');
  }

  /** Stops; takes the announcement back. Another worker's comes again within {@link SCENARIO_ANNOUNCE_MS}. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (!this.#announced) return;
    this.#announced = false;
    await this.#options.redis.del(SCENARIOS_KEY).catch(() => {});
  }

  async #announce(): Promise<void> {
    const { redis, canServe, logger } = this.#options;
    try {
      await canServe(AbortSignal.timeout(SCENARIO_ANNOUNCE_MS / 2));
      if (this.#stopped) return;
      await redis.set(SCENARIOS_KEY, this.#text, 'PX', SCENARIO_EXPIRY_MS);
      this.#announced = true;
    } catch (error) {
      logger.debug({ err: error }, 'scenarios are not announced');
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#announce(), this.#announced ? SCENARIO_ANNOUNCE_MS : FIRST_TRY_EVERY_MS);
  }
}
