import 'vitest';

/** What the integration project's set-up provides (packages/testkit/src/integration-setup.ts), as far as tests here use it. */
declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
    databaseUrl: string;
  }
}
