import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { pick, seededRandom } from '@eloquence/testkit/seeded-random';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskStore } from './disk-store.ts';

const MAX_ENTRY_BYTES = 20_000;
const idOf = (name: string) => createHash('sha256').update(name).digest('hex');
const sound = (length: number, seed = 7) => Int16Array.from({ length }, (_, at) => ((at + seed) * 7_919) % 30_000);

const bytesOf = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

let folder: string;
/** Where the store keeps its files. */
let files: string;
let lines: { level: number; msg: string }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eloquence-cache-'));
  files = join(folder, 'phrases-1');
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function openStore(options: { maxBytes?: number; folder?: string; rescanAfterMs?: number } = {}): DiskStore {
  const logger = createLogger('tts-proxy', 'info', {
    write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]),
  });
  return new DiskStore({ folder, maxBytes: 1_000_000, maxEntryBytes: MAX_ENTRY_BYTES, logger, ...options });
}

const fileOf = (name: string) => join(files, `${idOf(name)}.sound`);

/** Keeps them and waits until they are written. */
async function keep(sounds: Readonly<Record<string, Int16Array>>, maxBytes?: number): Promise<void> {
  const store = openStore(maxBytes === undefined ? {} : { maxBytes });
  for (const [name, samples] of Object.entries(sounds)) store.set(idOf(name), samples);
  await store.close();
}

test('what is kept is there after a restart, in files that only we can read and whose names tell nothing', async () => {
  await keep({ bonjour: sound(5_000) });
  expect(readdirSync(files)).toEqual([`${idOf('bonjour')}.sound`]);
  expect(statSync(files).mode & 0o777).toBe(0o700);
  expect(statSync(fileOf('bonjour')).mode & 0o777).toBe(0o600);
  const store = openStore();
  expect(await store.get(idOf('bonjour'))).toEqual(sound(5_000));
  expect(await store.get(idOf('bonsoir'))).toBeUndefined();
  await store.close();
});

describe('a damaged file is a miss and is removed', () => {
  const damages: Record<string, (file: Buffer) => Buffer> = {
    'cut short': (file) => file.subarray(0, file.length - 100),
    'cut in its header': (file) => file.subarray(0, 40),
    empty: () => Buffer.alloc(0),
    longer: (file) => Buffer.concat([file, Buffer.alloc(2)]),
    'with a bit turned': (file) => {
      file[500] = (file[500] as number) ^ 1;
      return file;
    },
    'of zeros, as after a power cut': (file) => Buffer.alloc(file.length),
    'far too long': () => Buffer.alloc(200_000),
  };
  test.each(Object.keys(damages))('%s', async (name) => {
    await keep({ bonjour: sound(5_000) });
    writeFileSync(fileOf('bonjour'), (damages[name] as (file: Buffer) => Buffer)(readFileSync(fileOf('bonjour'))));
    const store = openStore();
    expect(await store.get(idOf('bonjour'))).toBeUndefined();
    expect(existsSync(fileOf('bonjour'))).toBe(false);
    expect(JSON.stringify(lines)).toContain('damaged');
    // It can be kept anew.
    store.set(idOf('bonjour'), sound(5_000));
    await store.close();
    expect(await openStore().get(idOf('bonjour'))).toEqual(sound(5_000));
  });

  test('another phrase under its name', async () => {
    await keep({ bonjour: sound(5_000), bonsoir: sound(4_000) });
    writeFileSync(fileOf('bonjour'), readFileSync(fileOf('bonsoir')));
    const store = openStore();
    expect(await store.get(idOf('bonjour'))).toBeUndefined();
    await store.close();
  });
});

test('the least recently heard goes first when there is no room, counted over restarts', async () => {
  await keep({ a: sound(3_000), b: sound(3_000), c: sound(3_000) });
  for (const [age, name] of ['c', 'b', 'a'].entries()) {
    const seconds = Date.now() / 1000 - 3_600 * (age + 1);
    utimesSync(fileOf(name), seconds, seconds);
  }
  // Room for three files of two blocks each.
  const store = openStore({ maxBytes: 24_576 });
  await expect.poll(() => store.bytes).toBe(24_576);
  expect(await store.get(idOf('a'))).toEqual(sound(3_000));
  store.set(idOf('d'), sound(3_000));
  await store.close();
  expect(readdirSync(files).toSorted()).toEqual(['a', 'c', 'd'].map((name) => `${idOf(name)}.sound`).toSorted());
  expect(store.bytes).toBe(24_576);
  // And that it was heard is remembered by the file itself.
  expect(Date.now() - statSync(fileOf('a')).mtimeMs).toBeLessThan(60_000);
});

test('temporary files of processes that died are removed, those of processes at work stay', async () => {
  await keep({ a: sound(10) });
  const [old, young] = ['11111111-1111-4111-8111-111111111111.tmp', '22222222-2222-4222-8222-222222222222.tmp'];
  for (const name of [old, young, 'README']) writeFileSync(join(files, name), 'x');
  const hourAgo = Date.now() / 1000 - 3_600;
  for (const name of [old, 'README']) utimesSync(join(files, name), hourAgo, hourAgo);
  const store = openStore();
  await expect.poll(() => existsSync(join(files, old))).toBe(false);
  await store.close();
  expect(readdirSync(files).toSorted()).toEqual([young, `${idOf('a')}.sound`, 'README'].toSorted());
});

test('a folder that cannot be written is told once, and does no other harm', async () => {
  writeFileSync(join(folder, 'file'), '');
  const store = openStore({ folder: join(folder, 'file') });
  for (let index = 0; index < 5; index += 1) {
    store.set(idOf(`phrase ${index}`), sound(100));
    expect(await store.get(idOf(`phrase ${index}`))).toBeUndefined();
  }
  await store.close();
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('only in memory')]);
  expect(store.bytes).toBe(0);
});

test('a folder that is taken away under it is made again', async () => {
  const store = openStore();
  store.set(idOf('a'), sound(100));
  await expect.poll(() => existsSync(fileOf('a'))).toBe(true);
  rmSync(files, { recursive: true });
  expect(await store.get(idOf('a'))).toBeUndefined();
  store.set(idOf('b'), sound(100));
  await store.close();
  expect(existsSync(fileOf('b'))).toBe(true);
});

test('what another process keeps is found when the list of what is there is renewed', async () => {
  const store = openStore({ rescanAfterMs: 20 });
  await expect.poll(() => existsSync(files)).toBe(true);
  expect(await store.get(idOf('bonjour'))).toBeUndefined();
  await keep({ bonjour: sound(500) });
  await expect.poll(() => store.get(idOf('bonjour'))).toEqual(sound(500));
  await store.close();
});

test('a phrase that is too long is not kept, nothing is begun after close', async () => {
  const store = openStore();
  store.set(idOf('long'), sound(MAX_ENTRY_BYTES / 2 + 1));
  await store.close();
  store.set(idOf('late'), sound(10));
  expect(readdirSync(files)).toEqual([]);
});

describe('two stores on one folder, restarted and damaged at random', () => {
  test.each([1, 2, 3])('never give wrong sound and stay within their room, seed %i', async (seed) => {
    const random = seededRandom(seed);
    const names = Array.from({ length: 12 }, (_, index) => `phrase ${index}`);
    // What a name sounds like never changes: its key says all that decides it.
    const soundOf = (name: string) => sound(200 + names.indexOf(name) * 700, names.indexOf(name));
    const maxBytes = 60_000;
    const stores = [openStore({ maxBytes, rescanAfterMs: 1 }), openStore({ maxBytes, rescanAfterMs: 1 })];
    let hits = 0;
    const wrong: string[] = [];
    for (let step = 0; step < 400; step += 1) {
      const which = random() < 0.5 ? 0 : 1;
      const store = stores[which] as DiskStore;
      const name = pick(random, names);
      const dice = random();
      if (dice < 0.4) store.set(idOf(name), soundOf(name));
      else if (dice < 0.9) {
        const samples = await store.get(idOf(name));
        if (samples) hits += 1;
        if (samples && Buffer.compare(bytesOf(samples), bytesOf(soundOf(name))) !== 0) wrong.push(name);
      } else if (dice < 0.95) {
        const [file] = existsSync(files) ? readdirSync(files).filter((found) => found.endsWith('.sound')) : [];
        if (file) writeFileSync(join(files, file), readFileSync(join(files, file)).subarray(0, random() * 5_000));
      } else {
        await store.close();
        stores[which] = openStore({ maxBytes, rescanAfterMs: 1 });
      }
    }
    expect(wrong).toEqual([]);
    expect(hits).toBeGreaterThan(30);
    await Promise.all(stores.map((store) => store.close()));
    const last = openStore({ maxBytes });
    await expect.poll(() => last.bytes).toBeGreaterThan(0);
    await last.close();
    expect(last.bytes).toBeLessThanOrEqual(maxBytes);
    const blocks = readdirSync(files).map((name) => Math.ceil(statSync(join(files, name)).size / 4_096) * 4_096);
    expect(blocks.reduce((sum, bytes) => sum + bytes, 0)).toBe(last.bytes);
    expect(readdirSync(files).every((name) => name.endsWith('.sound'))).toBe(true);
  });
});

test('a pipe in place of a file is no hit, is taken away, and holds nobody up', async () => {
  await keep({ bonjour: sound(5_000) });
  const store = openStore();
  expect(await store.get(idOf('bonjour'))).toBeDefined();
  rmSync(fileOf('bonjour'));
  execFileSync('mkfifo', [fileOf('bonjour')]);
  expect(await store.get(idOf('bonjour'))).toBeUndefined();
  expect(existsSync(fileOf('bonjour'))).toBe(false);
  await store.close();
});
