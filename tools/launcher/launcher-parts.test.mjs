import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { settleAddresses } from './addresses.mjs';
import { downloadNote } from './download-line.mjs';
import { readRecords, recordPid } from './leftovers.mjs';
import { livekitConfig, redisSection } from './livekit-config.mjs';
import { takeLock } from './lock.mjs';
import { LauncherError, explained } from './errors.mjs';
import { excerpt, readFrom } from './log-files.mjs';
import { parseOptions } from './options.mjs';
import { checkUrls } from './plan.mjs';
import { writeRedisConfig } from './redis.mjs';
import { bar } from './progress.mjs';
import { identify, isRunning } from './process-identity.mjs';
import { prometheusConfig } from './prometheus-config.mjs';
import { createRedactor } from './redact.mjs';
import { failedChecks } from './readiness.mjs';
import { loadSecrets } from './secrets.mjs';
import { envFor, systemEnv } from './service-env.mjs';
import { parseTestArguments } from './test-stages.mjs';

/** @param {import('node:test').TestContext} t */
function folderFor(t) {
  const folder = mkdtempSync(join(tmpdir(), 'eloquence-launcher-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

void test('an option that does not exist is refused with those that do', () => {
  assert.throws(() => parseOptions(['--setup-olny']), { fix: /--setup-only/ });
  assert.deepEqual(parseOptions(['--setup-only']), { setupOnly: true, withTestTools: false, help: false });
});

void test('npm test runs all stages, or those that are named, with filters for the runners', () => {
  assert.equal(parseTestArguments([]).stages.size, 6);
  assert.deepEqual([...parseTestArguments(['unit', 'services/agent']).stages], ['unit']);
  assert.deepEqual(parseTestArguments(['unit', 'services/agent']).rest, ['services/agent']);
  assert.deepEqual([...parseTestArguments(['services/agent']).stages], ['unit', 'integration', 'e2e']);
  assert.deepEqual([...parseTestArguments(['check', 'launcher']).stages], ['check', 'launcher']);
});

void test('secrets are made once, long enough, and readable by their owner only', (t) => {
  const folder = folderFor(t);
  const first = loadSecrets(folder);
  assert.deepEqual(loadSecrets(folder), first);
  assert.ok(first.LIVEKIT_API_SECRET.length >= 32);
  assert.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600);
});

void test('a second one learns who has the lock; the lock of a dead process does not count', async (t) => {
  const file = join(folderFor(t), 'lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: 'another boot/1', note: 'old' }));
  const first = await takeLock(file, 'http://127.0.0.1:8000');
  assert.ok('release' in first);
  const second = await takeLock(file, 'me too');
  assert.ok('holder' in second);
  assert.equal(second.holder.pid, process.pid);
  assert.equal(second.holder.note, 'http://127.0.0.1:8000');
  first.release();
  const third = await takeLock(file, 'me now');
  assert.ok('release' in third);
  third.release();
});

void test('damaged secrets are refused, not replaced', (t) => {
  const folder = folderFor(t);
  for (const content of ['', '{', 'null', '[]', '5', '{"REDIS_PASSWORD":5}', '{"REDIS_PASSWORD":""}']) {
    writeFileSync(join(folder, 'secrets.json'), content);
    assert.throws(() => loadSecrets(folder), /is damaged/, content);
  }
});

void test('a damaged lock is nobody’s', async (t) => {
  const file = join(folderFor(t), 'lock');
  for (const content of ['', 'null', '{}', '[]', '{"pid":-1}', '{"pid":"x"}', '{"pid":99999999}']) {
    writeFileSync(file, content);
    const lock = await takeLock(file, 'mine');
    assert.ok('release' in lock, content);
    lock.release();
  }
  mkdirSync(file);
  const lock = await takeLock(file, 'mine');
  assert.ok('release' in lock);
  lock.release();
});

void test('no process is taken for one of ours by a record that is not whole', (t) => {
  const folder = folderFor(t);
  const own = identify(process.pid);
  const whole = { ...own, name: 'agent', stopSignal: 'SIGTERM' };
  const init = { ...identify(1), name: 'agent', stopSignal: 'SIGTERM' };
  const file = join(folder, 'agent.json');
  const numbers = [-1, 0, 1, 1.5, -process.pid, String(process.pid), null].map((pid) => ({ ...whole, pid }));
  const signals = ['STOP', '', 9, undefined].map((stopSignal) => ({ ...whole, stopSignal }));
  const names = ['../agent', '', undefined].map((name) => ({ ...whole, name }));
  const damaged = [null, [], 5, {}, { pid: -1 }, init, { ...whole, startedAt: '' }, ...numbers, ...signals, ...names];
  for (const record of damaged) {
    writeFileSync(file, JSON.stringify(record));
    assert.deepEqual(readRecords(folder), [], JSON.stringify(record));
    assert.equal(existsSync(file), false);
  }
  for (const pid of [-1, 0, Number.NaN]) {
    assert.equal(
      isRunning(/** @type {import("./process-identity.mjs").Identity} */ (/** @type {unknown} */ ({ pid }))),
      false,
    );
  }
  recordPid(folder, { name: 'agent', pid: process.pid, stopSignal: 'SIGTERM' });
  assert.deepEqual(readRecords(folder), [whole]);
});

void test('what the file system refuses is said with what to do, and a defect keeps its stack', (t) => {
  const file = join(folderFor(t), 'file');
  writeFileSync(file, '');
  assert.throws(
    () => {
      try {
        mkdirSync(join(file, 'below'));
      } catch (error) {
        throw explained(error);
      }
    },
    { name: 'LauncherError', fix: /ELOQUENCE_STATE_DIR/ },
  );
  const defect = new TypeError('x is not a function');
  assert.equal(explained(defect), defect);
  assert.equal(explained(undefined), undefined);
});

void test('an address of a server of one’s own that is none is refused before anything starts', () => {
  checkUrls({ REDIS_URL: 'rediss://:pw@host:1/0', DATABASE_URL: 'postgres://u:p@h/db', LIVEKIT_URL: 'wss://h' });
  for (const settings of [{ REDIS_URL: 'secret-text' }, { DATABASE_URL: 'http://h' }, { LIVEKIT_URL: 'http://h' }]) {
    assert.throws(() => checkUrls(settings), LauncherError);
  }
  assert.throws(
    () => checkUrls({ REDIS_URL: 'secret-text' }),
    (error) => !String(error).includes('secret-text'),
  );
});

void test('redis is given its folder whatever its name', (t) => {
  const folder = join(folderFor(t), 's "é\\ x');
  const config = readFileSync(writeRedisConfig(folder, { port: 1, password: 'pw' }), 'utf8');
  assert.ok(config.includes(String.raw`s \"é\\ x/redis"`), config);
});

void test('secrets and credentials in addresses are hidden from what is shown', () => {
  const redact = createRedactor({
    MISTRAL_API_KEY: 'abcdef123',
    API_KEYS: 'first-key,second-key',
    LOG_LEVEL: 'info-level',
  });
  const text = 'abcdef123 second-key info-level redis://user:pw@host:1/0 redis://:pw@host';
  assert.equal(redact(text), '*** *** info-level redis://***@host:1/0 redis://***@host');
});

void test('a download line becomes a bar, and any other line nothing', () => {
  const line = '{"event":"download","percent":50,"done_mb":70.2,"total_mb":145.3}';
  assert.equal(downloadNote(line), `downloading the speech model ${bar(50)}  70 of 145 MB`);
  assert.equal(downloadNote('{"event":"other"}'), undefined);
  assert.equal(downloadNote('"event" {'), undefined);
  assert.equal(bar(140, 4), '[####] 100 %');
});

void test('a key is handed to the services that use it and to nobody else', () => {
  const env = { PATH: '/bin', MISTRAL_API_KEY: 'k', OPENAI_API_KEY_FILE: 'f', DATABASE_URL: 'd', SOMETHING_NEW: 'x' };
  assert.deepEqual(Object.keys(envFor('agent', env)), ['PATH', 'SOMETHING_NEW']);
  assert.deepEqual(Object.keys(envFor('tts-proxy', env)), [
    'PATH',
    'MISTRAL_API_KEY',
    'OPENAI_API_KEY_FILE',
    'SOMETHING_NEW',
  ]);
  assert.deepEqual(Object.keys(envFor('api-backend', env)), Object.keys(env));
  const voice = { API_KEYS: 'k', TTS_REST_API_KEY: 'k', TTS_VOICES: 'v', TTS_URL: 'u' };
  assert.deepEqual(Object.keys(envFor('tts-proxy', voice)), Object.keys(voice));
  assert.deepEqual(Object.keys(envFor('agent', voice)), ['TTS_URL']);
  const speech = { API_KEYS: 'k', DEEPGRAM_API_KEY: 'k', STT_REST_API_KEY: 'k', STT_URL: 'u' };
  assert.deepEqual(Object.keys(envFor('stt-gateway', speech)), Object.keys(speech));
  assert.deepEqual(Object.keys(envFor('agent', speech)), ['STT_URL']);
  assert.deepEqual(systemEnv(env), { PATH: '/bin' });
});

void test('opening to other machines takes API keys', async () => {
  await assert.rejects(settleAddresses({ PUBLIC_ADDRESS: '192.0.2.7' }), { fix: /API_KEYS=/ });
  await assert.rejects(settleAddresses({ BIND_ADDRESS: '0.0.0.0' }), { fix: /API_KEYS=/ });
  await assert.rejects(settleAddresses({ API_KEYS: 'a-key-that-is-long-enough,k' }), { fix: /openssl rand/ });
  await assert.rejects(settleAddresses({ API_KEYS: 'a-long-name-of-a:short-key' }), { fix: /openssl rand/ });
  assert.deepEqual(await settleAddresses({ PUBLIC_ADDRESS: '192.0.2.7', API_KEYS: 'a-key-that-is-long-enough' }), {
    publicAddress: '192.0.2.7',
    loopback: false,
    publicHost: '0.0.0.0',
    nodeIp: '192.0.2.7',
  });
  assert.equal((await settleAddresses({})).publicHost, '127.0.0.1');
});

void test('livekit-server is told its keys, its Redis and whom to call', () => {
  const config = livekitConfig({
    host: '127.0.0.1',
    ports: { http: 1, tcp: 2, udp: 3, metrics: 4 },
    nodeIp: '127.0.0.1',
    loopback: true,
    apiKey: 'key',
    apiSecret: 'secret',
    metricsPassword: 'm',
    redisUrl: 'redis://:p%40ss@localhost:6390/2',
    webhookUrl: 'http://127.0.0.1:8000/api/livekit/webhook',
  });
  assert.deepEqual(config.redis, { address: 'localhost:6390', password: 'p@ss', db: 2 });
  assert.equal(config.rtc.enable_loopback_candidate, true);
  assert.equal(config.room.auto_create, false);
  assert.deepEqual(redisSection('rediss://me:x@far'), {
    address: 'far:6379',
    username: 'me',
    password: 'x',
    db: 0,
    tls: { enabled: true },
  });
});

void test('Prometheus scrapes every target by the name of its process', () => {
  const config = prometheusConfig([{ name: 'agent', port: 8080 }], []);
  assert.deepEqual(config.scrape_configs, [{ job_name: 'agent', static_configs: [{ targets: ['127.0.0.1:8080'] }] }]);
});

void test('readiness that fails is told by its failing checks', () => {
  const body = {
    checks: [
      { name: 'redis', ok: true },
      { name: 'stt', ok: false, detail: 'refused' },
      { name: 'x', ok: false },
    ],
  };
  assert.equal(failedChecks(JSON.stringify(body)), 'stt: refused, x');
  assert.equal(failedChecks('<html>'), '');
});

void test('an excerpt of a log has its first and its last lines; a log that was emptied is read from its start', (t) => {
  const file = join(folderFor(t), 'log');
  writeFileSync(file, Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n'));
  const lines = excerpt(file, 0);
  assert.equal(lines[0], 'line 0');
  assert.equal(lines.at(-1), 'line 49');
  assert.equal(lines.filter((line) => line === '…').length, 1);
  assert.equal(readFrom(file, 1_000_000).text.startsWith('line 0'), true);
});
