import { join } from 'node:path';
import { LauncherError } from './errors.mjs';
import { createVenv } from './python-venv.mjs';
import { capture, isExecutable, run } from './run.mjs';
import { hashOf, stamp } from './stamps.mjs';

/**
 * The virtual environment with the stock Python clients of tests/clients, and with Piper for tts-proxy's tests. Apart from whisper-stt's: the versions that the
 * clients ask for are none of the product's business.
 * @param {import("./context.mjs").Context} context
 * @param {import("./progress.mjs").Step} step
 * @returns {Promise<string>}
 */
export async function ensureClientsVenv({ paths, env }, step) {
  const requirements = join(paths.root, 'tests', 'clients', 'python', 'requirements.txt');
  const folder = join(paths.tools, 'clients-venv');
  const python = join(folder, 'bin', 'python');
  // Scripts of a virtual environment hold its absolute path: a moved clone needs a new one.
  const hash = hashOf([folder], [requirements]);
  const done = stamp(paths.stamps, 'clients-venv');
  if (isExecutable(python) && done.matches(hash)) return 'unchanged';
  const logFile = join(paths.setupLogs, 'clients-venv.log');
  done.clear();
  // Anew, not on top: what an older list brought must not stay.
  await createVenv(folder, env, logFile);
  const { ok } = await capture(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'], { env });
  if (!ok) {
    throw new LauncherError('The stock speech clients of the tests need Python 3.11 or newer.', {
      fix: 'Put a newer python3 with its venv module first on the PATH, or run npm start, which does not need them.',
    });
  }
  step.note('installing pipecat, livekit-agents, the SDKs of OpenAI and Deepgram, Piper');
  await run(python, ['-m', 'pip', 'install', '--no-deps', '--no-compile', '-r', requirements], {
    env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
    logFile,
    fix: 'Check the connection to the Python package index (pip), then npm test again.',
  });
  done.write(hash);
  return 'installed';
}
