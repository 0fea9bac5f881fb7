import type { Engine } from '@eloquence/shared/contracts/engine';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatProvider, ChatProviderId } from './provider.ts';
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

export interface VendorModels {
  /** Asks the vendor for its names; throws as its library does. */
  readonly list: (signal: AbortSignal) => Promise<readonly string[]>;
  /** The one that is used when none is named. */
  readonly model: () => string | undefined;
  readonly peer: Peer;
  /** The library's error in our words. */
  readonly toError: (error: unknown) => unknown;
  /** The library's error means that the vendor, or a gateway before it, keeps no list. */
  readonly hasNoList: (error: unknown) => boolean;
}

/** `models` and `check` of a provider whose vendor lists its models. */
export function vendorModels(options: VendorModels): Pick<ChatProvider, 'models' | 'check'> {
  const { list, model, peer, toError, hasNoList } = options;
  const models = async (signal: AbortSignal): Promise<readonly string[]> => {
    try {
      return await list(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw toError(error);
    }
  };
  const check = async (signal: AbortSignal): Promise<void> => {
    try {
      const names = await list(signal);
      const wanted = model();
      if (wanted !== undefined) assertListed(wanted, names, peer);
    } catch (error) {
      signal.throwIfAborted();
      // It can be reached: the first answer will tell.
      if (!hasNoList(error)) throw toError(error);
    }
  };
  return { models, check };
}
