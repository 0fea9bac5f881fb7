import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LauncherError, messageOf } from './errors.mjs';
import { isExecutable, run, which } from './run.mjs';

const VERSION = '1.13.5';
const RELEASES = `https://github.com/livekit/livekit/releases/download/v${VERSION}`;
/**
 * SHA-256 of the release files, by Node's name of the processor. The release publishes them in its
 * checksums.txt; they were taken from public projects that pin the same values, not from a download
 * of our own, as no connection to GitHub was at hand. A wrong one can only refuse a good file.
 * @type {Record<string, {asset: string, sha256: string} | undefined>}
 */
const ARCHIVES = {
  x64: {
    asset: `livekit_${VERSION}_linux_amd64.tar.gz`,
    sha256: 'c020fac437b7cc9b776eef1ad5ea8af77be9acfa07602eca20a3a44930dfbc70',
  },
  arm64: {
    asset: `livekit_${VERSION}_linux_arm64.tar.gz`,
    sha256: '332015305518765fe05bad74fc3a9d9583e635e7dd130de3c4fc563d69c550f3',
  },
};

/**
 * @param {import("./context.mjs").Context} context
 * @param {import("./progress.mjs").Step} step
 * @returns {Promise<string>}
 */
export async function ensureLivekitServer(context, step) {
  const { paths, env, settings, options } = context;
  if (settings['LIVEKIT_URL'] !== undefined && !options.withTestTools) return 'yours (LIVEKIT_URL)';
  const own = join(paths.bin, 'livekit-server');
  const onPath = which('livekit-server', env['PATH']);
  if (onPath !== undefined && onPath !== own) return onPath;
  if (isExecutable(own)) return 'present';
  const go = which('go', env['PATH']) ?? (isExecutable('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  if (go !== undefined) {
    step.note('building it with Go (about 2 minutes, once)');
    const built = await build(go, own, context).catch((error) => messageOf(error));
    if (built === undefined) return `v${VERSION}, built`;
  }
  step.note('downloading the release');
  await download(own, paths.setupLogs, env);
  return `v${VERSION}, downloaded`;
}

/**
 * @param {string} go
 * @param {string} target
 * @param {import("./context.mjs").Context} context
 */
async function build(go, target, { paths, env }) {
  const folder = join(paths.bin, '.building');
  mkdirSync(folder, { recursive: true });
  try {
    await run(go, ['install', `github.com/livekit/livekit-server/cmd/server@v${VERSION}`], {
      cwd: folder,
      // GOFLAGS of the machine may hold what does not fit a program from outside (-mod=vendor).
      env: { ...env, CGO_ENABLED: '0', GOFLAGS: '', GOBIN: folder },
      logFile: join(paths.setupLogs, 'livekit-server.log'),
    });
    renameSync(join(folder, 'server'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} target
 * @param {string} logs
 * @param {Record<string, string>} env
 */
async function download(target, logs, env) {
  const archive = process.platform === 'linux' ? ARCHIVES[process.arch] : undefined;
  const fix =
    'Put livekit-server on the PATH (https://docs.livekit.io/transport/self-hosting/local/), or install Go, then npm start again.';
  const logFile = existsSync(join(logs, 'livekit-server.log')) ? join(logs, 'livekit-server.log') : undefined;
  if (archive === undefined) {
    throw new LauncherError(`livekit-server is not here, and has no release for ${process.platform} ${process.arch}.`, {
      fix,
      logFile,
    });
  }
  const bytes = await fetchBytes(`${RELEASES}/${archive.asset}`).catch((error) => {
    throw new LauncherError(`livekit-server could not be downloaded: ${messageOf(error)}`, {
      fix,
      logFile,
      cause: error,
    });
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== archive.sha256) {
    throw new LauncherError(`${archive.asset} has the wrong checksum (${found}); it was not used.`, { fix });
  }
  const folder = join(dirname(target), '.unpacking');
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, archive.asset), bytes);
    await run('tar', ['-xzf', archive.asset, 'livekit-server'], {
      cwd: folder,
      env,
      logFile: join(logs, 'livekit-server.log'),
    });
    chmodSync(join(folder, 'livekit-server'), 0o755);
    renameSync(join(folder, 'livekit-server'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} url
 * @returns {Promise<Buffer>}
 */
async function fetchBytes(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(300_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
