import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture, isExecutable, run, which } from './run.mjs';

/** Type stripping without a flag or a warning, which the services rely on, came with Node 24. */
const NEEDED_MAJOR = 24;
const PINNED = '24.21.0';

/**
 * @param {import("./context.mjs").Context} context Its PATH gets the folder of Node 24 in front.
 * @returns {Promise<string>}
 */
export async function ensureNode24({ paths, env, prependPath }) {
  if (majorOf(process.version) >= NEEDED_MAJOR) {
    if (which('node', env['PATH']) !== process.execPath) prependPath(dirname(process.execPath));
    return `${process.version} (this one)`;
  }
  const onPath = which('node', env['PATH']);
  if (onPath !== undefined && onPath !== process.execPath) {
    const { output } = await capture(onPath, ['--version']);
    if (majorOf(output.trim()) >= NEEDED_MAJOR) return `${output.trim()} (${onPath})`;
  }
  const folder = join(paths.tools, 'node');
  const bin = join(folder, 'node_modules', 'node', 'bin');
  if (!(await isRightNode(join(bin, 'node')))) await install(folder, paths.setupLogs, env);
  prependPath(bin);
  return `v${PINNED} (private copy; this machine has ${process.version})`;
}

/**
 * @param {string} folder
 * @param {string} logs
 * @param {Record<string, string>} env
 */
async function install(folder, logs, env) {
  mkdirSync(folder, { recursive: true });
  await run('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts=false', `node@${PINNED}`], {
    cwd: folder,
    env,
    logFile: join(logs, 'node24.log'),
    fix: `Check the connection to the npm registry, or install Node ${NEEDED_MAJOR} yourself (https://nodejs.org), then npm start again.`,
  });
}

/**
 * @param {string} program
 * @returns {Promise<boolean>}
 */
async function isRightNode(program) {
  if (!isExecutable(program)) return false;
  return (await capture(program, ['--version'])).output.trim() === `v${PINNED}`;
}

/**
 * @param {string} version `v24.1.0`
 * @returns {number}
 */
function majorOf(version) {
  return Number.parseInt(version.replace(/^v/, ''), 10) || 0;
}
