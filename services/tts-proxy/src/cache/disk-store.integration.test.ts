import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { expect, test } from 'vitest';
import { DiskStore } from './disk-store.ts';

const KILLS = 12;
const PHRASES = 40;
const SAMPLES = 60_000;

/** Phrase n is n in every sample; it goes on and on. */
const WRITER = `
  const { DiskStore } = await import(${JSON.stringify(join(import.meta.dirname, 'disk-store.ts'))});
  const logger = { warn() {} };
  const store = new DiskStore({ folder: process.argv[1], maxBytes: 3_000_000, maxEntryBytes: 1_000_000, logger });
  console.log('writing');
  for (let n = 0; ; n = (n + 1) % ${PHRASES}) {
    store.set(n.toString(16).padStart(64, '0'), new Int16Array(${SAMPLES}).fill(n));
    await new Promise(setImmediate);
  }`;

test('processes killed while they write leave whole phrases and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-cache-'));
  try {
    let temporaries = 0;
    const files = join(folder, 'phrases-1');
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Two at once, on one folder.
      const writers = [0, 1].map(() =>
        spawn(process.execPath, ['--input-type=module', '-e', WRITER, folder], {
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      );
      await Promise.all(writers.map((writer) => once(writer.stdout, 'data')));
      const before = readdirSync(files, { withFileTypes: true }).length;
      // Any moment will do; some writes should have begun.
      await expect.poll(() => readdirSync(files).length, { interval: kill + 1 }).toBeGreaterThan(Math.min(before, 5));
      for (const writer of writers) {
        const exit = once(writer, 'exit');
        writer.kill('SIGKILL');
        await exit;
      }
      const left = readdirSync(files).filter((name) => name.endsWith('.tmp'));
      temporaries += left.length;
      const hourAgo = Date.now() / 1000 - 3_600;
      for (const name of left) utimesSync(join(files, name), hourAgo, hourAgo);
    }
    // Or this test has killed nobody in the act.
    expect(temporaries).toBeGreaterThan(0);
    const logger = createLogger('tts-proxy', 'silent');
    const store = new DiskStore({ folder, maxBytes: 3_000_000, maxEntryBytes: 1_000_000, logger });
    let kept = 0;
    for (let n = 0; n < PHRASES; n += 1) {
      const samples = await store.get(n.toString(16).padStart(64, '0'));
      if (!samples) continue;
      kept += 1;
      expect(samples.length).toBe(SAMPLES);
      expect(samples.every((sample) => sample === n)).toBe(true);
    }
    expect(kept).toBeGreaterThan(5);
    await expect.poll(() => readdirSync(files).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await store.close();
    expect(store.bytes).toBeLessThanOrEqual(3_000_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
