import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const complete = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'postgres://eloquence@127.0.0.1/eloquence',
  INTERNAL_API_KEY: 'sixteen characters or more',
};

test('settings are complete and frozen, with the documented defaults', () => {
  const config = readConfig(complete);
  expect(config).toEqual({
    logLevel: 'info',
    listen: { host: '127.0.0.1', port: 8082 },
    redisUrl: complete.REDIS_URL,
    databaseUrl: complete.DATABASE_URL,
    api: { url: 'http://127.0.0.1:8000', key: complete.INTERNAL_API_KEY },
    meetingsDir: resolve('.eloquence/state/meetings'),
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('files of meetings go with the rest of the state, or where the operator says', () => {
  expect(readConfig({ ...complete, ELOQUENCE_STATE_DIR: '/srv/e' }).meetingsDir).toBe('/srv/e/meetings');
  expect(readConfig({ ...complete, MEETINGS_DIR: '/minutes' }).meetingsDir).toBe('/minutes');
});

test('all faults are listed at once', () => {
  expect(() => readConfig({ ...complete, REDIS_URL: 'http://x', DATABASE_URL: '' })).toThrow(
    /REDIS_URL.*\n.*DATABASE_URL/,
  );
});
