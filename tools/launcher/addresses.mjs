import { lookup } from 'node:dns/promises';
import { LauncherError } from './errors.mjs';

/**
 * Who can reach the stack.
 * @typedef {object} Addresses
 * @property {string} publicAddress  What clients are told.
 * @property {boolean} loopback      Only this machine.
 * @property {string} publicHost     What api-backend and LiveKit bind to.
 * @property {string} nodeIp         publicAddress as a number.
 */

/**
 * @param {string} host
 * @returns {boolean}
 */
function isLoopback(host) {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/**
 * @param {Record<string, string | undefined>} settings
 * @returns {Promise<Addresses>}
 * @throws {LauncherError} when others could reach it without a key, a key can be guessed, or PUBLIC_ADDRESS is unknown
 */
export async function settleAddresses(settings) {
  const publicAddress = settings['PUBLIC_ADDRESS'] ?? '127.0.0.1';
  const loopback = isLoopback(publicAddress);
  const publicHost = settings['BIND_ADDRESS'] ?? (loopback ? '127.0.0.1' : '0.0.0.0');
  const open = !loopback || !isLoopback(publicHost);
  if (open && settings['API_KEYS'] === undefined) {
    throw new LauncherError(
      'PUBLIC_ADDRESS or BIND_ADDRESS opens Eloquence to other machines, and API_KEYS is not set.',
      {
        fix: 'Put API_KEYS=<a long random text> into .env (openssl rand -hex 24 makes one), or remove PUBLIC_ADDRESS and BIND_ADDRESS.',
      },
    );
  }
  const entries = (settings['API_KEYS'] ?? '').split(',').flatMap((entry) => entry.trim() || []);
  const keys = entries.map((entry) => entry.replace(/^[a-z][a-z0-9_-]{0,30}:/, ''));
  if (keys.some((key) => !/^[\x21-\x7e]{16,}$/.test(key))) {
    throw new LauncherError('A key of API_KEYS can be guessed: each must have at least 16 characters and no spaces.', {
      fix: 'Take the output of openssl rand -hex 24 for each.',
    });
  }
  try {
    const { address } = await lookup(publicAddress, { family: 4 });
    return { publicAddress, loopback, publicHost, nodeIp: address };
  } catch (error) {
    throw new LauncherError(`PUBLIC_ADDRESS=${publicAddress} is no address this machine knows.`, {
      fix: 'Set PUBLIC_ADDRESS to the IP address browsers reach this machine at.',
      cause: error,
    });
  }
}

/**
 * @param {string} host What a server binds to.
 * @returns {string} what to call it at from here
 */
export function localHost(host) {
  return host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host;
}
