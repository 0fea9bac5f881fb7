import { isKnownKey } from './service.ts';

/** Who is behind our own services' key. */
const INTERNAL_TENANT = 'internal';

/**
 * Who may call, and whose share of the engine each call uses. A tenant is a key: calls of Eloquence's own services are
 * one tenant, each key of API_KEYS is another.
 */
export class Tenants {
  readonly #internalKey: string;
  readonly #keys: readonly string[];

  constructor(internalKey: string, keys: readonly string[]) {
    this.#internalKey = internalKey;
    this.#keys = keys;
  }

  /** The name of the credential's tenant, never the key itself; undefined when nobody we know holds it. */
  of(credential: string | undefined): string | undefined {
    if (isKnownKey(credential, [this.#internalKey])) return INTERNAL_TENANT;
    const index = this.#keys.findIndex((key) => isKnownKey(credential, [key]));
    return index < 0 ? undefined : `key-${index + 1}`;
  }
}
