#!/usr/bin/env node
// Runs a TypeScript file of this project: `node tools/node24.mjs FILE [arguments]`. Node runs TypeScript from version 24 on, so an
// older one hands over to the copy that `npm start` has put into `.eloquence/`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { locate } from './launcher/paths.mjs';

const own = join(locate(undefined).tools, 'node', 'node_modules', 'node', 'bin', 'node');
const recent = Number.parseInt(process.versions.node, 10) >= 24;
if (!recent && !existsSync(own)) {
  process.stderr.write(
    `This needs Node 24; this is ${process.version}. Run "npm start" once: it fetches a private copy.\n`,
  );
  process.exit(1);
}
const child = spawn(recent ? process.execPath : own, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
child.once('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
