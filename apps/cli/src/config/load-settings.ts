import { readFileSync } from 'node:fs';
import { ConfigError } from '@eloquence/shared/runtime/config';
import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import * as z from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { settingsSchema, type Settings } from './settings-schema.ts';

/**
 * Reads a configuration file.
 *
 * @param path read when it is there
 * @param required a file somebody named has to be there
 * @throws ConfigError naming file, line, setting, what is wrong and what is allowed, one fault per line
 */
export function loadSettings(path: string, required = false): Settings {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || required)
      throw new ConfigError(
        code === 'ENOENT'
          ? `${path}: there is no such file. "eloquence config init" writes one.`
          : `${path}: cannot be read (${code ?? 'unknown error'}).`,
        { cause: error },
      );
  }
  return parseSettings(text, path);
}

/** @throws ConfigError as {@link loadSettings} */
export function parseSettings(text: string, path: string): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) {
    const { line } = lines.linePos(broken.pos[0]);
    throw new ConfigError(`${path}:${line}: this is no YAML: ${broken.message}`, { cause: broken });
  }
  const value: unknown = document.toJS() ?? {};
  const parsed = settingsSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, { document, lines, path }));
  throw new ConfigError(faults.join('\n'), { cause: parsed.error });
}

interface Place {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly path: string;
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue, place: Place): string[] {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(knownAt(at));
    return issue.keys.map((key) => {
      const meant = didYouMean(key, known);
      const fix = meant ? `did you mean "${meant}"?` : `there are: ${known.join(', ')}`;
      return `${place.path}:${lineOf(place, [...at, key])}: ${[...at, key].join('.')}: there is no such setting; ${fix}`;
    });
  }
  return [`${place.path}:${lineOf(place, at)}: ${at.join('.') || 'the file'}: ${reasonOf(issue)}`];
}

function reasonOf(issue: Issue): string {
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const meant = typeof issue.input === 'string' ? didYouMean(issue.input, allowed) : undefined;
    if (issue.values.length === 1 && !issue.message.startsWith('Invalid')) return issue.message;
    return `must be one of ${allowed.join(', ')}${meant ? `; did you mean "${meant}"?` : ''}`;
  }
  if (issue.code === 'too_small')
    return `must be at least ${String(issue.minimum)}${issue.origin === 'number' ? '' : ' long'}`;
  if (issue.code === 'too_big')
    return `must be at most ${String(issue.maximum)}${issue.origin === 'number' ? '' : ' long'}`;
  if (issue.code === 'invalid_type') return `must be ${wordOf(issue.expected)}`;
  return issue.message;
}

const wordOf = (expected: string): string =>
  ({
    number: 'a number',
    int: 'a whole number',
    string: 'a text',
    boolean: 'true or false',
    array: 'a list, such as [md, pdf]',
    object: 'a group of settings',
  })[expected] ?? expected;

/** Settings of a group. */
function knownAt(path: readonly string[]): Record<string, unknown> {
  let schema: unknown = settingsSchema;
  for (const key of ['', ...path]) {
    if (key !== '') schema = (schema as z.ZodObject).shape[key];
    while (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) schema = schema.unwrap();
  }
  return schema instanceof z.ZodObject ? schema.shape : {};
}

/** The line a setting stands in, or the nearest group around it. */
function lineOf({ document, lines }: Place, path: readonly string[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    const range = isScalar(pair?.key) ? pair.key.range : undefined;
    if (range) return lines.linePos(range[0]).line;
  }
  return 1;
}
