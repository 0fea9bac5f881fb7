import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { socketInodes } from './port-holder.mjs';
import { settlePorts } from './ports.mjs';

/** @param {number[]} taken */
function doors(taken) {
  let next = 40_000;
  return {
    /** @param {number} port */
    isFree: async (port) => !taken.includes(port),
    anyFree: async () => (next += 1),
    holder: async () => 'nginx (pid 7)',
  };
}

/**
 * @param {import('./ports.mjs').PortName[]} names
 */
const plan = (...names) => ({ needed: new Set(names), publicHost: '127.0.0.1' });

void test('free ports are used as they are', async () => {
  const { ports, notes } = await settlePorts({}, plan('redis', 'api'), doors([]));
  assert.deepEqual(ports, { redis: 6379, api: 8000 });
  assert.deepEqual(notes, []);
});

void test('a port nobody outside needs moves to a free one, and says so', async () => {
  const { ports, notes } = await settlePorts({}, plan('redis', 'api'), doors([6379]));
  assert.equal(ports.redis, 40_001);
  assert.deepEqual(notes, ['Port 6379 is in use: Redis uses 40001.']);
});

void test('a public port in use is refused with its holder and the variable to set', async () => {
  await assert.rejects(settlePorts({}, plan('redis', 'api', 'livekitUdp'), doors([8000, 7882])), {
    message: /Port 7882\/udp \(LiveKit media \(UDP\)\) is in use by nginx \(pid 7\)\.\n {2}Port 8000 .* nginx/,
    fix: /LIVEKIT_UDP_PORT=7892 API_PORT=8010 npm start/,
  });
});

void test('an internal port that was asked for is not moved', async () => {
  await assert.rejects(settlePorts({ REDIS_PORT: '7000' }, plan('redis'), doors([7000])), { fix: /REDIS_PORT=7010/ });
});

void test('the default of an internal port, written down as in .env.example, still moves', async () => {
  const { ports } = await settlePorts({ REDIS_PORT: '6379' }, plan('redis'), doors([6379]));
  assert.equal(ports.redis, 40_001);
});

void test('zero means any free port', async () => {
  const { ports, notes } = await settlePorts({ API_PORT: '0', STT_PORT: '0' }, plan('api', 'stt'), doors([]));
  assert.deepEqual(ports, { stt: 40_001, api: 40_002 });
  assert.deepEqual(notes, []);
});

void test('two services are never given the same port', async () => {
  await assert.rejects(settlePorts({ API_PORT: '8001' }, plan('api', 'stt'), doors([])), /Port 8001/);
});

void test('something that is no port is refused', async () => {
  await assert.rejects(settlePorts({ API_PORT: 'eighty' }, plan('api'), doors([])), /API_PORT=eighty is no port/);
});

void test('a port that is really taken is found with the process that holds it', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const holder = process.platform === 'linux' ? new RegExp(`pid ${process.pid}`) : /in use/;
  await assert.rejects(settlePorts({ API_PORT: String(port) }, plan('api')), holder);
});

void test('listening sockets are told from connections in /proc/net/tcp', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0',
    '   1: 0100007F:1F40 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0',
    '   2: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0',
  ].join('\n');
  assert.deepEqual(socketInodes(table, 8000), ['111']);
});
