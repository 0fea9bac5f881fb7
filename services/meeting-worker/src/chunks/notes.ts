import type { Chunk } from '@eloquence/shared/contracts/meeting';
import type { Passage } from './lines.ts';
import { RULES_VERSION, rulesItems } from './rules.ts';

/** What a chunk says, next to where it stands. */
export type Notes = Readonly<Pick<Chunk, 'status' | 'writer' | 'items' | 'unverified' | 'glossary'>>;

/** A hole in which an error of ours kept even rules from noting anything. */
export const NO_NOTES: Notes = { status: 'hole', writer: { kind: 'nobody' }, items: [], unverified: [], glossary: [] };

/** What rules find in a passage; nothing, said so, where that throws. */
export function notesByRules(passageOf: () => Passage, onFault: (error: unknown) => void): Notes {
  try {
    const passage = passageOf();
    return {
      status: 'hole',
      writer: { kind: 'rules', rules_version: RULES_VERSION },
      items: rulesItems(passage),
      unverified: [],
      glossary: [...passage.glossary],
    };
  } catch (error) {
    onFault(error);
    return NO_NOTES;
  }
}
