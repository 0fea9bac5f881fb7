import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** Response schemas of the errors a route may answer. */
export function problems<S extends number>(...statuses: S[]): Record<S, typeof problemSchema> {
  return Object.fromEntries(statuses.map((status) => [status, problemSchema])) as Record<S, typeof problemSchema>;
}

/** OpenAPI from the routes' own schemas, at /docs (and /docs/json). Register before any route. */
export async function registerDocs(app: Service): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Eloquence',
        version: '1',
        description:
          'Realtime voice sessions: open one, join it with any LiveKit client, follow its events, read its transcript.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: false });
}
