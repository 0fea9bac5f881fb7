/** A decision or task as an infinitive, with slots in braces. */
export interface Frame {
  readonly task: string;
  /** The same said in other words, a whole sentence, and how a minute of that reads. */
  readonly again?: string;
  readonly note?: string;
  readonly keys: readonly string[];
}

export interface QuestionFrame {
  readonly ask: string;
  /** The answer, a whole sentence that names the question's matter. */
  readonly answer: string;
  readonly keys: readonly string[];
}

export interface DuePhrase {
  /** With its preposition: `pour vendredi prochain`. */
  readonly said: string;
  /** The words that mean a day, verbatim out of `said`. */
  readonly text: string;
  readonly dates: readonly string[];
}

/** Talk of one language: what filler is made of, and the forms in which facts are said. */
export interface Phrases {
  readonly titles: readonly string[];
  readonly people: readonly (readonly [first: string, last: string])[];
  /** First name shared by two, with two last names. */
  readonly homonyms: readonly (readonly [first: string, last: string])[];
  readonly names: readonly string[];
  readonly outsiders: readonly string[];
  readonly cities: readonly string[];
  readonly months: readonly string[];
  readonly counts: readonly string[];
  readonly filler: Filler;
  readonly decisions: readonly Frame[];
  readonly actions: readonly Frame[];
  readonly questions: readonly QuestionFrame[];
  readonly forms: Forms;
}

export interface Filler {
  readonly openers: readonly string[];
  readonly subjects: readonly string[];
  readonly predicates: readonly string[];
  readonly tails: readonly string[];
  readonly observations: readonly string[];
  readonly times: readonly string[];
  /** Whole sentences with slots `{opener} {subject} {predicate} {tail} {observation} {time} {name} {city} {number} {first}`. */
  readonly templates: readonly string[];
  readonly short: readonly string[];
}

/** Sentences with `{task}`, `{of_task}` (French: de, d'), `{due}`, `{owner}`, `{first}`, `{answer}`. */
export interface Forms {
  readonly decided: readonly string[];
  readonly ownerNamed: readonly string[];
  readonly ownerI: readonly string[];
  /** Asked of somebody by first name; answered by `yes`. */
  readonly ownerYouNamed: readonly string[];
  /** Asked of whoever answers. */
  readonly ownerYou: readonly string[];
  readonly yes: readonly string[];
  readonly who: readonly string[];
  readonly me: readonly string[];
  readonly nobody: readonly string[];
  readonly takenBack: readonly string[];
  readonly proposed: readonly string[];
  readonly negated: readonly string[];
  readonly injected: readonly string[];
  readonly injectedClaims: readonly string[];
  /** How a minute puts the taking back of `{task}`. */
  readonly takenBackNote: string;
}
