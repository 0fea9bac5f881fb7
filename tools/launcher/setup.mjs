import { join } from 'node:path';
import { ensureClientsVenv } from './clients-venv.mjs';
import { ensureLivekitServer } from './livekit-server.mjs';
import { waitForLock } from './lock.mjs';
import { ensureNode24 } from './node24.mjs';
import { ensureNpmPackages } from './npm-install.mjs';
import { ensurePrograms, findPostgresBin } from './packages.mjs';
import { ensurePythonVenv } from './python-venv.mjs';
import { ensureWebBuild } from './web-build.mjs';

/**
 * Makes a bare machine able to run Eloquence; what is there already costs next to nothing.
 * @param {import("./context.mjs").Context} context
 */
export async function setUp(context) {
  const { paths, progress, prependPath, options } = context;
  // Programs are shared by all stacks of a clone: two set-ups at once would undo each other.
  const release = await waitForLock(join(paths.tools, 'setup.lock'), (holder) =>
    progress.line(`… another set-up is under way (pid ${holder.pid}), waiting for it`),
  );
  process.once('exit', release);
  try {
    await progress.step('programs', () => ensurePrograms(context));
    await progress.step('Node 24', () => ensureNode24(context));
    await progress.step('npm packages', () => ensureNpmPackages(context));
    prependPath(paths.bin);
    // They use different parts of the machine and know nothing of each other.
    const outcomes = await Promise.allSettled([
      progress.step('livekit-server', (step) => ensureLivekitServer(context, step)),
      progress.step('Python environment', (step) => ensurePythonVenv(context, step)),
      progress.step('web client', () => ensureWebBuild(context)),
      ...(options.withTestTools ? [progress.step('stock clients', (step) => ensureClientsVenv(context, step))] : []),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const postgres = findPostgresBin(context.env['PATH']);
    if (postgres !== undefined) appendPath(context.env, postgres);
  } finally {
    process.off('exit', release);
    release();
  }
}

/**
 * Debian keeps initdb and postgres off the PATH; at its end they hide nothing of the machine's.
 * @param {Record<string, string>} env
 * @param {string} folder
 */
function appendPath(env, folder) {
  const path = env['PATH'] ?? '';
  if (!path.split(':').includes(folder)) env['PATH'] = `${path}:${folder}`;
}
