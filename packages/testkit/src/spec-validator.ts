import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

/** Repository root is four folders above packages/testkit/src. */
const DEFAULT_SPECS_DIR = resolve(import.meta.dirname, '../../../../shared/specs');
/** Part of the cache key; to be raised when `repair` changes. */
const REPAIR_VERSION = 2;
const UNKNOWN_FORMATS = ['phone-number', 'date-time-rfc-2822', 'currency', 'uri-map', 'binary'];

type Json = Record<string, unknown>;

/** Checks values against one vendor's published OpenAPI document (3.1). */
export class SpecValidator {
  readonly #ajv: Ajv2020;
  readonly #document: Json;

  constructor(document: Json) {
    this.#document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: false, logger: false });
    addFormats.default(this.#ajv);
    for (const format of UNKNOWN_FORMATS) this.#ajv.addFormat(format, true);
    this.#ajv.addSchema({ ...document, $id: 'spec' });
  }

  /**
   * Faults of `value` against a JSON pointer of the document; an empty list = it has the vendor's shape.
   *
   * @param pointer path parts, e.g. `['components', 'schemas', 'CreateSpeechRequest']`
   */
  faults(pointer: readonly string[], value: unknown): string[] {
    const path = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const validate = this.#ajv.getSchema(`spec#/${path}`) ?? this.#ajv.compile({ $ref: `spec#/${path}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${pointer.at(-1)}${error.instancePath}: ${error.message}`);
  }

  /** Whether the document has anything at that pointer. */
  has(pointer: readonly string[]): boolean {
    let node: unknown = this.#document;
    for (const part of pointer) node = (node as Json | null | undefined)?.[part];
    return node !== undefined;
  }

  /** Faults against `components.schemas[name]`. */
  schemaFaults(name: string, value: unknown): string[] {
    return this.faults(['components', 'schemas', name], value);
  }
}

const loaded = new Map<string, SpecValidator | undefined>();
let said = false;

/**
 * The validator of one file of the folder `ELOQUENCE_SPECS_DIR` (default `../shared/specs` beside the repository), or
 * undefined when the folder is not there: a fresh clone has none, and the fakes then answer without this check.
 */
export function loadSpec(file: string): SpecValidator | undefined {
  if (loaded.has(file)) return loaded.get(file);
  const path = join(process.env['ELOQUENCE_SPECS_DIR'] ?? DEFAULT_SPECS_DIR, file);
  let validator: SpecValidator | undefined;
  if (existsSync(path)) validator = new SpecValidator(readDocument(path));
  else if (!said) {
    said = true;
    process.stderr.write(`vendor specs not found at ${path}: shapes are not checked (set ELOQUENCE_SPECS_DIR)\n`);
  }
  loaded.set(file, validator);
  return validator;
}

/** Parsing 3 MB of YAML takes seconds, and every test file would pay it again: the repaired JSON is kept in the temp folder. */
function readDocument(path: string): Json {
  const { size, mtimeMs } = statSync(path);
  const key = createHash('sha256').update(`${path}:${size}:${mtimeMs}:${REPAIR_VERSION}`).digest('hex').slice(0, 16);
  const cached = join(tmpdir(), 'eloquence-specs', `${key}.json`);
  if (existsSync(cached)) return JSON.parse(readFileSync(cached, 'utf8')) as Json;
  const text = readFileSync(path, 'utf8');
  const document = repair(path.endsWith('.json') ? JSON.parse(text) : parse(text)) as Json;
  mkdirSync(join(tmpdir(), 'eloquence-specs'), { recursive: true });
  const temporary = `${cached}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(document));
  renameSync(temporary, cached);
  return document;
}

/**
 * Makes a published document digestible: boolean exclusive bounds are not JSON Schema, and `nullable` (refused by Ajv without
 * `type`, defeated by an `enum` without null) becomes an alternative.
 */
function repair(node: unknown): unknown {
  if (Array.isArray(node)) return node.map((item) => repair(item));
  if (typeof node !== 'object' || node === null) return node;
  const copy: Json = {};
  for (const [name, value] of Object.entries(node)) {
    if (name === 'nullable' && typeof value === 'boolean') continue;
    if ((name === 'exclusiveMinimum' || name === 'exclusiveMaximum') && typeof value === 'boolean') continue;
    copy[name] = repair(value);
  }
  return (node as Json)['nullable'] === true ? { anyOf: [copy, { type: 'null' }] } : copy;
}
