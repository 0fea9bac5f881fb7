#!/usr/bin/env node
// The `eloquence` command. Node runs TypeScript from version 24 on, so an older one hands over to the copy that `npm start` has put
// into `.eloquence/`. It works from any folder: paths of the project come from this file, paths of the person from theirs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(import.meta.url);
// Before `npm start` has run, or while it still installs.
try {
  for (const name of ['commander', 'yaml', 'zod']) module.createRequire(bin).resolve(name);
} catch {
  process.stderr.write(
    "Les paquets d'eloquence manquent encore. Lancez « npm start » dans le dossier d'Eloquence et attendez qu'il soit prêt.\n" +
      `The packages eloquence needs are missing. Run "npm start" in Eloquence's folder and wait until it is ready.\n`,
  );
  process.exit(1);
}
// The library of the rooms writes its debug log to stdout unless this says otherwise.
process.env.NODE_ENV ??= 'production';

// What keeps a recording of hours small: 190 MB without, 110 with. Little room for young objects, no compiler but the quick ones (a
// recording has nothing to compute), no arenas per thread, memory of some size given back when it is free (but not the 65536 bytes
// that Node takes for each read of a pipe, of which it keeps some hundred).
const lean = ['--max-semi-space-size=1', '--liftoff-only', '--optimize-for-size', '--max-opt=1'];
const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '69632', MALLOC_TRIM_THRESHOLD_: '65536' };
for (const [name, value] of Object.entries(allocator)) process.env[name] ??= value;
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eloquence', 'node');

if (Number.parseInt(process.versions.node, 10) >= 24) {
  if (['start', 'resume'].includes(process.argv[3] ?? '')) await beLean();
  const { main } = await import('../src/main.ts');
  await main();
} else {
  const node = fileURLToPath(
    new URL(
      `../../../.eloquence/node/node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`,
      import.meta.url,
    ),
  );
  if (!existsSync(node)) {
    process.stderr.write(
      `eloquence a besoin de Node 24 ; voici ${process.version}. Lancez une fois « npm start » dans le dossier d'Eloquence : il en installe une copie.\n` +
        `eloquence needs Node 24; this is ${process.version}. Run "npm start" once in Eloquence's folder: it fetches a private copy.\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, [bin, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; twice would mean "give up at once".
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

/** The same process begins again with the settings of a recording; Windows cannot, and records with more memory. */
async function beLean() {
  if (!process.execArgv.includes(lean[0])) return beginAgain([...lean, ...process.execArgv]);
  const isSecondTime = process.env.ELOQUENCE_STRIPPED === '1';
  delete process.env.ELOQUENCE_STRIPPED;
  if (isSecondTime) return;
  // All that a recording needs; what a later import stripped would stay as well.
  await Promise.all([import('../src/main.ts'), import('../src/recorder/recorder.ts')]);
  if (!process.moduleLoadList.some((name) => name.includes('amaro'))) return;
  // The first time, and after each change of the sources: what strips them of their types stays in memory, 20 MB of it.
  module.flushCompileCache();
  process.env.ELOQUENCE_STRIPPED = '1';
  beginAgain(process.execArgv);
}

/** @param {readonly string[]} flags of Node */
function beginAgain(flags) {
  const { execPath, argv, env, platform } = process;
  if (platform !== 'win32') process.execve?.(execPath, [execPath, ...flags, bin, ...argv.slice(2)], env);
}
