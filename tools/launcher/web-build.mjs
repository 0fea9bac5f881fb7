import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { hashOf, stamp } from './stamps.mjs';

/**
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<string>}
 */
export async function ensureWebBuild({ paths, env, settings }) {
  if (settings['WEB_ROOT'] !== undefined) return 'yours (WEB_ROOT)';
  const web = join(paths.root, 'apps', 'web');
  if (!hasBuildScript(join(web, 'package.json'))) return 'nothing to build';
  const hash = hashOf(
    ['web'],
    [web, join(paths.root, 'packages/shared/src/contracts'), join(paths.root, 'package-lock.json')],
  );
  const done = stamp(paths.stamps, 'web');
  if (done.matches(hash) && existsSync(join(web, 'dist', 'index.html'))) return 'unchanged';
  done.clear();
  await run('npm', ['run', 'build', '-w', '@eloquence/web'], {
    cwd: paths.root,
    env,
    logFile: join(paths.setupLogs, 'web-build.log'),
    fix: 'Mend what the log names (npm run build -w @eloquence/web shows it again).',
  });
  done.write(hash);
  return 'built';
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function hasBuildScript(file) {
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).scripts?.build !== undefined;
}
