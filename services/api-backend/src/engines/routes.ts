import { enginesSchema } from '@eloquence/shared/contracts/engine';
import type { Service } from '@eloquence/shared/runtime/service';
import { problems } from '../http/docs.ts';
import type { EngineDirectory } from './engine-directory.ts';

/** `GET /api/engines`. */
export function registerEngineRoutes(app: Service, deps: { readonly engines: EngineDirectory }): void {
  app.get(
    '/api/engines',
    {
      schema: {
        tags: ['scenarios'],
        summary: 'Who listens, thinks and speaks; `demo` marks a stand-in, null a service that does not answer',
        response: { 200: enginesSchema, ...problems(401) },
      },
    },
    () => deps.engines.list(),
  );
}
