import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './errors.mjs';
import { findPython } from './packages.mjs';
import { isExecutable, run, which } from './run.mjs';
import { hashOf, stamp } from './stamps.mjs';

/**
 * @param {import("./paths.mjs").Paths} paths
 * @returns {string} the Python of the virtual environment
 */
export function venvPython(paths) {
  return join(paths.tools, 'venv', 'bin', 'python');
}

/**
 * The virtual environment of whisper-stt.
 * @param {import("./context.mjs").Context} context
 * @param {import("./progress.mjs").Step} step
 * @returns {Promise<string>}
 */
export async function ensurePythonVenv({ paths, env, options }, step) {
  const service = join(paths.root, 'services', 'whisper-stt');
  // What the GPU needs besides its driver is large: only where there is one.
  const gpu = which('nvidia-smi', env['PATH']) === undefined ? [] : [join(service, 'requirements-gpu.txt')];
  const runtimeFiles = [join(service, 'requirements.txt'), ...gpu];
  const files = [...runtimeFiles];
  if (options.withTestTools) files.push(join(service, 'requirements-dev.txt'));
  const present = files.filter((file) => existsSync(file));
  const folder = join(paths.tools, 'venv');
  // Scripts of a virtual environment hold its absolute path: a moved clone needs a new one.
  const hash = hashOf([folder], runtimeFiles);
  const hashWithTools = hashOf([folder], files);
  const done = stamp(paths.stamps, 'venv');
  const doneWithTools = stamp(paths.stamps, 'venv-dev');
  const usable = isExecutable(venvPython(paths));
  const upToDate = options.withTestTools ? doneWithTools.matches(hashWithTools) : done.matches(hash);
  if (usable && upToDate) return 'unchanged';
  const logFile = join(paths.setupLogs, 'venv.log');
  done.clear();
  doneWithTools.clear();
  if (!usable) await createVenv(folder, env, logFile);
  if (present.length > 0) {
    step.note('installing faster-whisper and what it needs');
    await run(venvPython(paths), ['-m', 'pip', 'install', ...present.flatMap((file) => ['-r', file])], {
      // Paths inside the requirements files are relative to the service.
      cwd: service,
      env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
      logFile,
      fix: 'Check the connection to the Python package index (pip), then npm start again.',
    });
  }
  done.write(hash);
  if (options.withTestTools) doneWithTools.write(hashWithTools);
  return present.length > 0 ? 'installed' : 'empty (no requirements.txt)';
}

/**
 * An empty virtual environment, in place of whatever is there.
 * @param {string} folder
 * @param {Record<string, string>} env
 * @param {string} logFile
 */
export async function createVenv(folder, env, logFile) {
  rmSync(folder, { recursive: true, force: true });
  const python = await findPython(env);
  if (python === undefined) {
    throw new LauncherError('No Python 3.9 or newer with its venv module.', {
      fix: 'Install python3 and python3-venv, then npm start again.',
    });
  }
  await run(python, ['-m', 'venv', folder], { env, logFile, fix: 'Install python3-venv, then npm start again.' });
}
