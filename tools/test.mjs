#!/usr/bin/env node
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPostgresBin } from './launcher/packages.mjs';
import { locate } from './launcher/paths.mjs';
import { seconds } from './launcher/progress.mjs';
import { withoutNpmScriptNames } from './launcher/run.mjs';
import { parseTestArguments, testStages } from './launcher/test-stages.mjs';

/** @typedef {{name: string, passed: boolean, spentMs: number}} Result */

/** @type {import("node:child_process").ChildProcess | undefined} */
let current;

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd: string, env: Record<string, string>}} options
 * @returns {Promise<boolean>} whether it exited with 0
 */
function passes(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { ...options, stdio: 'inherit' });
    current = child;
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(false);
    });
    child.once('exit', (code) => resolve(code === 0));
  });
}

/**
 * @param {import("./launcher/paths.mjs").Paths} paths
 * @returns {Record<string, string>} the environment of every stage: Node 24 and the programs of `.eloquence` first
 */
function testEnv(paths) {
  const env = withoutNpmScriptNames(process.env);
  const ownNode = join(paths.tools, 'node', 'node_modules', 'node', 'bin');
  const major = Number.parseInt(process.version.slice(1), 10);
  const postgres = findPostgresBin(env['PATH']);
  const path = [
    ...(major < 24 && existsSync(ownNode) ? [ownNode] : []),
    paths.bin,
    join(paths.root, 'node_modules', '.bin'),
    env['PATH'] ?? '',
    ...(postgres === undefined ? [] : [postgres]),
  ].join(delimiter);
  return { ...env, PATH: path, ELOQUENCE_TOOLS_DIR: paths.tools };
}

/**
 * @param {readonly Result[]} results
 */
function printSummary(results) {
  console.log('\n── summary ──');
  for (const { name, passed, spentMs } of results) {
    console.log(
      `${passed ? '✓' : '✗'} ${name.padEnd(14)} ${seconds(spentMs).padStart(7)}  ${passed ? 'passed' : 'FAILED'}`,
    );
  }
}

async function main() {
  const { stages: chosen, rest } = parseTestArguments(process.argv.slice(2));
  const paths = locate(process.env['ELOQUENCE_STATE_DIR']);
  const startFile = fileURLToPath(new URL('start.mjs', import.meta.url));
  console.log('── set-up ──');
  const setup = spawnSync(process.execPath, [startFile, '--setup-only', '--with-test-tools'], {
    cwd: paths.root,
    stdio: 'inherit',
  });
  if (setup.status !== 0) process.exit(setup.status ?? 1);
  const env = testEnv(paths);
  /** @type {Result[]} */
  const results = [];
  for (const stage of testStages(paths.root, paths.tools).filter(({ name }) => chosen.has(name))) {
    console.log(`\n── ${stage.name}: ${stage.title} ──`);
    const startedAt = Date.now();
    const args = stage.takesArguments ? [...stage.args, ...rest] : stage.args;
    const passed = await passes(stage.command, args, { cwd: stage.cwd, env });
    const spentMs = Date.now() - startedAt;
    results.push({ name: stage.name, passed, spentMs });
    console.log(`── ${stage.name}: ${passed ? 'passed' : 'FAILED'} in ${seconds(spentMs)} ──`);
  }
  printSummary(results);
  process.exit(results.every(({ passed }) => passed) ? 0 : 1);
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    // The stage clears up after itself; what it prints then is the last word.
    current?.kill(signal);
    current?.once('exit', () => process.exit(130));
    if (current === undefined) process.exit(130);
  });
}

await main();
