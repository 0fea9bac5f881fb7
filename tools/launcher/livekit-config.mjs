import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './secrets.mjs';

/**
 * @typedef {object} LivekitOptions
 * @property {string} host       What to bind to.
 * @property {{http: number, tcp: number, udp: number, metrics: number}} ports
 * @property {string} nodeIp     The address clients send their media to.
 * @property {boolean} loopback  Clients are on this machine.
 * @property {string} apiKey
 * @property {string} apiSecret
 * @property {string} metricsPassword
 * @property {string} redisUrl
 * @property {string} webhookUrl
 */

/**
 * Writes livekit.yaml. JSON is YAML, so nothing in a value needs another way of quoting.
 * @param {string} stateDir
 * @param {LivekitOptions} options
 * @returns {string} the file
 */
export function writeLivekitConfig(stateDir, options) {
  const folder = join(stateDir, 'livekit');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'livekit.yaml');
  writePrivate(file, `${JSON.stringify(livekitConfig(options), null, 2)}\n`);
  return file;
}

/**
 * @param {LivekitOptions} options
 */
export function livekitConfig(options) {
  return {
    port: options.ports.http,
    bind_addresses: [options.host],
    rtc: {
      tcp_port: options.ports.tcp,
      udp_port: options.ports.udp,
      use_external_ip: false,
      // Without it no candidate is offered to a browser on this machine, with it a useless one to all others.
      enable_loopback_candidate: options.loopback,
      node_ip: options.nodeIp,
    },
    // Rooms are made by api-backend, which decides who may talk.
    room: { auto_create: false },
    keys: { [options.apiKey]: options.apiSecret },
    redis: redisSection(options.redisUrl),
    webhook: { api_key: options.apiKey, urls: [options.webhookUrl] },
    prometheus: { port: options.ports.metrics, username: 'prometheus', password: options.metricsPassword },
    logging: { json: true, level: 'info' },
  };
}

/**
 * @param {string} url `redis://user:password@host:port/db`, `rediss://` for TLS.
 */
export function redisSection(url) {
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  return {
    address: `${hostname}:${port === '' ? '6379' : port}`,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1)) || 0,
    ...(protocol === 'rediss:' ? { tls: { enabled: true } } : {}),
  };
}
