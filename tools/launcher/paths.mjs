import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Paths
 * @property {string} root      The repository.
 * @property {string} tools     `.eloquence`: programs shared by every stack of this clone.
 * @property {string} bin       Programs built or downloaded here.
 * @property {string} stamps    Hashes of what has been installed and built.
 * @property {string} setupLogs Logs of the set-up steps.
 * @property {string} state     Data, logs and secrets of one stack.
 * @property {string} logs      Logs of that stack.
 * @property {string} pids      Who has been started, for cleaning after a crash of the launcher.
 */

const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/**
 * @param {string | undefined} stateDir `ELOQUENCE_STATE_DIR`: relative to the repository when not absolute.
 * @param {string} [root]
 * @returns {Paths}
 */
export function locate(stateDir, root = ROOT) {
  const tools = join(root, '.eloquence');
  const chosen = stateDir ? stateDir : join(tools, 'state');
  const state = isAbsolute(chosen) ? chosen : resolve(root, chosen);
  return {
    root,
    tools,
    bin: join(tools, 'bin'),
    stamps: join(tools, 'stamps'),
    setupLogs: join(state, 'logs'),
    state,
    logs: join(state, 'logs'),
    pids: join(state, 'pids'),
  };
}

/**
 * The state folder itself stays traversable, also one made by mktemp: Postgres runs as its own user
 * below it when we are root. What must stay private in it is private by its own mode.
 * @param {Paths} paths
 */
export function createFolders(paths) {
  for (const folder of [paths.tools, paths.bin, paths.stamps, paths.state]) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  }
  if (process.getuid?.() === 0) chmodSync(paths.state, statSync(paths.state).mode | 0o011);
  for (const folder of [paths.logs, paths.pids]) mkdirSync(folder, { recursive: true, mode: 0o700 });
}
