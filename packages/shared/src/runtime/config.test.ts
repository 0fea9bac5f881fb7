import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { apiKeysSchema, commonEnv, ConfigError, httpUrlSchema, parseEnv, portSchema, wsUrlSchema } from './config.ts';

const schema = z.object({ PORT: portSchema.default(8000), API_KEY: z.string().min(8), NAME: z.string().optional() });
const complete = { API_KEY: 'long enough' };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eloquence-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(content: string): string {
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
}

function messageOf(env: Record<string, string>): string {
  try {
    parseEnv(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

test('values are parsed, defaults filled in, and the result cannot be changed', () => {
  const env = parseEnv(schema, { ...complete, PORT: '0', UNRELATED: 'x' });
  expect(env).toEqual({ PORT: 0, API_KEY: 'long enough' });
  expect(Object.isFrozen(env)).toBe(true);
  expect(parseEnv(schema, complete).PORT).toBe(8000);
});

test('an empty variable counts as unset, as compose passes it', () => {
  expect(parseEnv(schema, { ...complete, PORT: '', NAME: '' })).toEqual({ PORT: 8000, API_KEY: 'long enough' });
  expect(messageOf({ API_KEY: '' })).toContain('API_KEY: is not set: give it in the environment');
});

describe('X_FILE', () => {
  test('gives the value of X, without the line end an editor adds', () => {
    expect(parseEnv(schema, { API_KEY_FILE: fileWith('from a file\n') }).API_KEY).toBe('from a file');
  });

  test('loses against X itself', () => {
    expect(parseEnv(schema, { ...complete, API_KEY_FILE: fileWith('from a file') }).API_KEY).toBe('long enough');
  });

  test('that cannot be read is named with the reason', () => {
    expect(messageOf({ API_KEY_FILE: '/nowhere/secret' })).toContain(
      'API_KEY_FILE: cannot read /nowhere/secret (ENOENT)',
    );
  });
});

test('all faults are listed at once, and no value is repeated: it may be a secret', () => {
  const message = messageOf({ PORT: '70000', API_KEY: 'hunter2' });
  expect(message).toMatch(/PORT: /);
  expect(message).toMatch(/API_KEY: /);
  expect(message).not.toContain('hunter2');
});

test.each(['-1', '65536', 'abc', '80.5'])('%s is no port', (port) => {
  expect(messageOf({ ...complete, PORT: port })).toContain('PORT: ');
});

test('URLs are of the right scheme and lose their trailing slashes', () => {
  expect(httpUrlSchema.parse('http://host:1/base//')).toBe('http://host:1/base');
  expect(wsUrlSchema.parse('wss://host/')).toBe('wss://host');
  expect(httpUrlSchema.safeParse('ftp://host').success).toBe(false);
  expect(wsUrlSchema.safeParse('http://host').success).toBe(false);
});

test('the internal key must be long enough not to be guessed', () => {
  const common = z.object(commonEnv);
  expect(() => parseEnv(common, { INTERNAL_API_KEY: 'short' })).toThrow('INTERNAL_API_KEY: must have at least 16');
  expect(parseEnv(common, { INTERNAL_API_KEY: '0123456789abcdef' }).BIND_ADDRESS).toBe('127.0.0.1');
});

test('the key of our own services is no key of a caller', () => {
  const both = z.object({ ...commonEnv, API_KEYS: apiKeysSchema });
  const key = 'a-key-that-cannot-be-guessed';
  expect(parseEnv(both, { INTERNAL_API_KEY: key, API_KEYS: `${key}2` }).API_KEYS).toEqual([`${key}2`]);
  const load = () => parseEnv(both, { INTERNAL_API_KEY: key, API_KEYS: `${key}2,ventes:${key}` });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/API_KEYS: holds INTERNAL_API_KEY/);
});
