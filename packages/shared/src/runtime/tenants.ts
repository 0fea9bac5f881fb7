import { createHash } from 'node:crypto';
import { parseApiKey } from './api-key.ts';
import { isKnownKey } from './service.ts';

/** Who is behind our own services' key. */
export const INTERNAL_TENANT = 'internal';

/** Digits of a digest that name a tenant: 128 bits, so no two keys share a name by chance. */
const NAME_DIGITS = 32;

/**
 * Who may call, and whose share of the engine each call uses. Calls of Eloquence's own services are one tenant; keys of API_KEYS
 * are one for each name, and a key without a name is one of its own. That one is called by a digest of the key, so that it stays the
 * same when other keys come, go or change places, and is the same in every service.
 */
export class Tenants {
  readonly #internalKey: string;
  readonly #keys: readonly { readonly key: string; readonly tenant: string }[];

  /** @param entries of API_KEYS */
  constructor(internalKey: string, entries: readonly string[]) {
    this.#internalKey = internalKey;
    this.#keys = entries.map(parseApiKey).map(({ name, key }) => ({ key, tenant: name ?? unnamedTenant(key) }));
  }

  /** The name of the credential's tenant, never the key itself; undefined when nobody we know holds it. */
  of(credential: string | undefined): string | undefined {
    return isKnownKey(credential, [this.#internalKey]) ? INTERNAL_TENANT : this.ofKey(credential);
  }

  /** The same where our own services have no business. */
  ofKey(credential: string | undefined): string | undefined {
    return this.#keys.find(({ key }) => isKnownKey(credential, [key]))?.tenant;
  }
}

/** Whose everything is that was done with a key that has no name. */
export function unnamedTenant(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, NAME_DIGITS);
}
