import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.eloquence/**', '**/dist/**'];

/** Conversations and meetings in real time: nothing runs beside them, which would make the agent late. */
const calls = ['services/agent/src/{agent,meeting/meeting}.integration.test.ts'];

/** What tests on real Redis, Postgres and LiveKit have in common. */
const onRealServers = {
  globalSetup: ['packages/testkit/src/integration-setup.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

/** rtc-node writes its debug log to stdout unless this says otherwise. */
const quiet = { NODE_ENV: 'production' };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,apps,tests,infra,bench}/**/*.test.{ts,tsx}'],
          exclude: [...exclude, '**/*.integration.test.ts', '**/*.e2e.test.ts'],
          testTimeout: 10_000,
          // Many wait more than they compute; without this it is one process on two cores.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'integration',
          env: quiet,
          include: ['{packages,services,apps,bench}/**/*.integration.test.ts'],
          exclude: [...exclude, ...calls],
          ...onRealServers,
          // Many wait for a model that is slow or a store that is away.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'integration-calls',
          env: quiet,
          include: calls,
          exclude,
          ...onRealServers,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          env: quiet,
          include: ['tests/{e2e,clients}/**/*.e2e.test.ts'],
          exclude,
          globalSetup: ['tests/e2e/stack-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
