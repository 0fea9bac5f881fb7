import { scenarioListSchema } from '@eloquence/shared/contracts/scenario';
import type { Service } from '@eloquence/shared/runtime/service';
import { problems } from '../http/docs.ts';
import type { ScenarioDirectory } from './scenario-directory.ts';

/** `GET /api/scenarios`. */
export function registerScenarioRoutes(app: Service, deps: { readonly scenarios: ScenarioDirectory }): void {
  app.get(
    '/api/scenarios',
    {
      schema: {
        tags: ['scenarios'],
        summary: 'What the running agents can do; empty when none runs',
        response: { 200: scenarioListSchema, ...problems(401, 503) },
      },
    },
    async () => ({ scenarios: await deps.scenarios.list() }),
  );
}
