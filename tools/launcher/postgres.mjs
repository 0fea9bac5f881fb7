import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LauncherError } from './errors.mjs';
import { debianPostgresFolders, findPostgresBin } from './packages.mjs';
import { run } from './run.mjs';
import { hashOf } from './stamps.mjs';

const USER = 'eloquence';
const DATABASE = 'eloquence';

/**
 * @typedef {object} PostgresCluster
 * @property {string} bin      Folder of the programs.
 * @property {string} data     Folder of the cluster.
 * @property {{uid: number, gid: number} | undefined} owner Whom it runs as, where that is not us.
 * @property {string | undefined} note
 */

/**
 * Finds or makes the private cluster with its one database.
 * @param {import("./context.mjs").Context} context
 * @param {string} password Of the database user; used when the cluster is made.
 * @returns {Promise<PostgresCluster>}
 */
export async function preparePostgres({ paths, env }, password) {
  // Postgres refuses to run as root.
  const owner = process.getuid?.() === 0 ? systemUser('postgres') : undefined;
  const { folder, note } = placeFor(paths.state, owner);
  const data = join(folder, 'data');
  const bin = binFor(data, env['PATH']);
  if (!existsSync(join(data, 'PG_VERSION'))) {
    await makeCluster({ folder, data, bin, owner, password, env, logFile: join(paths.logs, 'postgres-init.log') });
    writeFileSync(markOf(folder), hashOf([password]), { mode: 0o600 });
  }
  checkPassword({ folder, password, state: paths.state });
  forgetDeadPostmaster(data);
  return { bin, data, owner, note };
}

/**
 * @param {PostgresCluster} cluster
 * @param {number} port
 * @returns {string[]} arguments of `postgres`
 */
export function postgresArguments(cluster, port) {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: cluster.data,
    fsync: 'on',
    password_encryption: 'scram-sha-256',
    max_connections: '100',
  };
  return ['-D', cluster.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * @param {{port: number, password: string}} options
 * @returns {string}
 */
export function databaseUrl({ port, password }) {
  return `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/**
 * @param {string} state
 * @param {{uid: number, gid: number} | undefined} owner
 * @returns {{folder: string, note: string | undefined}} where the owner can get at it
 */
function placeFor(state, owner) {
  const folder = join(state, 'postgres');
  if (owner === undefined || canTraverse(state, owner)) return { folder, note: undefined };
  const hash = createHash('sha256').update(state).digest('hex').slice(0, 12);
  const elsewhere = `/var/lib/eloquence/${hash}`;
  return { folder: elsewhere, note: `The database is in ${elsewhere}: its user "postgres" may not enter ${state}.` };
}

/**
 * @param {string} folder
 * @param {{uid: number, gid: number}} user
 * @returns {boolean} whether the user may pass through the folder and all above it
 */
function canTraverse(folder, user) {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    let bit = 0o001;
    if (uid === user.uid) bit = 0o100;
    else if (gid === user.gid) bit = 0o010;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * @param {string} data
 * @param {string | undefined} path
 * @returns {string} the programs of the version that made the cluster, or the newest for a new one
 */
function binFor(data, path) {
  const newest = findPostgresBin(path);
  if (newest === undefined) {
    throw new LauncherError('postgres is not here.', {
      fix: 'Install PostgreSQL 15 or newer, or give DATABASE_URL, then npm start again.',
    });
  }
  const versionFile = join(data, 'PG_VERSION');
  if (!existsSync(versionFile)) return newest;
  const version = readFileSync(versionFile, 'utf8').trim();
  const debian = debianPostgresFolders();
  const same = debian.find((folder) => folder === `/usr/lib/postgresql/${version}/bin`);
  if (same === undefined && debian.length > 0) {
    throw new LauncherError(`The database was made by PostgreSQL ${version}, which is not installed any more.`, {
      fix: `Install postgresql-${version} again, or move the data over with pg_upgrade (data: ${data}).`,
    });
  }
  return same ?? newest;
}

/** @param {string} folder */
const markOf = (folder) => join(folder, 'password.sha256');

/**
 * A lost secrets.json has been made anew by now, and the services would wait in vain for a database that refuses them.
 * @param {{folder: string, password: string, state: string}} cluster
 * @throws {LauncherError} when the cluster was made with another password
 */
function checkPassword({ folder, password, state }) {
  const mark = markOf(folder);
  if (!existsSync(mark) || readFileSync(mark, 'utf8') === hashOf([password])) return;
  throw new LauncherError(`The database in ${folder} was made with other secrets than those of this stack.`, {
    fix: `Restore ${join(state, 'secrets.json')} from a backup. To begin anew without the conversations: rm -r ${folder}`,
  });
}

/**
 * Makes the cluster under another name first, so that one that was interrupted is never taken for whole.
 * @param {{folder: string, data: string, bin: string, owner: {uid: number, gid: number} | undefined, password: string, env: Record<string, string>, logFile: string}} plan
 */
async function makeCluster({ folder, data, bin, owner, password, env, logFile }) {
  const draft = join(folder, 'data.new');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner !== undefined) {
    chownSync(folder, owner.uid, owner.gid);
    chownSync(passwordFile, owner.uid, owner.gid);
  }
  const as = owner === undefined ? {} : owner;
  const options = {
    cwd: folder,
    env,
    logFile,
    fix: 'Read the log; when the disk is full or read-only, that is what to mend.',
    ...as,
  };
  try {
    const settings = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--data-checksums'];
    await run(join(bin, 'initdb'), ['-D', draft, '-U', USER, `--pwfile=${passwordFile}`, ...settings], options);
    // Single-user mode: no port and no race between making the database and whoever waits for it.
    await run(join(bin, 'postgres'), ['--single', '-D', draft, 'postgres'], {
      ...options,
      input: `CREATE DATABASE ${DATABASE}\n`,
    });
    renameSync(draft, data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * After a power cut the number in postmaster.pid may belong to another process by now, and Postgres
 * would not start. Called only when no Postgres of this stack runs any more.
 * @param {string} data
 */
function forgetDeadPostmaster(data) {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file) || !existsSync('/proc/self')) return;
  const pid = readFileSync(file, 'utf8').split('\n')[0] ?? '';
  const commandLine = `/proc/${pid}/cmdline`;
  const isPostgres =
    /^\d+$/.test(pid) && existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes('postgres');
  if (!isPostgres) rmSync(file, { force: true });
}

/**
 * @param {string} name
 * @returns {{uid: number, gid: number}}
 */
function systemUser(name) {
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((entry) => entry.startsWith(`${name}:`))
    : undefined;
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new LauncherError(`Postgres refuses to run as root, and there is no user "${name}" to run it as.`, {
      fix: `useradd --system ${name}   (or run npm start as an ordinary user, or give DATABASE_URL)`,
    });
  }
  return { uid: Number(uid), gid: Number(gid) };
}
