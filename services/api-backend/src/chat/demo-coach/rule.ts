/** What an exercise is about; remembered from what the person asked for last. */
export type Topic = 'presentation' | 'interview' | 'pitch';

/**
 * One rule of the demo coach. Adding one is adding data: the first rule whose `hears` matches speaks, with the answer whose
 * turn it is.
 */
interface Rule {
  readonly id: string;
  /** Matched against folded text: lower case, no accents, words parted by single spaces. */
  readonly hears: RegExp;
  /**
   * At most 25 words and one question each. `{fillers}` becomes the fillers that were heard. Every third answer or more consists
   * of sentences of the demo recogniser only.
   */
  readonly answers: readonly string[];
  readonly topic?: Topic;
}

/** Everything the coach can say in one language. */
export interface Repertoire {
  /** Said when nobody has spoken yet; it says what the coach is. */
  readonly greeting: string;
  readonly rules: readonly Rule[];
  /** Words a speaker leans on, folded. */
  readonly fillers: readonly string[];
  /** Said when fillers were heard and no rule matched. */
  readonly onFillers: readonly string[];
  /** Frequent words, folded: a text without any of them, to which no rule answers, has not been understood. */
  readonly frequentWords: ReadonlySet<string>;
  /** Said then. */
  readonly notUnderstood: readonly string[];
  /** Said during an exercise when no rule matched. */
  readonly onTopic: Readonly<Record<Topic, readonly string[]>>;
  /** Said otherwise. */
  readonly otherwise: readonly string[];
}
