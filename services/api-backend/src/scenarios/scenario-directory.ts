import type { Language } from '@eloquence/shared/contracts/ids';
import {
  scenarioListSchema,
  SCENARIOS_KEY,
  type ScenarioSummary,
  type SessionKind,
} from '@eloquence/shared/contracts/scenario';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Redis } from 'ioredis';
import { reachable } from '../http/dependency.ts';

export interface ScenarioChoice {
  readonly scenarioId: string;
  readonly kind: SessionKind;
  readonly language: Language;
}

/** What the running agents say they can do; they announce it in Redis and the announcement expires with them. */
export class ScenarioDirectory {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** The announced scenarios; empty when no agent runs. */
  async list(): Promise<ScenarioSummary[]> {
    const text = await reachable('Redis', this.#redis.get(SCENARIOS_KEY));
    if (text === null) return [];
    try {
      return scenarioListSchema.parse(JSON.parse(text)).scenarios;
    } catch (error) {
      throw new AppError('internal', 'The agents announce scenarios in a shape this version does not know.', {
        cause: error,
      });
    }
  }

  /**
   * Checks a request against what is announced.
   *
   * @returns the scenario and the language to speak: the one asked for, or the scenario's first
   * @throws AppError `unavailable` without an agent, `unknown_scenario`, `invalid_request` for a language it does not speak
   */
  async choose(scenarioId: string, language: Language | undefined): Promise<ScenarioChoice> {
    const scenarios = await this.list();
    if (scenarios.length === 0) {
      throw new AppError('unavailable', 'No agent is running, so nobody would answer. Start the agent and try again.', {
        retryAfterS: 5,
      });
    }
    const known = scenarios.map((scenario) => scenario.scenario_id).join(', ');
    const scenario = scenarios.find((candidate) => candidate.scenario_id === scenarioId);
    if (!scenario) {
      throw new AppError('unknown_scenario', `There is no scenario "${scenarioId}". Known: ${known}.`);
    }
    const chosen = language ?? scenario.languages[0];
    if (chosen === undefined || !scenario.languages.includes(chosen)) {
      const message = `The scenario "${scenarioId}" speaks ${scenario.languages.join(', ')}, not ${String(chosen)}.`;
      throw new AppError('unknown_scenario', `${message} Known scenarios: ${known}.`, {
        issues: [{ path: 'body.language', message }],
      });
    }
    return { scenarioId, kind: scenario.kind, language: chosen };
  }
}
