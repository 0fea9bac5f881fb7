import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SpeechCache, type SpeechCacheOptions } from './speech-cache.ts';

const KEY = 'a'.repeat(64);
const SOUND = Int16Array.from({ length: 2_400 }, (_, at) => at);
let folder: string;
let telemetry: Telemetry;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eloquence-cache-'));
  telemetry = new Telemetry({ processMetrics: false });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function openCache(options: Partial<SpeechCacheOptions> = {}): SpeechCache {
  const logger = createLogger('tts-proxy', 'silent');
  return new SpeechCache({
    memoryBytes: 100_000,
    disk: { folder, maxBytes: 1_000_000 },
    telemetry,
    logger,
    ...options,
  });
}

async function counted(): Promise<Record<string, number>> {
  const metric = await telemetry.registry.getSingleMetric('eloquence_tts_cache_total')?.get();
  return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [String(labels['outcome']), value]));
}

test("a tenant's copy is that tenant's alone, a public one everybody's, and the own one comes first", async () => {
  const cache = openCache();
  const [own, open] = [SOUND.slice(), SOUND.slice()];
  cache.put(KEY, own, { scope: 'tenant', tenant: 'one' });
  expect(await cache.get(KEY, 'one')).toBe(own);
  expect(await cache.get(KEY, 'two')).toBeUndefined();
  cache.put(KEY, open, { scope: 'public', tenant: 'three' });
  expect(await cache.get(KEY, 'two')).toBe(open);
  expect(await cache.get(KEY, 'one')).toBe(own);
  expect(await counted()).toEqual({ stored: 2 });
  await cache.close();
});

test('what nobody may keep is not kept, neither is nothing, nor what is too long', async () => {
  const cache = openCache({ maxEntryS: 0.05 });
  cache.put(KEY, SOUND, { scope: 'none', tenant: 'one' });
  cache.put(KEY, SOUND, { scope: 'public', tenant: 'one' });
  cache.put(KEY, new Int16Array(), { scope: 'public', tenant: 'one' });
  expect(await cache.get(KEY, 'one')).toBeUndefined();
  await cache.close();
  expect(readdirSync(join(folder, 'phrases-1'))).toEqual([]);
});

test('what does not fit into memory any more comes from disk, also after a restart', async () => {
  const cache = openCache({ memoryBytes: 6_000 });
  const keys = ['a', 'b', 'c'].map((name) => name.repeat(64));
  for (const key of keys) cache.put(key, SOUND, { scope: 'tenant', tenant: 'one' });
  await cache.close();
  const again = openCache({ memoryBytes: 6_000 });
  for (const key of keys) expect(await again.get(key, 'one')).toEqual(SOUND);
  expect(await again.get(keys[0] as string, 'two')).toBeUndefined();
  // From memory now.
  expect(await again.get(keys[2] as string, 'one')).toBe(await again.get(keys[2] as string, 'one'));
  await again.close();
  const gauge = await telemetry.registry.getSingleMetric('eloquence_tts_cache_bytes')?.get();
  const values = Object.fromEntries(gauge?.values.map(({ labels, value }) => [labels['kind'], value]) ?? []);
  expect(values['memory']).toBe(SOUND.byteLength + 256);
  expect(values['disk']).toBe(3 * 8_192);
});

test('without a folder it keeps in memory only', async () => {
  const { disk: _, ...options } = { disk: undefined, memoryBytes: 100_000 };
  const cache = new SpeechCache({ ...options, telemetry, logger: createLogger('tts-proxy', 'silent') });
  cache.put(KEY, SOUND, { scope: 'public', tenant: 'one' });
  expect(await cache.get(KEY, 'two')).toBe(SOUND);
  await cache.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('callers may share the making of what they may share when it is kept', () => {
  const cache = openCache();
  expect(cache.flightId(KEY, { scope: 'none', tenant: 'one' })).toBeUndefined();
  const tenants = ['one', 'two'].map((tenant) => cache.flightId(KEY, { scope: 'tenant', tenant }));
  expect(new Set(tenants).size).toBe(2);
  const open = ['one', 'two'].map((tenant) => cache.flightId(KEY, { scope: 'public', tenant }));
  expect(new Set([...tenants, ...open]).size).toBe(3);
});
