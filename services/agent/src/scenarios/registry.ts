import { readdir } from 'node:fs/promises';
import { scenarioSummarySchema } from '@eloquence/shared/contracts/scenario';
import type { Scenario } from './scenario.ts';

/**
 * Every scenario of this agent: one folder each beside this file, named after its id, with a `scenario.ts`.
 *
 * @param directory for tests
 * @throws Error when a folder has no usable scenario: better at start than in a call
 */
export async function loadScenarios(directory: URL = new URL('./', import.meta.url)): Promise<Map<string, Scenario>> {
  const entries = await readdir(directory, { withFileTypes: true });
  const ids = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const scenarios = await Promise.all(ids.toSorted().map((id) => loadScenario(id, directory)));
  return new Map(scenarios.map((scenario) => [scenario.summary.scenario_id, scenario]));
}

/** One scenario by its id. */
export async function loadScenario(id: string, directory: URL = new URL('./', import.meta.url)): Promise<Scenario> {
  const module = (await import(new URL(`${id}/scenario.ts`, directory).href)) as { default?: Scenario };
  const summary = scenarioSummarySchema.safeParse(module.default?.summary);
  if (!module.default || !summary.success) throw new Error(`scenarios/${id}/scenario.ts exports no usable scenario`);
  if (summary.data.kind !== module.default.kind) throw new Error(`scenarios/${id} is of two kinds`);
  if (summary.data.scenario_id !== id) throw new Error(`scenarios/${id} calls itself ${summary.data.scenario_id}`);
  return module.default;
}
