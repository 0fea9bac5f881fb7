import { parseApiKey } from '@eloquence/shared/runtime/api-key';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import { unnamedTenant } from '@eloquence/shared/runtime/tenants';

/**
 * Gives sessions that were opened with a key before it had a name to that name, so that they are found after another key has taken
 * its place. Doing it again changes nothing.
 *
 * @param apiKeys entries of API_KEYS
 */
export async function adoptSessions(pool: Pool, apiKeys: readonly string[]): Promise<void> {
  for (const { name, key } of apiKeys.map(parseApiKey)) {
    if (name !== undefined)
      await pool.query('update sessions set tenant = $1 where tenant = $2', [name, unnamedTenant(key)]);
  }
}
