import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { LauncherError } from './errors.mjs';
import { findHolder } from './port-holder.mjs';

/**
 * @typedef {"redis" | "postgres" | "livekit" | "livekitTcp" | "livekitUdp" | "livekitMetrics" | "whisper" | "stt" | "tts" | "api" | "agent" | "worker" | "prometheus" | "grafana"} PortName
 * @typedef {object} PortWish
 * @property {PortName} name
 * @property {string} label
 * @property {string} variable  The setting that moves it.
 * @property {number} port      Default.
 * @property {"tcp" | "udp"} protocol
 * @property {boolean} movable  Nobody outside needs to know it: taken, it moves to a free one.
 */

/** @type {readonly PortWish[]} */
const PORTS = [
  { name: 'redis', label: 'Redis', variable: 'REDIS_PORT', port: 6379, protocol: 'tcp', movable: true },
  { name: 'postgres', label: 'Postgres', variable: 'POSTGRES_PORT', port: 5432, protocol: 'tcp', movable: true },
  { name: 'livekit', label: 'LiveKit', variable: 'LIVEKIT_PORT', port: 7880, protocol: 'tcp', movable: false },
  {
    name: 'livekitTcp',
    label: 'LiveKit media (TCP)',
    variable: 'LIVEKIT_TCP_PORT',
    port: 7881,
    protocol: 'tcp',
    movable: false,
  },
  {
    name: 'livekitUdp',
    label: 'LiveKit media (UDP)',
    variable: 'LIVEKIT_UDP_PORT',
    port: 7882,
    protocol: 'udp',
    movable: false,
  },
  { name: 'livekitMetrics', label: 'LiveKit metrics', variable: '', port: 6789, protocol: 'tcp', movable: true },
  { name: 'whisper', label: 'whisper-stt', variable: 'WHISPER_PORT', port: 8003, protocol: 'tcp', movable: true },
  { name: 'stt', label: 'stt-gateway', variable: 'STT_PORT', port: 8001, protocol: 'tcp', movable: false },
  { name: 'tts', label: 'tts-proxy', variable: 'TTS_PORT', port: 5002, protocol: 'tcp', movable: false },
  {
    name: 'api',
    label: 'api-backend and web client',
    variable: 'API_PORT',
    port: 8000,
    protocol: 'tcp',
    movable: false,
  },
  { name: 'agent', label: 'agent', variable: 'AGENT_PORT', port: 8080, protocol: 'tcp', movable: false },
  { name: 'worker', label: 'meeting-worker', variable: 'WORKER_PORT', port: 8082, protocol: 'tcp', movable: false },
  { name: 'prometheus', label: 'Prometheus', variable: 'PROMETHEUS_PORT', port: 9090, protocol: 'tcp', movable: true },
  { name: 'grafana', label: 'Grafana', variable: 'GRAFANA_PORT', port: 3001, protocol: 'tcp', movable: true },
];

/**
 * @typedef {object} PortDoors How ports are looked at; replaced in tests.
 * @property {(port: number, protocol: "tcp" | "udp", host: string) => Promise<boolean>} isFree
 * @property {(protocol: "tcp" | "udp", host: string) => Promise<number>} anyFree
 * @property {(port: number, protocol: "tcp" | "udp") => Promise<string | undefined>} holder
 */

/** @type {PortDoors} */
const REAL_DOORS = {
  isFree: async (port, protocol, host) => (await bind(port, protocol, host)) !== undefined,
  anyFree: async (protocol, host) => (await bind(0, protocol, host)) ?? 0,
  holder: findHolder,
};

/**
 * Settles every port before anything starts.
 * @param {Record<string, string | undefined>} settings
 * @param {{needed: ReadonlySet<PortName>, publicHost: string}} plan `publicHost`: what api-backend and LiveKit bind to.
 * @param {PortDoors} [doors]
 * @returns {Promise<{ports: Record<PortName, number>, notes: string[]}>}
 * @throws {LauncherError} naming every port that is taken, by whom, and the variable that moves it
 */
export async function settlePorts(settings, plan, doors = REAL_DOORS) {
  const ports = /** @type {Record<PortName, number>} */ ({});
  /** @type {Set<string>} */
  const given = new Set();
  /** @type {string[]} */
  const notes = [];
  /** @type {{wish: PortWish, port: number}[]} */
  const taken = [];
  for (const wish of PORTS.filter(({ name }) => plan.needed.has(name))) {
    const host = ['livekit', 'livekitTcp', 'livekitUdp', 'api'].includes(wish.name) ? plan.publicHost : '127.0.0.1';
    const asked = readPort(settings, wish);
    const port = asked ?? wish.port;
    const key = `${port}/${wish.protocol}`;
    if (port !== 0 && !given.has(key) && (await doors.isFree(port, wish.protocol, host))) {
      ports[wish.name] = port;
    } else if (port === 0 || (wish.movable && port === wish.port)) {
      // A copy of .env.example names the default, which asks for nothing in particular.
      ports[wish.name] = await freeBeside(given, wish, host, doors);
      if (port !== 0) notes.push(`Port ${port} is in use: ${wish.label} uses ${ports[wish.name]}.`);
    } else {
      taken.push({ wish, port });
    }
    given.add(`${ports[wish.name] ?? port}/${wish.protocol}`);
  }
  if (taken.length > 0) throw await takenError(taken, doors);
  return { ports, notes };
}

/**
 * @param {ReadonlySet<string>} given
 * @param {PortWish} wish
 * @param {string} host
 * @param {PortDoors} doors
 * @returns {Promise<number>} not one of those given out and not yet bound
 */
async function freeBeside(given, wish, host, doors) {
  for (;;) {
    const port = await doors.anyFree(wish.protocol, host);
    if (!given.has(`${port}/${wish.protocol}`)) return port;
  }
}

/**
 * @param {Record<string, string | undefined>} settings
 * @param {PortWish} wish
 * @returns {number | undefined}
 */
function readPort(settings, wish) {
  const text = wish.variable === '' ? undefined : settings[wish.variable];
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new LauncherError(`${wish.variable}=${text} is no port.`, {
    fix: `Set ${wish.variable} to a number from 1 to 65535, or to 0 for any free port.`,
  });
}

/**
 * @param {readonly {wish: PortWish, port: number}[]} taken
 * @param {PortDoors} doors
 * @returns {Promise<LauncherError>}
 */
async function takenError(taken, doors) {
  const lines = await Promise.all(
    taken.map(async ({ wish, port }) => {
      const holder = await doors.holder(port, wish.protocol);
      const by = holder === undefined ? 'another program' : holder;
      return `Port ${port}${wish.protocol === 'udp' ? '/udp' : ''} (${wish.label}) is in use by ${by}.`;
    }),
  );
  const moved = taken.map(({ wish, port }) => `${wish.variable}=${port + 10}`).join(' ');
  return new LauncherError(lines.join('\n  '), {
    fix: `End that program, or start on other ports: ${moved} npm start`,
  });
}

/**
 * @param {number} port 0 for any.
 * @param {"tcp" | "udp"} protocol
 * @param {string} host
 * @returns {Promise<number | undefined>} the port that could be bound; it is free again
 */
function bind(port, protocol, host) {
  return new Promise((resolve) => {
    const socket = protocol === 'udp' ? createSocket(host.includes(':') ? 'udp6' : 'udp4') : createServer();
    socket.once('error', () => resolve(undefined));
    socket.once('listening', () => {
      const address = socket.address();
      const bound = address !== null && typeof address === 'object' ? address.port : port;
      socket.close(() => resolve(bound));
    });
    if ('bind' in socket) socket.bind(port, host);
    else socket.listen(port, host);
  });
}
