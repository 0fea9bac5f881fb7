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
          ? `${path} : ce fichier n’existe pas ; « eloquence config init » en écrit un. / There is no such file; "eloquence config init" writes one.`
          : `${path} : ne peut pas être lu / cannot be read (${code ?? '?'}).`,
        { cause: error },
      );
  }
  return parseSettings(text, path);
}

/** @throws ConfigError as {@link loadSettings} */
export function parseSettings(text: string, path: string): Settings {
  const say = sayIn(text);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) {
    const { line } = lines.linePos(broken.pos[0]);
    throw new ConfigError(`${path}:${line}: ${say('ce n’est pas du YAML', 'this is no YAML')}: ${broken.message}`, {
      cause: broken,
    });
  }
  const value: unknown = document.toJS() ?? {};
  const parsed = settingsSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, { document, lines, path, say }));
  throw new ConfigError(faults.join('\n'), { cause: parsed.error });
}

interface Place {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly path: string;
  readonly say: Say;
}

type Say = (fr: string, en: string) => string;

/** What a broken file says of its language is read from its text: French, unless it asks for English. */
const sayIn =
  (text: string): Say =>
  (fr, en) =>
    /^language:\s*["']?en\b/m.test(text) ? en : fr;

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue, place: Place): string[] {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(knownAt(at));
    return issue.keys.map((key) => {
      const meant = didYouMean(key, known);
      const fix = meant
        ? place.say(`vouliez-vous dire « ${meant} » ?`, `did you mean "${meant}"?`)
        : place.say(`il y a : ${known.join(', ')}`, `there are: ${known.join(', ')}`);
      const none = place.say('ce réglage n’existe pas', 'there is no such setting');
      return `${place.path}:${lineOf(place, [...at, key])}: ${[...at, key].join('.')}: ${none}; ${fix}`;
    });
  }
  return [
    `${place.path}:${lineOf(place, at)}: ${at.join('.') || place.say('le fichier', 'the file')}: ${reasonOf(issue, place.say)}`,
  ];
}

function reasonOf(issue: Issue, say: Say): string {
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const meant = typeof issue.input === 'string' ? didYouMean(issue.input, allowed) : undefined;
    if (issue.values.length === 1 && !issue.message.startsWith('Invalid')) return own(issue.message, say);
    return say(
      `il faut ${allowed.join(', ')}${meant ? ` ; vouliez-vous dire « ${meant} » ?` : ''}`,
      `must be one of ${allowed.join(', ')}${meant ? `; did you mean "${meant}"?` : ''}`,
    );
  }
  if (issue.code === 'too_small') {
    const [fr, en] = unitOf(issue.origin);
    return say(`au moins ${String(issue.minimum)}${fr}`, `must be at least ${String(issue.minimum)}${en}`);
  }
  if (issue.code === 'too_big') {
    const [fr, en] = unitOf(issue.origin);
    return say(`au plus ${String(issue.maximum)}${fr}`, `must be at most ${String(issue.maximum)}${en}`);
  }
  if (issue.code === 'invalid_type') {
    const [fr, en] = TYPES[issue.expected] ?? [issue.expected, issue.expected];
    return say(`il faut ${fr}`, `must be ${en}`);
  }
  return own(issue.message, say);
}

const unitOf = (origin: string): readonly [fr: string, en: string] =>
  origin === 'number' ? ['', ''] : [' caractères ou éléments', ' long'];

/** Sentences of the schema hold both languages, French first. */
function own(message: string, say: Say): string {
  const [fr = message, en = fr] = message.split(' / ');
  return say(fr, en);
}

const TYPES: Readonly<Record<string, readonly [fr: string, en: string]>> = {
  number: ['un nombre', 'a number'],
  int: ['un nombre entier', 'a whole number'],
  string: ['un texte', 'a text'],
  boolean: ['true ou false', 'true or false'],
  array: ['une liste, comme [md, pdf]', 'a list, such as [md, pdf]'],
  object: ['un groupe de réglages', 'a group of settings'],
};

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
