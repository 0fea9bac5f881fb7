import type { Engines } from '@eloquence/shared/contracts/engine';
import { getEngines } from './client.ts';
import { useResource } from './use-resource.ts';
import type { Resource } from './use-resource.ts';

const ENGINES_AGAIN_MS = 5_000;

/** Asks again until every part has said what it is: a service may still be starting. */
function againInMs(engines: Resource<Engines>): number | null {
  if (engines.status === 'loading') return null;
  const complete = engines.status === 'ready' && Object.values(engines.value).every((engine) => engine !== null);
  return complete ? null : ENGINES_AGAIN_MS;
}

/** Known from one screen to the next, so that a choice made of it does not flicker. */
let lastKnown: Engines | null = null;

async function load(signal: AbortSignal): Promise<Engines> {
  lastKnown = await getEngines(signal);
  return lastKnown;
}

/** Who listens, thinks and speaks; `null` until the server has said so. */
export function useEngines(): Engines | null {
  const [engines] = useResource({ load, againInMs });
  return engines.status === 'ready' ? engines.value : lastKnown;
}
