import { pick, type Random } from '../seeded-random.ts';
import { fill } from './plant-facts.ts';
import type { Phrases } from './phrases.ts';

const SHORT_SHARE = 0.12;

/** Talk that decides nothing, asks nothing and promises nothing. */
export class FillerTalk {
  readonly #random: Random;
  readonly #phrases: Phrases;
  readonly #firstNames: readonly string[];

  constructor(random: Random, phrases: Phrases, firstNames: readonly string[]) {
    this.#random = random;
    this.#phrases = phrases;
    this.#firstNames = firstNames;
  }

  /** One turn: a word or two, or one to three sentences. */
  turn(): string {
    if (this.#random() < SHORT_SHARE) return pick(this.#random, this.#phrases.filler.short);
    const sentences = 1 + Math.floor(this.#random() * 2.2);
    return Array.from({ length: sentences }, () => this.sentence()).join(' ');
  }

  sentence(): string {
    const { filler, cities, names } = this.#phrases;
    const one = (list: readonly string[]) => pick(this.#random, list);
    const number = () => String(4 + Math.floor(this.#random() * 180));
    const text = fill(one(filler.templates), {
      opener: one(filler.openers),
      subject: one(filler.subjects),
      subject2: one(filler.subjects),
      predicate: one(filler.predicates),
      predicate2: one(filler.predicates),
      tail: one(filler.tails),
      observation: fill(one(filler.observations), { number: number() }),
      time: one(filler.times),
      city: one(cities),
      name: one(names),
      first: one(this.#firstNames),
    });
    return this.#phrases.months[0] === 'janvier' ? elide(text) : text;
  }
}

/** French joins `que` and a vowel: "je trouve qu'il". */
function elide(text: string): string {
  return text.replaceAll(/\bque ([aeéiouàh]|l'é)/gi, (whole, letter: string) =>
    /^[aeéiouà]/i.test(letter) ? `qu’${letter}` : whole,
  );
}
