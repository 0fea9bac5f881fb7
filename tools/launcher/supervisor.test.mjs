import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { endLeftovers, recordPid } from './leftovers.mjs';
import { locate } from './paths.mjs';
import { identify } from './process-identity.mjs';
import { stopWaves } from './stack.mjs';
import { Supervisor } from './supervisor.mjs';

const SERVER = `
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
const helper = spawn('sleep', ['300'], { stdio: 'ignore' });
writeFileSync('helper', String(helper.pid));
const server = createServer((request, response) => {
  if (request.url === '/crash') { console.log('{"msg":"falling over","key":"top-secret-value"}'); process.exit(7); }
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)));
if (process.argv[2] === 'deaf') process.on('SIGTERM', () => {});
`;

/**
 * @param {import('node:test').TestContext} t
 * @param {Partial<import('./services.mjs').Spec>} [extra]
 */
function supervised(t, extra = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-supervisor-'));
  for (const name of ['logs', 'pids']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'server.mjs'), SERVER);
  /** @type {string[]} */
  const said = [];
  const isThere = ['-c', `test -s ${join(folder, 'port')}`];
  const supervisor = new Supervisor(
    {
      name: 'toy',
      command: process.execPath,
      args: ['server.mjs'],
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', ELOQUENCE_STATE_DIR: folder },
      port: 0,
      ready: { kind: 'command', command: 'sh', args: isThere },
      after: [],
      startTimeoutMs: 10_000,
      stopSignal: 'SIGTERM',
      stopGraceMs: 3000,
      ...extra,
    },
    {
      logs: join(folder, 'logs'),
      pids: join(folder, 'pids'),
      say: (line) => said.push(line),
      redact: (text) => text.replaceAll('top-secret-value', '***'),
      random: () => 0,
    },
  );
  t.after(async () => {
    await supervisor.stop();
    rmSync(folder, { recursive: true });
  });
  return { supervisor, said, folder };
}

/**
 * @param {() => boolean} condition
 * @param {string} what
 */
async function until(condition, what) {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await delay(20);
  }
}

/** @param {string} file */
const numberIn = (file) => Number(readFileSync(file, 'utf8'));
/** @param {number} pid */
const lives = (pid) => identify(pid) !== undefined;

void test('a process that crashes is reported without secrets, restarted, and its helpers end with it', async (t) => {
  const { supervisor, said, folder } = supervised(t);
  await supervisor.start(() => undefined);
  const helper = numberIn(join(folder, 'helper'));
  const port = numberIn(join(folder, 'port'));
  rmSync(join(folder, 'port'));
  await fetch(`http://127.0.0.1:${port}/crash`).catch(() => undefined);
  await until(() => said.some((line) => line.includes('is back')), 'the restart');
  assert.equal(said[0], '! toy ended (exit code 7), its last line: falling over; starting it again in 0.5 s');
  assert.equal(lives(helper), false);
});

void test('stopping ends the process and its helpers, and forgets its number', async (t) => {
  const { supervisor, folder } = supervised(t);
  await supervisor.start(() => undefined);
  const helper = numberIn(join(folder, 'helper'));
  assert.equal(existsSync(join(folder, 'pids/toy.json')), true);
  await supervisor.stop();
  await until(() => !lives(helper), 'the end of the helper');
  assert.equal(existsSync(join(folder, 'pids/toy.json')), false);
});

void test('a process deaf to its signal is killed after its grace', async (t) => {
  const { supervisor } = supervised(t, { args: ['server.mjs', 'deaf'], stopGraceMs: 300 });
  await supervisor.start(() => undefined);
  const since = Date.now();
  await supervisor.stop();
  const spentMs = Date.now() - since;
  assert.ok(spentMs >= 290 && spentMs < 3000, `took ${spentMs} ms`);
});

void test('a process that ends before it is ready fails the start with its exit code', async (t) => {
  const { supervisor } = supervised(t, { args: ['-e', 'process.exit(3)'] });
  await assert.rejects(
    supervisor.start(() => undefined),
    { message: /toy ended while starting \(exit code 3\)/, exitCode: 3 },
  );
});

void test('a program that does not exist fails the start', async (t) => {
  const { supervisor } = supervised(t, { command: '/nowhere/program' });
  await assert.rejects(
    supervisor.start(() => undefined),
    /ENOENT/,
  );
});

void test('a process that never gets ready fails the start in time', async (t) => {
  const { supervisor } = supervised(t, { ready: { kind: 'command', command: 'false', args: [] }, startTimeoutMs: 400 });
  await assert.rejects(
    supervisor.start(() => undefined),
    /toy was not ready after 0.4 s/,
  );
});

void test('what a killed launcher left behind is ended, but not a later process with the same number', async (t) => {
  const { supervisor, folder } = supervised(t);
  await supervisor.start(() => undefined);
  const leader = supervisor.child?.pid ?? 0;
  const helper = numberIn(join(folder, 'helper'));
  supervisor.stopping = true;
  const paths = { ...locate(folder), pids: join(folder, 'pids') };
  const record = JSON.parse(readFileSync(join(paths.pids, 'toy.json'), 'utf8'));
  writeFileSync(join(paths.pids, 'other.json'), JSON.stringify({ ...record, name: 'other', pid: process.pid }));
  assert.deepEqual(await endLeftovers(paths), ['toy']);
  assert.equal(lives(leader), false);
  await until(() => !lives(helper), 'the end of the helper');
});

void test('a process that is gone is not recorded', (t) => {
  const { folder } = supervised(t);
  recordPid(join(folder, 'pids'), { name: 'gone', pid: 2 ** 22 + 1, stopSignal: 'SIGTERM' });
  assert.equal(existsSync(join(folder, 'pids/gone.json')), false);
});

void test('everything is stopped before what it depends on', () => {
  const waves = stopWaves([
    { name: 'redis', after: [] },
    { name: 'livekit', after: ['redis'] },
    { name: 'agent', after: ['redis', 'livekit'] },
    { name: 'tts', after: [] },
  ]);
  assert.deepEqual(waves, [['agent', 'tts'], ['livekit'], ['redis']]);
});
