import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './errors.mjs';
import { capture, isExecutable, run, which } from './run.mjs';

/**
 * @typedef {object} Program
 * @property {string} name    As it is called on the command line.
 * @property {string} debian  The package that brings it.
 * @property {(context: import("./context.mjs").Context) => boolean | Promise<boolean>} present
 * @property {boolean} [optional] Eloquence runs without it.
 */

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# written by the Eloquence launcher, removed when it has installed its packages';

/**
 * @param {string} name
 * @param {Partial<Program>} [extra]
 * @returns {Program} looked for on the PATH, and installed from the package of its name, unless `extra` says otherwise
 */
function program(name, extra = {}) {
  return { name, debian: name, present: ({ env }) => which(name, env['PATH']) !== undefined, ...extra };
}

/**
 * What has to be there, less what the settings say is elsewhere.
 * @param {import("./context.mjs").Context} context
 * @returns {Program[]}
 */
function wanted({ settings, options }) {
  return [
    ...(settings['REDIS_URL'] === undefined || options.withTestTools ? [program('redis-server')] : []),
    ...(settings['DATABASE_URL'] === undefined || options.withTestTools
      ? [
          program('postgres', {
            debian: 'postgresql',
            present: ({ env }) => findPostgresBin(env['PATH']) !== undefined,
          }),
        ]
      : []),
    program('espeak-ng'),
    program('ffmpeg'),
    program('python3 with venv', {
      debian: 'python3-venv',
      present: async ({ env }) => (await findPython(env)) !== undefined,
    }),
    program('prometheus', { optional: true }),
    ...(options.withTestTools
      ? [
          program('chromium'),
          program('sox'),
          program('openssl'),
          program('pulseaudio'),
          program('parec', { debian: 'pulseaudio-utils' }),
        ]
      : []),
  ];
}

/**
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<string>}
 * @throws {LauncherError} when a program is missing and cannot be installed from here
 */
export async function ensurePrograms(context) {
  const missing = await missingPrograms(context);
  if (missing.length === 0) return 'all present';
  const packages = missing.map(({ debian }) => debian);
  const names = missing.map(({ name }) => name).join(', ');
  const apt =
    which('apt-get', context.env['PATH']) ?? (isExecutable('/usr/bin/apt-get') ? '/usr/bin/apt-get' : undefined);
  if (apt === undefined) return withoutApt(missing);
  if (process.getuid?.() !== 0) {
    if (missing.every(({ optional }) => optional === true))
      return `going on without ${names} (sudo apt-get install -y ${packages.join(' ')})`;
    throw new LauncherError(`Missing: ${names}. Installing them takes administrator rights.`, {
      fix: `have an administrator run this once, then npm start again:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}\n`,
    });
  }
  await install(context, apt, packages);
  const still = (await missingPrograms(context)).filter(({ optional }) => optional !== true);
  if (still.length > 0) {
    throw new LauncherError(`Still missing after installing: ${still.map(({ name }) => name).join(', ')}.`, {
      fix: 'Put these programs on the PATH, then npm start again.',
      logFile: join(context.paths.setupLogs, 'apt.log'),
    });
  }
  return `installed ${packages.join(', ')}`;
}

/**
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<Program[]>}
 */
async function missingPrograms(context) {
  const checked = await Promise.all(
    wanted(context).map(async (entry) => ({ entry, present: await entry.present(context) })),
  );
  return checked.filter(({ present }) => !present).map(({ entry }) => entry);
}

/**
 * @param {readonly Program[]} missing
 * @returns {string}
 */
function withoutApt(missing) {
  const needed = missing.filter(({ optional }) => optional !== true);
  if (needed.length === 0) return `going on without ${missing.map(({ name }) => name).join(', ')}`;
  throw new LauncherError(`Missing: ${needed.map(({ name }) => name).join(', ')}.`, {
    fix: 'This system has no apt-get: install these programs with its own package manager so that they are on the PATH, then npm start again.',
  });
}

/**
 * @param {import("./context.mjs").Context} context
 * @param {string} apt
 * @param {readonly string[]} packages
 */
async function install(context, apt, packages) {
  const logFile = join(context.paths.setupLogs, 'apt.log');
  const env = { ...context.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Eloquence runs its own Redis and Postgres: those of the packages must not come up beside them.
  const restore = keepServicesFromStarting();
  try {
    await run(apt, ['update'], { env, logFile }).catch(() => {
      // Old lists may be good enough; if not, the installation says what is wrong.
    });
    await run(
      apt,
      [
        'install',
        '-y',
        '--no-install-recommends',
        '-o',
        'DPkg::Lock::Timeout=120',
        '-o',
        'Dpkg::Options::=--force-confold',
        ...packages,
      ],
      { env, logFile, fix: `Run this yourself and read what it says: apt-get install -y ${packages.join(' ')}` },
    );
  } finally {
    restore();
  }
  await disableServices(packages, env);
}

/**
 * @returns {() => void} undoes it
 */
function keepServicesFromStarting() {
  const leftBehind = existsSync(POLICY_FILE) && readFileSync(POLICY_FILE, 'utf8').includes(POLICY_MARK);
  // The machine's own policy stays what it is.
  if (existsSync(POLICY_FILE) && !leftBehind) return () => {};
  writeFileSync(POLICY_FILE, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
  const remove = () => rmSync(POLICY_FILE, { force: true });
  process.once('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}

/**
 * Keeps the packages just installed from starting their own servers at the next boot.
 * @param {readonly string[]} packages
 * @param {Record<string, string>} env
 */
async function disableServices(packages, env) {
  if (which('systemctl', env['PATH']) === undefined) return;
  const units = packages.filter((name) => ['redis-server', 'postgresql', 'prometheus'].includes(name));
  for (const unit of units) await capture('systemctl', ['disable', unit], { env });
}

/**
 * @param {string} [path]
 * @returns {string | undefined} folder with `postgres` and `initdb`; Debian keeps it off the PATH
 */
export function findPostgresBin(path) {
  const onPath = which('postgres', path);
  const folders = debianPostgresFolders();
  if (onPath !== undefined) {
    const folder = onPath.slice(0, onPath.lastIndexOf('/'));
    if (isExecutable(join(folder, 'initdb'))) folders.push(folder);
  }
  return folders[0];
}

/** @returns {string[]} newest first */
export function debianPostgresFolders() {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const versions = readdirSync(root);
  versions.sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(root, version, 'bin'))
    .filter((folder) => isExecutable(join(folder, 'postgres')) && isExecutable(join(folder, 'initdb')));
}

/**
 * @param {Record<string, string>} env
 * @returns {Promise<string | undefined>} a Python >= 3.9 that can make virtual environments with pip
 */
export async function findPython(env) {
  const candidates = [which('python3', env['PATH']), '/usr/bin/python3'];
  for (const python of candidates) {
    if (python === undefined || !isExecutable(python)) continue;
    const { ok } = await capture(python, ['-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))'], {
      env,
    });
    if (ok) return python;
  }
  return undefined;
}
