import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './errors.mjs';
import { readFrom } from './log-files.mjs';
import { run } from './run.mjs';
import { hashOf, stamp } from './stamps.mjs';

const QUIET = ['--no-audit', '--no-fund'];

/**
 * `npm ci`, but only when the lock file has changed: it takes half a minute and empties node_modules.
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<string>}
 */
export async function ensureNpmPackages({ paths, env }) {
  const hash = hashOf(['npm-ci'], [join(paths.root, 'package-lock.json')]);
  const done = stamp(paths.stamps, 'npm-ci');
  if (done.matches(hash) && existsSync(join(paths.root, 'node_modules', '.package-lock.json'))) return 'unchanged';
  const logFile = join(paths.setupLogs, 'npm-ci.log');
  const options = {
    cwd: paths.root,
    // The CUDA build of onnxruntime is 300 MB that nothing here uses.
    env: { ...env, ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' },
    logFile,
    fix: 'Check the connection to the npm registry, then npm start again.',
  };
  done.clear();
  try {
    await run('npm', ['ci', ...QUIET], options);
  } catch (error) {
    if (!isLockIncomplete(error)) throw error;
    await run('npm', ['install', '--no-save', ...QUIET], options);
  }
  done.write(hash);
  return 'installed';
}

/**
 * A lock file written against a registry that lacks packages for other systems (optional ones, such as
 * a linter's binary for Windows) is one `npm ci` refuses. `npm install` still installs exactly the locked
 * versions of the rest.
 * @param {unknown} error
 * @returns {boolean}
 */
function isLockIncomplete(error) {
  if (!(error instanceof LauncherError) || error.logFile === undefined) return false;
  return readFrom(error.logFile, error.logOffset).text.includes('EUSAGE');
}
