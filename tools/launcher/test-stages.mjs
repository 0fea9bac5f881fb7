import { join } from 'node:path';

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} title
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {boolean} takesArguments  What is given after the stage's name goes to its runner.
 */

const STAGE_NAMES = /** @type {const} */ (['check', 'launcher', 'python', 'unit', 'integration', 'e2e']);

/**
 * @param {string} root
 * @param {string} tools `.eloquence`
 * @returns {Stage[]} in the order they run: what fails fastest comes first
 */
export function testStages(root, tools) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  /** @type {(project: string, title: string) => Stage} */
  const vitestStage = (project, title) => ({
    name: project,
    title,
    command: 'node',
    // `integration` has a second project, of what must run alone.
    args: [vitest, 'run', '--project', `${project}*`],
    cwd: root,
    takesArguments: true,
  });
  return [
    {
      name: 'check',
      title: 'types, lint, format, dead code, boundaries',
      command: 'npm',
      args: ['run', 'check'],
      cwd: root,
      takesArguments: false,
    },
    {
      name: 'launcher',
      title: 'npm start itself',
      command: 'node',
      args: ['--test', 'tools/launcher/*.test.mjs'],
      cwd: root,
      takesArguments: true,
    },
    {
      name: 'python',
      title: 'whisper-stt',
      command: join(tools, 'venv', 'bin', 'python'),
      args: ['-m', 'pytest', '-q'],
      cwd: join(root, 'services', 'whisper-stt'),
      takesArguments: true,
    },
    vitestStage('unit', 'no process, no network'),
    vitestStage('integration', 'real Redis, Postgres and LiveKit'),
    vitestStage('e2e', 'the whole product'),
  ];
}

/**
 * `npm test` runs everything; `npm test -- unit services/agent` one stage with a filter; several stages
 * may be named. What is no stage's name goes to the runners.
 * @param {readonly string[]} args
 * @returns {{stages: ReadonlySet<string>, rest: string[]}}
 */
export function parseTestArguments(args) {
  /** @type {Set<string>} */
  const stages = new Set();
  let index = 0;
  for (; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (!STAGE_NAMES.some((name) => name === arg)) break;
    stages.add(arg);
  }
  const rest = args.slice(index).filter((arg) => arg !== '--');
  // A filter alone is one for the vitest projects: the other runners would not know it.
  const fallback = rest.length === 0 ? STAGE_NAMES : STAGE_NAMES.slice(3);
  return { stages: stages.size > 0 ? stages : new Set(fallback), rest };
}
