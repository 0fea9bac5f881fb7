import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const env = {
  INTERNAL_API_KEY: 'sixteen-characters',
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'postgres://u@127.0.0.1/db',
  LIVEKIT_API_KEY: 'key',
  LIVEKIT_API_SECRET: 'a secret of at least 32 characters',
};

const [ONE, TWO] = ['the-first-of-two-keys', 'the-second-of-two-keys'];

describe('loadConfig', () => {
  it('is complete with the settings that have no default', () => {
    const config = loadConfig(env);
    expect(config.http).toMatchObject({
      port: 8000,
      bindAddress: '127.0.0.1',
      publicAddress: '127.0.0.1',
      apiKeys: [],
    });
    expect(config.livekit).toMatchObject({ url: 'ws://127.0.0.1:7880', publicUrl: 'ws://127.0.0.1:7880' });
    expect(config.http.webRoot).toMatch(/^\/.*apps\/web\/dist$/);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads a comma list of keys', () => {
    expect(loadConfig({ ...env, API_KEYS: ` ${ONE}, ${TWO},,` }).http.apiKeys).toEqual([ONE, TWO]);
  });

  it('refuses keys that can be guessed', () => {
    for (const key of ['short', 'with a space in the middle', `${ONE},k`])
      expect(() => loadConfig({ ...env, API_KEYS: key })).toThrow(
        /API_KEYS: each key must have at least 16 characters/,
      );
  });

  it('refuses to be open to a network without keys and names the fix', () => {
    for (const address of ['192.168.1.7', 'voice.example.org', '0.0.0.0']) {
      expect(() => loadConfig({ ...env, PUBLIC_ADDRESS: address })).toThrow(/Set API_KEYS/);
    }
    expect(loadConfig({ ...env, PUBLIC_ADDRESS: '192.168.1.7', API_KEYS: ONE }).http.apiKeys).toEqual([ONE]);
    for (const address of ['localhost', '127.0.0.1', '::1', '[::1]']) {
      expect(loadConfig({ ...env, PUBLIC_ADDRESS: address }).http.publicAddress).toBe(address);
    }
  });

  it('knows the time zone of meetings, and does not start with one there is none of', () => {
    expect(loadConfig(env).meetingTimeZone).toBe('Europe/Paris');
    expect(loadConfig({ ...env, MEETING_TIME_ZONE: 'America/Montreal' }).meetingTimeZone).toBe('America/Montreal');
    for (const odd of ['Paris', 'GMT+25', ' '])
      expect(() => loadConfig({ ...env, MEETING_TIME_ZONE: odd })).toThrow(
        /MEETING_TIME_ZONE: is no time zone: an IANA name is needed, such as Europe\/Paris/,
      );
  });

  it('lists every fault at once', () => {
    expect(() =>
      loadConfig({ ...env, REDIS_URL: 'http://x', DATABASE_URL: 'mysql://x', LIVEKIT_API_SECRET: 'short' }),
    ).toThrow(/REDIS_URL[\s\S]*DATABASE_URL[\s\S]*LIVEKIT_API_SECRET/);
  });
});
