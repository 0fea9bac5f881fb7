import * as z from 'zod';
import { languageSchema } from './ids.ts';

const localizedSchema = z.object({ fr: z.string().min(1), en: z.string().min(1) });

/** Id of a scenario: what `POST /api/sessions` names. */
export const scenarioIdSchema = z.string().regex(/^[a-z][a-z0-9_]{1,63}$/);

/** conversation: the agent talks with one person · meeting: it listens to all who are there, never speaks, and notes are written. */
export const sessionKindSchema = z.enum(['conversation', 'meeting']);
export type SessionKind = z.infer<typeof sessionKindSchema>;

/**
 * What the world may know of a scenario (`GET /api/scenarios`). Prompts and tools stay inside the agent's scenario folder.
 */
export const scenarioSummarySchema = z.object({
  scenario_id: scenarioIdSchema,
  kind: sessionKindSchema,
  version: z.number().int().positive(),
  title: localizedSchema,
  description: localizedSchema,
  languages: z.array(languageSchema).min(1),
});
export type ScenarioSummary = z.infer<typeof scenarioSummarySchema>;

export const scenarioListSchema = z.object({ scenarios: z.array(scenarioSummarySchema) });

/**
 * Redis key where every agent worker announces the scenarios it can run (`scenarioListSchema` as JSON), refreshed every
 * {@link SCENARIO_ANNOUNCE_MS} and expiring after {@link SCENARIO_EXPIRY_MS}: api-backend validates and lists from it, so that a
 * new scenario is one new folder in the agent, and no agent means an honest 503 instead of a call nobody answers.
 */
export const SCENARIOS_KEY = 'scenarios:announced';
export const SCENARIO_ANNOUNCE_MS = 5_000;
export const SCENARIO_EXPIRY_MS = 20_000;
