import type { Utterance } from './provider.ts';

/** By the request itself, so that the next one for the same words is judged by its own answer. */
const uncertain = new WeakSet<Utterance>();

/**
 * A provider says that it cannot tell whether this utterance was spoken to its end. It is heard, and not kept: half a sentence
 * would be heard for ever after.
 */
export function markUncertainEnd(utterance: Utterance): void {
  uncertain.add(utterance);
}

export function hasUncertainEnd(utterance: Utterance): boolean {
  return uncertain.has(utterance);
}

/**
 * Whether the end of a body is known by HTTP (RFC 9112 §6.3): by its length or by a last chunk. A body that lasts until the
 * connection closes looks whole wherever it was cut.
 *
 * @param header a header's value by its name in lower case
 */
export function endsForCertain(header: (name: string) => string | null | undefined): boolean {
  return header('content-length') != null || /\bchunked\b/i.test(header('transfer-encoding') ?? '');
}
