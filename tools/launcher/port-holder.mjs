import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

const LONGEST_NAME = 60;

/**
 * Finds who holds a port, from /proc: works without `ss` or `lsof`, on Linux only.
 * @param {number} port
 * @param {"tcp" | "udp"} protocol
 * @returns {Promise<string | undefined>} `redis-server (pid 123)`; undefined when it cannot be known
 */
export async function findHolder(port, protocol) {
  const inodes = new Set([`/proc/net/${protocol}`, `/proc/net/${protocol}6`].flatMap((file) => inodesOf(file, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (socketsOf(pid).some((inode) => inodes.has(inode))) return `${nameOf(pid)} (pid ${pid})`;
  }
  return undefined;
}

/**
 * @param {string} file
 * @param {number} port
 * @returns {string[]}
 */
function inodesOf(file, port) {
  if (!existsSync(file)) return [];
  return socketInodes(readFileSync(file, 'utf8'), port);
}

/**
 * @param {string} table Content of /proc/net/tcp or udp.
 * @param {number} port
 * @returns {string[]} inodes of the sockets that listen on the port (07 is how unconnected UDP is shown)
 */
export function socketInodes(table, port) {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) === true && (fields[3] === '0A' || fields[3] === '07'))
    .map((fields) => fields[9] ?? '');
}

/**
 * @param {string} pid
 * @returns {string[]} inodes; none for processes of others
 */
function socketsOf(pid) {
  const folder = join('/proc', pid, 'fd');
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, name)))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/**
 * @param {string} pid
 * @returns {string}
 */
function nameOf(pid) {
  try {
    const [program = '', ...rest] = readFileSync(join('/proc', pid, 'cmdline'), 'utf8')
      .split('\0')
      .filter(Boolean);
    return [basename(program), ...rest].join(' ').slice(0, LONGEST_NAME) || 'a program';
  } catch {
    return 'a program';
  }
}
