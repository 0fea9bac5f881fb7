import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SKIPPED = new Set(['node_modules', 'dist', '.turbo', 'coverage', '__pycache__']);

/**
 * @param {readonly string[]} parts Texts.
 * @param {readonly string[]} [paths] Files and folders; those that do not exist count as empty.
 * @returns {string} hash of the texts and of the names and contents below the paths
 */
export function hashOf(parts, paths = []) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part}\0`);
  for (const path of paths) addPath(hash, path);
  return hash.digest('hex');
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} path
 */
function addPath(hash, path) {
  if (!existsSync(path)) return;
  if (statSync(path).isFile()) {
    hash.update(`${path}\0`).update(readFileSync(path));
    return;
  }
  const names = readdirSync(path);
  names.sort();
  for (const name of names) {
    if (!SKIPPED.has(name)) addPath(hash, join(path, name));
  }
}

/**
 * Remembers by a hash that a piece of work has been done for just this input.
 * @param {string} folder
 * @param {string} name
 */
export function stamp(folder, name) {
  const file = join(folder, name);
  return {
    /** @param {string} hash */
    matches: (hash) => existsSync(file) && readFileSync(file, 'utf8').trim() === hash,
    /** Before the work: what is interrupted must not pass for done. */
    clear: () => rmSync(file, { force: true }),
    /** @param {string} hash */
    write: (hash) => writeFileSync(file, `${hash}\n`),
  };
}
