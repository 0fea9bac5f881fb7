#!/usr/bin/env node
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DEMO_SPEECH, chooseEngines } from './launcher/choose-engines.mjs';
import { createContext } from './launcher/context.mjs';
import { downloadNote } from './launcher/download-line.mjs';
import { loadSettings } from './launcher/env-file.mjs';
import { LauncherError, explained } from './launcher/errors.mjs';
import { gatherFacts } from './launcher/facts.mjs';
import { endLeftovers } from './launcher/leftovers.mjs';
import { takeLock } from './launcher/lock.mjs';
import { HELP, parseOptions } from './launcher/options.mjs';
import { createFolders, locate } from './launcher/paths.mjs';
import { settlePlan, stackFile } from './launcher/plan.mjs';
import { preparePostgres } from './launcher/postgres.mjs';
import { Progress, seconds } from './launcher/progress.mjs';
import { createRedactor } from './launcher/redact.mjs';
import { enginesInUse, readyLines, writeStackFile } from './launcher/report.mjs';
import { killRunning } from './launcher/run.mjs';
import { loadSecrets } from './launcher/secrets.mjs';
import { describeStack } from './launcher/services.mjs';
import { setUp } from './launcher/setup.mjs';
import { Stack } from './launcher/stack.mjs';

/** What whisper-stt exits with when a model could not be downloaded. */
const DOWNLOAD_FAILED = 3;
const PARENT_CHECK_MS = 300;
/** A second signal that soon is the same wish. */
const SAME_SIGNAL_MS = 1000;
/** For programs of the set-up to end by themselves. */
const INTERRUPT_GRACE_MS = 500;

let interrupted = false;

/**
 * @param {import("./launcher/context.mjs").Context} context
 * @param {import("./launcher/secrets.mjs").Secrets} secrets
 * @param {{note: (url: string) => void}} lock
 */
async function startStack(context, secrets, lock) {
  const { paths, progress, settings } = context;
  const startedAt = Date.now();
  const ended = await endLeftovers(paths);
  if (ended.length > 0) progress.line(`! ended what an earlier start had left running: ${ended.join(', ')}`);
  const plan = await settlePlan(context, secrets);
  lock.note(plan.urls.api);
  for (const note of plan.notes) progress.line(`! ${note}`);
  const redact = createRedactor(settings, secrets, plan.credentials);
  progress.redact = redact;
  const facts = await progress.step('engines', () => gatherFacts(context));
  const engines = chooseEngines(settings, facts);
  for (const note of engines.notes) progress.line(`! ${note}`);
  const cluster = plan.own.postgres
    ? await progress.step('database', () => preparePostgres(context, secrets.POSTGRES_PASSWORD))
    : undefined;
  if (cluster?.note !== undefined) progress.line(`! ${cluster.note}`);
  const stack = new Stack({
    paths,
    progress,
    redact,
    watchLine: (name) => (name === 'whisper-stt' ? downloadNote : undefined),
    fallback: (spec, error) => {
      if (spec.name !== 'whisper-stt' || error.exitCode !== DOWNLOAD_FAILED || !facts.demoModel) return undefined;
      if (spec.env['WHISPER_MODEL'] === DEMO_SPEECH.model) return undefined;
      progress.line(
        `! The speech model could not be downloaded (${spec.env['WHISPER_MODEL']}): using the ${DEMO_SPEECH.label}.`,
      );
      return { ...spec, env: { ...spec.env, WHISPER_MODEL: DEMO_SPEECH.model } };
    },
  });
  // Interrupted during the last of the set-up: what started now would be left behind.
  if (interrupted) process.exit(130);
  const stopped = stopOnSignals(stack, context);
  try {
    await stack.start(describeStack({ context, plan, engines, piperVoices: facts.piperVoices, cluster }));
  } catch (error) {
    // Failing because it is being stopped is no failure.
    if (stack.stopping) return stopped;
    progress.failure(explained(error));
    process.exitCode = 1;
    await stack.stop();
    process.exit(1);
  }
  if (stack.stopping) return stopped;
  const inUse = await enginesInUse(plan, engines);
  writeStackFile(paths, plan, inUse);
  for (const line of readyLines({ paths, plan, engines: inUse })) progress.line(line);
  progress.line(`Started in ${seconds(Date.now() - startedAt)}.`);
  return stopped;
}

/**
 * @param {Stack} stack
 * @param {import("./launcher/context.mjs").Context} context
 * @returns {Promise<void>} when everything has been stopped
 */
function stopOnSignals(stack, { paths, progress }) {
  return new Promise((resolve) => {
    let since = 0;
    const stop = () => {
      if (stack.stopping) {
        // npm and whoever signals a whole group (timeout, systemd) send the same signal twice.
        if (Date.now() - since < SAME_SIGNAL_MS) return;
        progress.line('Ending everything at once.');
        stack.kill();
        return;
      }
      since = Date.now();
      rmSync(stackFile(paths), { force: true });
      progress.line('Stopping… (once more to end everything at once)');
      const said = stack.stop().then(() => progress.line(`Stopped in ${seconds(Date.now() - since)}.`));
      void said.then(resolve);
    };
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.removeAllListeners(signal);
      process.on(signal, stop);
    }
    stopWithParent(() => {
      if (!stack.stopping) stop();
    });
    process.on('uncaughtException', (error) => {
      progress.failure(error);
      process.exitCode = 1;
      stop();
    });
  });
}

/**
 * npm passes SIGTERM to the shell it runs its script in, and some shells die of it without a word to
 * us: when that parent is gone, this is the end as well.
 * @param {() => void} stop
 */
function stopWithParent(stop) {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** Ctrl-C during the set-up ends its children and leaves; nothing half-done is taken for done. */
function leaveOnSignals() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      interrupted = true;
      killRunning();
      void delay(INTERRUPT_GRACE_MS).then(() => process.exit(130));
    });
  }
}

/** @param {Progress} progress */
async function main(progress) {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    progress.line(HELP);
    return;
  }
  leaveOnSignals();
  const cleanEnv = /** @type {Record<string, string>} */ ({ ...process.env });
  const root = locate(undefined).root;
  const { settings, warnings } = loadSettings(root, cleanEnv);
  const paths = locate(settings['ELOQUENCE_STATE_DIR']);
  createFolders(paths);
  for (const warning of warnings) progress.line(`! ${warning}`);
  const context = createContext({ paths, settings, options, progress });
  if (options.setupOnly) {
    await setUp(context);
    loadSecrets(paths.state);
    return;
  }
  const lock = await takeLock(join(paths.state, 'launcher.lock'), 'starting');
  if ('holder' in lock) {
    throw new LauncherError(`Eloquence is running already: pid ${lock.holder.pid}, ${lock.holder.note}.`, {
      fix: `Use that one, or stop it with Ctrl-C or: kill ${lock.holder.pid}`,
    });
  }
  process.once('exit', lock.release);
  await setUp(context);
  await startStack(context, loadSecrets(paths.state), { note: lock.update });
}

const progress = new Progress();
try {
  await main(progress);
  process.exit();
} catch (error) {
  // A step that fails because Ctrl-C ended its program is no failure.
  if (interrupted) process.exit(130);
  progress.failure(explained(error));
  process.exit(1);
}
