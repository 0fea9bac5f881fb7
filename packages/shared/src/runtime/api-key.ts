/** An entry of API_KEYS: `name:key`, or the key alone. */
export interface ApiKey {
  /** Whose the key is, also after another took its place; undefined: the key's own. */
  readonly name: string | undefined;
  readonly key: string;
}

/** At most 31 characters: no digest of a key (see Tenants) looks like one. */
const NAMED = /^([a-z][a-z0-9_-]{0,30}):(.*)$/s;
/** Tenants that are not given by a key. */
const RESERVED = new Set(['internal', 'local']);
const KEY = /^[\x21-\x7e]{16,}$/;

export function parseApiKey(entry: string): ApiKey {
  const [, name, key] = NAMED.exec(entry) ?? [];
  return key === undefined ? { name: undefined, key: entry } : { name, key };
}

/** What is wrong with an entry, and how to mend it; undefined when nothing is. */
export function faultOfApiKey(entry: string): string | undefined {
  const { name, key } = parseApiKey(entry);
  if (name !== undefined && RESERVED.has(name)) return `the name ${name} is taken: choose another`;
  if (KEY.test(key)) return undefined;
  return 'each key must have at least 16 characters and no spaces: `openssl rand -hex 24` makes one';
}
