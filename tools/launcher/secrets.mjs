import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './errors.mjs';

/**
 * @typedef {object} Secrets
 * @property {string} LIVEKIT_API_KEY
 * @property {string} LIVEKIT_API_SECRET  LiveKit insists on 32 characters.
 * @property {string} INTERNAL_API_KEY
 * @property {string} POSTGRES_PASSWORD
 * @property {string} REDIS_PASSWORD
 * @property {string} METRICS_PASSWORD    Of livekit-server's metrics, which share its public address.
 * @property {string} GRAFANA_PASSWORD
 */

/** @type {Record<keyof Secrets, () => string>} */
const GENERATORS = {
  LIVEKIT_API_KEY: () => `API${randomBytes(9).toString('hex')}`,
  LIVEKIT_API_SECRET: () => randomBytes(36).toString('base64url'),
  INTERNAL_API_KEY: () => randomBytes(36).toString('base64url'),
  POSTGRES_PASSWORD: () => randomBytes(24).toString('hex'),
  REDIS_PASSWORD: () => randomBytes(24).toString('hex'),
  METRICS_PASSWORD: () => randomBytes(24).toString('hex'),
  GRAFANA_PASSWORD: () => randomBytes(12).toString('hex'),
};

/**
 * Reads the secrets of a stack; what is missing is generated and kept.
 * @param {string} stateDir
 * @returns {Secrets}
 */
export function loadSecrets(stateDir) {
  const file = join(stateDir, 'secrets.json');
  const known = existsSync(file) ? parse(file) : {};
  /** @type {Record<string, string>} */
  const secrets = { ...known };
  for (const [name, generate] of Object.entries(GENERATORS)) secrets[name] ??= generate();
  if (Object.keys(secrets).length !== Object.keys(known).length)
    writePrivate(file, `${JSON.stringify(secrets, null, 2)}\n`);
  else chmodSync(file, 0o600);
  return /** @type {Secrets} */ (/** @type {unknown} */ (secrets));
}

/**
 * @param {string} file
 * @returns {Record<string, string>}
 */
function parse(file) {
  try {
    const known = JSON.parse(readFileSync(file, 'utf8'));
    if (!isSecrets(known)) throw new Error('Not every secret in it is a text.');
    return known;
  } catch (error) {
    throw new LauncherError(`${file} is damaged.`, {
      fix: 'Restore it from a backup. Without it the database below this folder cannot be opened any more.',
      cause: error,
    });
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, string>}
 */
function isSecrets(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((secret) => typeof secret === 'string' && secret !== '');
}

/**
 * Writes a file only its owner can read, never half.
 * @param {string} file
 * @param {string} content
 */
export function writePrivate(file, content) {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, file);
}
