import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { SttReport } from './stt-report.ts';
import type { TtsReport } from './tts-report.ts';

const run = promisify(execFile);

/** A program as `npm run evaluate:…` starts it. */
async function evaluate(program: string, ...args: string[]) {
  const { stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, program), ...args], {
    timeout: 150_000,
  });
  return { stdout, stderr };
}

test('the demo model makes no mistake in four demo sentences, and a model that does not exist is a row', async () => {
  const { stdout, stderr } = await evaluate('stt.ts', '--models', 'demo,nosuch', '--clips', '4', '--json');
  const { machine, set, rows } = JSON.parse(stdout) as SttReport;
  expect(machine.cores).toBeGreaterThan(0);
  expect(set).toMatchObject({ name: 'demo', clips: 4 });
  expect(rows).toHaveLength(2);
  const [demo, none] = rows;
  if (demo?.outcome !== 'measured') throw new Error(`the demo model failed: ${JSON.stringify(demo)} ${stderr}`);
  expect(demo.results.map(({ heard, said }) => [heard, said])).toEqual(demo.results.map(({ said }) => [said, said]));
  expect(demo.direct.words).toMatchObject({ errors: 0, referenceWords: set.words });
  expect(demo.live?.words).toMatchObject({ errors: 0, referenceWords: set.words });
  expect(demo.live?.errors).toEqual([]);
  // Endpointing alone takes 300 ms: a final cannot come sooner, and a machine that needs 10 s is broken.
  expect(demo.live?.finalP50Ms).toBeGreaterThan(250);
  expect(demo.live?.finalP95Ms).toBeLessThan(10_000);
  expect(demo.direct.callP50S).toBeGreaterThan(0);
  expect(demo.direct.realTimeFactor).toBeGreaterThan(0);
  expect(demo.loadS).toBeGreaterThan(0);
  expect(demo.redecodes).toEqual({ pieces: 4, again: 0 });
  expect(demo.memoryMb).toBeGreaterThan(50);
  expect(none).toMatchObject({
    outcome: 'failed',
    model: 'nosuch',
    reason: expect.stringContaining('unknown') as string,
  });
}, 160_000);

test('espeak-ng is understood by the demo model, in time and at a loudness', async () => {
  const { stdout } = await evaluate('tts.ts', '--providers', 'espeak', '--clips', '4', '--json');
  const { listener, rows } = JSON.parse(stdout) as TtsReport;
  expect(listener.floor).toMatchObject({ errors: 0 });
  const [espeak] = rows;
  if (espeak?.outcome !== 'measured') throw new Error(`espeak-ng failed: ${JSON.stringify(espeak)}`);
  expect(espeak.engines).toEqual(['espeak-ng']);
  expect(espeak.words.rate).toBeLessThan(0.2);
  expect(espeak.firstByteP50Ms).toBeGreaterThan(0);
  expect(espeak.realTimeFactor).toBeLessThan(2);
  expect(espeak.loudness?.integratedLufs).toBeLessThan(-5);
}, 160_000);

test('a set that does not exist ends with code 2 and one sentence', async () => {
  const failure = await evaluate('stt.ts', '--models', 'demo', '--set', '/no/such/folder').catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/\/no\/such\/folder does not exist/) as string,
  });
});
