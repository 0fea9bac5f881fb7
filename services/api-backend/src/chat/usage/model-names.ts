import type { UsageRow } from './usage-row.ts';

/** What models are called together that have no line of their own. */
const OTHER_MODELS = 'other';
/** Names of a tenant in a day: many more than there are to choose from, and each is a row per session and purpose. */
const MOST_NAMES = 100;
/** Tenants whose names are remembered. Drop policy: the one that was here first goes, and may use new names again. */
const MOST_TENANTS = 10_000;

/**
 * The names under which usage is written. A server of one's own may answer whatever it is called, and a name costs its
 * inventor nothing; the accounts have a row for each, until a tenant has used 100 in a day.
 */
export class ModelNames {
  #day = '';
  readonly #names = new Map<string, Set<string>>();

  /** The row's own model, or `other`. */
  of({ tenant, day, provider, model }: Pick<UsageRow, 'tenant' | 'day' | 'provider' | 'model'>): string {
    if (day !== this.#day) this.#names.clear();
    this.#day = day;
    const names = this.#namesOf(tenant);
    const name = `${provider}/${model}`;
    if (names.size < MOST_NAMES) names.add(name);
    return names.has(name) ? model : OTHER_MODELS;
  }

  #namesOf(tenant: string): Set<string> {
    const known = this.#names.get(tenant);
    if (known) return known;
    const [oldest] = this.#names.size < MOST_TENANTS ? [] : this.#names.keys();
    if (oldest !== undefined) this.#names.delete(oldest);
    const names = new Set<string>();
    this.#names.set(tenant, names);
    return names;
  }
}
