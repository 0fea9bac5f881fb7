#!/usr/bin/env node
// The `eloquence` command. Node runs TypeScript from version 24 on, so an older one hands over to the copy that `npm start` has put
// into `.eloquence/`. It works from any folder: paths of the project come from this file, paths of the person from theirs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
// Before `npm start` has run, or while it still installs.
try {
  for (const name of ['commander', 'yaml', 'zod']) createRequire(main).resolve(name);
} catch {
  process.stderr.write(
    "Les paquets d'eloquence manquent encore. Lancez « npm start » dans le dossier d'Eloquence et attendez qu'il soit prêt.\n" +
      `The packages eloquence needs are missing. Run "npm start" in Eloquence's folder and wait until it is ready.\n`,
  );
  process.exit(1);
}
// The library of the rooms writes its debug log to stdout unless this says otherwise.
process.env.NODE_ENV ??= 'production';

// What keeps a recording of hours small: 190 MB without, 117 with. Little room for young objects, WebAssembly compiled once, no
// arenas per thread, and TypeScript that was stripped once (the stripper alone is 20 MB).
const lean = ['--max-semi-space-size=1', '--liftoff-only', '--optimize-for-size'];
process.env.MALLOC_ARENA_MAX ??= '2';
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eloquence', 'node');

if (Number.parseInt(process.versions.node, 10) >= 24) {
  // The same process begins again with these settings; Windows cannot, and records with more memory.
  const isRecording = ['start', 'resume'].includes(process.argv[3] ?? '') && !process.execArgv.includes(lean[0]);
  if (isRecording && process.platform !== 'win32' && process.execve)
    process.execve(
      process.execPath,
      [process.execPath, ...lean, ...process.execArgv, main, ...process.argv.slice(2)],
      process.env,
    );
  await import(main);
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
  const child = spawn(node, [...lean, main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; twice would mean "give up at once".
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
