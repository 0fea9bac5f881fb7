import type { Engine } from '@eloquence/shared/contracts/engine';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatProviderId } from './provider.ts';
import type { Peer } from './upstream-error.ts';

/** How many of a vendor's names a person is shown. */
const NAMES_SHOWN = 5;

/** What `/ready` and people are told about a vendor's model. */
export function modelEngine(id: ChatProviderId, peer: string, model: string | undefined): Engine {
  const label = model ? `${peer} ${model}` : peer;
  return { id: model ? `${id}/${model}` : id, label, label_fr: label, demo: false };
}

/**
 * @param names what the vendor lists; empty where it keeps no list
 * @throws AppError `unknown_model` when `model` is not among `names`
 */
export function assertListed(model: string, names: readonly string[], { peer, modelName }: Peer): void {
  if (names.length === 0 || names.includes(model) || names.includes(`${model}:latest`)) return;
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  throw new AppError(
    'unknown_model',
    `${peer} has no model "${model}". Set ${modelName} to one that it has, such as ${shown}.`,
  );
}
