import type { Engine } from '@eloquence/shared/contracts/engine';
import type { Language } from '@eloquence/shared/contracts/ids';

/**
 * What the recogniser makes of one spoken language: `free` any sentence, `prepared` only sentences like `examples`, `none`
 * nothing at all, so that this language can only be written.
 */
export type Hearing =
  | { readonly understands: 'free' }
  | { readonly understands: 'none' }
  | { readonly understands: 'prepared'; readonly examples: readonly string[] };

/** Nothing known of the recogniser (yet) counts as understanding: a warning must be true. Pure. */
export function hearingOf(recogniser: Engine | null | undefined, language: Language): Hearing {
  if (recogniser == null) return { understands: 'free' };
  if (recogniser.languages !== undefined && !recogniser.languages.includes(language)) return { understands: 'none' };
  if (!recogniser.demo) return { understands: 'free' };
  return { understands: 'prepared', examples: recogniser.examples?.[language] ?? [] };
}

/** The language a conversation begins in: the wanted one where it can be spoken, else one that can, else the wanted one. */
export function startLanguage(
  recogniser: Engine | null | undefined,
  offered: readonly Language[],
  wanted: Language,
): Language {
  const inOrder = offered.includes(wanted) ? [wanted, ...offered] : offered;
  const spoken = inOrder.find((language) => hearingOf(recogniser, language).understands !== 'none');
  return spoken ?? inOrder[0] ?? wanted;
}
