import { createHash } from 'node:crypto';
import { isKnownKey } from './service.ts';

/** Who is behind our own services' key. */
export const INTERNAL_TENANT = 'internal';

/** Digits of a digest that name a tenant: 128 bits, so no two keys share a name by chance. */
const NAME_DIGITS = 32;

/**
 * Who may call, and whose share of the engine each call uses. A tenant is a key: calls of Eloquence's own services are
 * one tenant, each key of API_KEYS is another. Its name is a digest of the key, so that it stays the same when other keys
 * come, go or change places, and is the same in every service.
 */
export class Tenants {
  readonly #internalKey: string;
  readonly #keys: readonly { readonly key: string; readonly tenant: string }[];

  constructor(internalKey: string, keys: readonly string[]) {
    this.#internalKey = internalKey;
    this.#keys = keys.map((key) => ({ key, tenant: nameOf(key) }));
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

function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, NAME_DIGITS);
}
