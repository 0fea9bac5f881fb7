import { parseArgs } from 'node:util';
import { LauncherError } from './errors.mjs';

/** @typedef {{setupOnly: boolean, withTestTools: boolean, help: boolean}} Options */

export const HELP = `npm start [-- options]

  --setup-only        prepare everything, start nothing
  --with-test-tools   also install what the tests need (chromium, sox, stock speech clients)
  --help              this text

Settings come from the environment and from .env (see .env.example).
A port set to 0 means any free port, e.g. API_PORT=0 npm start.`;

/**
 * @param {readonly string[]} args Arguments after the script's name.
 * @returns {Options}
 * @throws {LauncherError} on an option that does not exist.
 */
export function parseOptions(args) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'setup-only': { type: 'boolean', default: false },
        'with-test-tools': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return {
      setupOnly: values['setup-only'],
      withTestTools: values['with-test-tools'],
      help: values.help,
    };
  } catch (error) {
    throw new LauncherError(error instanceof Error ? error.message : String(error), {
      fix: `Use one of these:\n\n${HELP}`,
    });
  }
}
