import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './secrets.mjs';

/**
 * Writes the configuration of the private Redis. It is a file, not arguments: those show in `ps`.
 * @param {string} stateDir
 * @param {{port: number, password: string}} options
 * @returns {string} the file
 */
export function writeRedisConfig(stateDir, { port, password }) {
  const folder = join(stateDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'redis.conf');
  writePrivate(
    file,
    [
      'bind 127.0.0.1',
      `port ${port}`,
      `requirepass ${password}`,
      `dir ${quoted(folder)}`,
      // A final utterance is acknowledged once it is here, so it must survive a crash,
      'appendonly yes',
      'appendfsync always',
      'save ""',
      // and must not be thrown out when memory runs short.
      'maxmemory-policy noeviction',
      'daemonize no',
      'logfile ""',
      '',
    ].join('\n'),
  );
  return file;
}

/**
 * @param {string} text
 * @returns {string} for redis.conf, whatever is in it
 */
const quoted = (text) => `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
