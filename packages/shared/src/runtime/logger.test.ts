import { beforeEach, expect, test } from 'vitest';
import { ConfigError } from './config.ts';
import { AppError } from './errors.ts';
import { createLogger } from './logger.ts';

const lines: string[] = [];
const logger = createLogger('test', 'info', { write: (line) => void lines.push(line) });
beforeEach(() => {
  lines.length = 0;
});

const written = () => JSON.parse(lines[0] ?? '{}') as Record<string, Record<string, unknown>>;
const secret = 'he said: my card number is 1234';

test('a foreign error is logged by name, code and place, never by its message', () => {
  const error = Object.assign(new Error(secret), { code: 'ECONNRESET' });
  logger.error({ err: error }, 'call failed');
  expect(written()).toMatchObject({ level: 'error', service: 'test', msg: 'call failed' });
  expect(written()['err']).toMatchObject({ name: 'Error', code: 'ECONNRESET' });
  expect(written()['err']?.['at']).toEqual(expect.arrayContaining([expect.stringContaining('logger.test.ts')]));
  expect(lines.join('')).not.toContain('card');
});

test('the cause of an error is logged in the same way, and a message over several lines does not slip through', () => {
  const error = new AppError('upstream_failed', 'The provider failed.', { cause: new Error(`two\nlines: ${secret}`) });
  logger.warn({ error }, 'provider');
  expect(written()['error']).toMatchObject({
    name: 'AppError',
    code: 'upstream_failed',
    message: 'The provider failed.',
  });
  expect(written()['error']?.['cause']).toMatchObject({ name: 'Error' });
  expect(lines.join('')).not.toContain('card');
});

test('errors of our own keep their message: it is written for people', () => {
  logger.error({ err: new ConfigError('PORT: is no port') }, 'settings');
  expect(written()['err']).toMatchObject({ message: 'PORT: is no port' });
});

test('a thrown value that is no error is logged by its type', () => {
  logger.error({ err: secret }, 'odd');
  expect(written()['err']).toEqual({ name: 'string' });
});

test('times are ISO and lines below the level are not written', () => {
  logger.debug('quiet');
  logger.info('loud');
  expect(lines).toHaveLength(1);
  expect(written()['time']).toEqual(expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/));
});
