import { delimiter } from 'node:path';
import { withoutNpmScriptNames } from './run.mjs';

/**
 * What the set-up steps share.
 * @typedef {object} Context
 * @property {import("./paths.mjs").Paths} paths
 * @property {Record<string, string>} settings Process environment over .env, unset values left out.
 * @property {Record<string, string>} env      Environment of the programs started here.
 * @property {(folder: string) => void} prependPath Puts a folder first on the PATH of `env`.
 * @property {import("./options.mjs").Options} options
 * @property {import("./progress.mjs").Progress} progress
 */

/**
 * @param {Omit<Context, "env" | "prependPath">} parts
 * @returns {Context}
 */
export function createContext(parts) {
  const env = withoutNpmScriptNames(parts.settings);
  return {
    ...parts,
    env,
    prependPath: (folder) => {
      const rest = (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== folder);
      env['PATH'] = [folder, ...rest].join(delimiter);
    },
  };
}
