import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LauncherError, messageOf } from './errors.mjs';

const SETTING = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/;

/**
 * @param {string} text A .env file: `NAME=value`, `#` comments, optional `export` and quotes.
 * @returns {Record<string, string>}
 */
export function parseEnvFile(text) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const line of text.split(/\r?\n/)) {
    const match = SETTING.exec(line);
    if (match === null) continue;
    const [, name = '', raw = ''] = match;
    values[name] = unquote(raw);
  }
  return values;
}

/**
 * @param {string} text A .env file.
 * @returns {string[]} one warning per line that is no setting; its text may be a secret and is not repeated
 */
export function unreadableLines(text) {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (/^\s*(?:#|$)/.test(line) || SETTING.test(line)) return [];
    return `.env line ${index + 1} is not a setting and was skipped: write NAME=value, or # in front of a comment.`;
  });
}

/**
 * @param {string} raw
 * @returns {string}
 */
function unquote(raw) {
  const quoted = /^(["'])(.*)\1(?:\s+#.*)?$/.exec(raw);
  if (quoted !== null) return quoted[2] ?? '';
  return raw.replace(/(^|\s+)#.*$/, '');
}

/**
 * @param {string} text `.env.example`; a name may be commented out there (`# NAME=`).
 * @returns {Set<string>}
 */
export function namesIn(text) {
  return new Set([...text.matchAll(/^\s*#?\s*([A-Z][A-Z0-9_]{2,})=/gm)].map((match) => match[1] ?? ''));
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number} letters to insert, delete or replace (Levenshtein)
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * @param {string} name
 * @param {Iterable<string>} known
 * @returns {string | undefined} the known name it was probably meant to be
 */
export function closestName(name, known) {
  /** @type {string | undefined} */
  let best;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const found = distance(name, candidate);
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
}

/**
 * @param {Iterable<string>} names Names found in .env.
 * @param {ReadonlySet<string>} known Names of .env.example; empty when there is no such file.
 * @returns {string[]} one warning per name nobody reads
 */
export function unknownNames(names, known) {
  /** @type {string[]} */
  const warnings = [];
  if (known.size === 0) return warnings;
  for (const name of names) {
    if (known.has(name) || (name.endsWith('_FILE') && known.has(name.slice(0, -5)))) continue;
    const meant = closestName(name, known);
    warnings.push(`.env sets ${name}, which nothing reads${meant === undefined ? '' : `: did you mean ${meant}?`}`);
  }
  return warnings;
}

/**
 * Replaces `X_FILE` by the content of that file as `X`, for the known names.
 * @param {Record<string, string>} settings
 * @param {ReadonlySet<string>} known
 * @param {string} root
 * @returns {Record<string, string>}
 */
function resolveFiles(settings, known, root) {
  /** @type {Record<string, string>} */
  const resolved = { ...settings };
  for (const [name, value] of Object.entries(settings)) {
    const base = name.slice(0, -5);
    if (!name.endsWith('_FILE') || !known.has(base) || value === '') continue;
    try {
      resolved[base] ??= readFileSync(resolve(root, value), 'utf8').trim();
      delete resolved[name];
    } catch (error) {
      throw new LauncherError(`${name} names a file that cannot be read: ${messageOf(error)}`, {
        fix: `Write the value of ${base} into ${value}, or set ${base} itself.`,
      });
    }
  }
  return resolved;
}

/**
 * @param {string} file
 * @returns {string}
 */
function readEnvFile(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LauncherError(`${file} cannot be read: ${messageOf(error)}`, {
      fix: 'Make it a text file that this user may read (see .env.example), or remove it.',
    });
  }
}

/**
 * @param {string} root The repository.
 * @param {Record<string, string>} processEnv Wins over .env.
 * @returns {{settings: Record<string, string>, warnings: string[]}} empty values count as unset
 */
export function loadSettings(root, processEnv) {
  const example = resolve(root, '.env.example');
  const known = existsSync(example) ? namesIn(readFileSync(example, 'utf8')) : new Set(/** @type {string[]} */ ([]));
  const file = resolve(root, '.env');
  const text = existsSync(file) ? readEnvFile(file) : '';
  const fromFile = parseEnvFile(text);
  /** @type {Record<string, string>} */
  const merged = {};
  for (const [name, value] of [...Object.entries(fromFile), ...Object.entries(processEnv)]) {
    // `NAME= npm start` takes a value of .env away again.
    if (value === '') delete merged[name];
    else merged[name] = value;
  }
  return {
    settings: resolveFiles(merged, known, root),
    warnings: [...unreadableLines(text), ...unknownNames(Object.keys(fromFile), known)],
  };
}
