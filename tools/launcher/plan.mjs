import { join } from 'node:path';
import { localHost, settleAddresses } from './addresses.mjs';
import { LauncherError } from './errors.mjs';
import { which } from './run.mjs';
import { databaseUrl } from './postgres.mjs';
import { settlePorts } from './ports.mjs';

/**
 * What is started where, settled before anything starts.
 * @typedef {object} Plan
 * @property {import("./addresses.mjs").Addresses} addresses
 * @property {Record<import("./ports.mjs").PortName, number>} ports
 * @property {{redis: boolean, postgres: boolean, livekit: boolean, prometheus: boolean, grafana: boolean}} own  Started by us.
 * @property {{api: string, stt: string, tts: string, whisper: string, livekit: string, livekitPublic: string, prometheus: string | undefined}} urls
 * @property {{REDIS_URL: string, DATABASE_URL: string, LIVEKIT_URL: string, LIVEKIT_API_KEY: string, LIVEKIT_API_SECRET: string, INTERNAL_API_KEY: string}} credentials
 * @property {import("./secrets.mjs").Secrets} secrets
 * @property {string[]} notes
 */

/**
 * @param {import("./context.mjs").Context} context
 * @param {import("./secrets.mjs").Secrets} secrets
 * @returns {Promise<Plan>}
 */
export async function settlePlan({ settings, env }, secrets) {
  checkUrls(settings);
  const addresses = await settleAddresses(settings);
  const own = {
    redis: settings['REDIS_URL'] === undefined,
    postgres: settings['DATABASE_URL'] === undefined,
    livekit: settings['LIVEKIT_URL'] === undefined,
    prometheus: which('prometheus', env['PATH']) !== undefined,
    grafana: which('grafana-server', env['PATH']) !== undefined,
  };
  if (!own.livekit && (settings['LIVEKIT_API_KEY'] === undefined || settings['LIVEKIT_API_SECRET'] === undefined)) {
    throw new LauncherError('LIVEKIT_URL names a LiveKit server of your own, but not the key to it.', {
      fix: 'Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a key pair of that server, or remove LIVEKIT_URL.',
    });
  }
  const { ports, notes } = await settlePorts(settings, { needed: neededPorts(own), publicHost: addresses.publicHost });
  return {
    addresses,
    ports,
    own,
    urls: urlsOf(settings, ports, addresses, own),
    credentials: credentialsOf(settings, ports, addresses, secrets),
    secrets,
    notes,
  };
}

/** Addresses of servers of one's own, with what they begin with. */
const URLS = {
  REDIS_URL: ['redis:', 'rediss:'],
  DATABASE_URL: ['postgres:', 'postgresql:'],
  LIVEKIT_URL: ['ws:', 'wss:'],
};

/**
 * @param {Record<string, string>} settings
 * @throws {LauncherError} when one is no address of its kind; the value is not shown, it may hold a password
 */
export function checkUrls(settings) {
  for (const [name, protocols] of Object.entries(URLS)) {
    const value = settings[name];
    if (value === undefined) continue;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) continue;
    throw new LauncherError(`${name} is not usable: it is not an address that begins with ${protocols[0]}//.`, {
      fix: `Mend ${name} (see .env.example), or remove it: then Eloquence starts a server of its own.`,
    });
  }
}

/**
 * @param {Plan["own"]} own
 * @returns {Set<import("./ports.mjs").PortName>}
 */
function neededPorts(own) {
  /** @type {import("./ports.mjs").PortName[]} */
  const livekit = ['livekit', 'livekitTcp', 'livekitUdp', 'livekitMetrics'];
  /** @type {import("./ports.mjs").PortName[]} */
  const services = ['api', 'stt', 'tts', 'agent', 'worker', 'whisper'];
  return new Set([
    ...services,
    ...(own.livekit ? livekit : []),
    ...(own.redis ? [/** @type {const} */ ('redis')] : []),
    ...(own.postgres ? [/** @type {const} */ ('postgres')] : []),
    ...(own.prometheus ? [/** @type {const} */ ('prometheus')] : []),
    ...(own.grafana ? [/** @type {const} */ ('grafana')] : []),
  ]);
}

/**
 * @param {Record<string, string>} settings
 * @param {Plan["ports"]} ports
 * @param {import("./addresses.mjs").Addresses} addresses
 * @param {Plan["own"]} own
 * @returns {Plan["urls"]}
 */
function urlsOf(settings, ports, addresses, own) {
  const host = localHost(addresses.publicHost);
  const livekit = settings['LIVEKIT_URL'] ?? `ws://${host}:${ports.livekit}`;
  const livekitHere = own.livekit && !addresses.loopback ? `ws://${addresses.publicAddress}:${ports.livekit}` : livekit;
  return {
    api: settings['API_URL'] ?? `http://${host}:${ports.api}`,
    stt: settings['STT_URL'] ?? `http://127.0.0.1:${ports.stt}`,
    tts: settings['TTS_URL'] ?? `http://127.0.0.1:${ports.tts}`,
    whisper: settings['WHISPER_URL'] ?? `http://127.0.0.1:${ports.whisper}`,
    livekit,
    livekitPublic: settings['LIVEKIT_PUBLIC_URL'] ?? livekitHere,
    prometheus: own.prometheus ? `http://127.0.0.1:${ports.prometheus}` : undefined,
  };
}

/**
 * @param {Record<string, string>} settings
 * @param {Plan["ports"]} ports
 * @param {import("./addresses.mjs").Addresses} addresses
 * @param {import("./secrets.mjs").Secrets} secrets
 * @returns {Plan["credentials"]}
 */
function credentialsOf(settings, ports, addresses, secrets) {
  return {
    REDIS_URL: settings['REDIS_URL'] ?? `redis://:${secrets.REDIS_PASSWORD}@127.0.0.1:${ports.redis}/0`,
    DATABASE_URL:
      settings['DATABASE_URL'] ?? databaseUrl({ port: ports.postgres, password: secrets.POSTGRES_PASSWORD }),
    LIVEKIT_URL: settings['LIVEKIT_URL'] ?? `ws://${localHost(addresses.publicHost)}:${ports.livekit}`,
    LIVEKIT_API_KEY: settings['LIVEKIT_API_KEY'] ?? secrets.LIVEKIT_API_KEY,
    LIVEKIT_API_SECRET: settings['LIVEKIT_API_SECRET'] ?? secrets.LIVEKIT_API_SECRET,
    INTERNAL_API_KEY: settings['INTERNAL_API_KEY'] ?? secrets.INTERNAL_API_KEY,
  };
}

/**
 * @param {import("./paths.mjs").Paths} paths
 * @returns {string} where tests and tools read what runs where
 */
export function stackFile(paths) {
  return join(paths.state, 'stack.json');
}
