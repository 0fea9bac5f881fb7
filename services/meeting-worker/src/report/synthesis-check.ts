import type { Language } from '@eloquence/shared/contracts/ids';
import type { Unverified } from '@eloquence/shared/contracts/meeting';
import type { ReportItem } from '@eloquence/shared/contracts/report';
import { contradicts, isNegated } from '@eloquence/shared/runtime/text/polarity';
import { numbersIn } from '@eloquence/shared/runtime/numbers-in';
import { saysOpposite } from '@eloquence/shared/runtime/text/opposites';
import { clausesOf } from '@eloquence/shared/runtime/text/sentences';
import { supportFault } from '@eloquence/shared/runtime/text/support';
import { contentStems, isContent, tokensOf, WordBag } from '@eloquence/shared/runtime/text/words';
import type { Draft } from './draft.ts';

/** Between two statements of a sentence. */
const JOINTS = /[,;:.!?](?!\d)|\b(?:et|puis|mais|tandis que|alors que|and|then|but|while|whereas)\b/i;
/** Says of something that nobody knows or has decided it. */
const OPEN =
  /\?|\b(?:restent? (?:ouvert|à|en)|en suspens|à (?:trancher|décider|déterminer|clarifier|préciser)|questions?|savoir|remains? (?:open|unclear|to be)|undecided|unclear|whether)/i;
/** Words of that, which nobody need have said. */
const OPEN_WORDS = 'reste savoir suspens trancher décider question remains open unclear undecided whether';

/** Checks what a model wrote over items: it must name some that exist, and say nothing they do not. */
export class SynthesisCheck {
  readonly #draft: Draft;
  readonly #names: ReadonlyMap<string, string>;
  readonly #everything: WordBag;
  /** What did not hold, in order. */
  readonly unverified: Unverified[] = [];

  constructor(draft: Draft) {
    const { report, items } = draft;
    this.#draft = draft;
    this.#names = new Map(report.speakers.map(({ speaker, name }) => [speaker, name]));
    this.#everything = new WordBag(
      items.flatMap(({ text, evidence }) => [text, ...evidence.map(({ quote }) => quote)]),
      report.language,
    );
  }

  /** Ids of the items that carry the text; undefined, and noted, where they do not. */
  accept(kind: 'summary' | 'chapter', text: string, ids: readonly string[]): string[] | undefined {
    const wanted = new Set(ids);
    const named = this.#draft.items.filter(({ merged_from: merged }) => merged.some((id) => wanted.has(id)));
    if (named.length > 0 && this.#carry(named, text) && this.#holds(kind, text, named))
      return named.map(({ item_id }) => item_id);
    const refusal = named.length === 0 ? 'no_quote' : 'text_not_in_quote';
    this.unverified.push({ kind, text, refusal, start_ms: named[0]?.start_ms ?? null });
    return undefined;
  }

  #carry(items: readonly ReportItem[], text: string): boolean {
    // What is denied must have been denied.
    if (isNegated(text) && !items.some((item) => [item.text, ...quotesOf(item)].some(isNegated))) return false;
    const fault = supportFault(text, {
      language: this.#draft.report.language,
      texts: [
        ...items.flatMap((item) => [item.text, ...quotesOf(item), ...this.#dueOf(item)]),
        ...(items.some(({ kind }) => kind === 'question') && OPEN.test(text) ? [OPEN_WORDS] : []),
      ],
      names: items.flatMap((item) => [
        ...item.evidence.map(({ speaker }) => this.#names.get(speaker) ?? speaker),
        ...this.#ownerOf(item),
      ]),
      everything: this.#everything,
    });
    return fault === undefined;
  }

  /** Whether each statement is what one of the items says: neither its opposite, nor an answer to a question, nor mixed out of two. */
  #holds(kind: 'summary' | 'chapter', text: string, items: readonly ReportItem[]): boolean {
    const { language } = this.#draft.report;
    if (items.some((item) => item.text === text)) return true;
    const grounds = items.map((item) => ({ item, said: new WordBag(this.#groundOf(item), language) }));
    return text.split(JOINTS).every((part) => {
      const words = tokensOf(part).filter((token) => isContent(token, language));
      if (words.length < 2) return true;
      const shares = grounds.map(({ said }) => words.filter((token) => said.hasForm(token)).length);
      const most = Math.max(...shares);
      if (most === 0) return true;
      const best = grounds.filter((_, index) => shares[index] === most);
      return best.some(({ item, said }) => {
        const isStolen = words.some(
          (token) => !said.hasForm(token) && grounds.some((other) => other.said.hasForm(token)),
        );
        if (isStolen || hasOtherNumber(part, this.#groundOf(item))) return false;
        if (kind === 'chapter')
          return !(isNegated(part) && !isNegated(item.text)) && !saysOpposite(part, item.text, language);
        if (item.kind === 'question') return OPEN.test(text);
        return !contradicts(part, closest(item.text, part, language), language);
      });
    });
  }

  #groundOf(item: ReportItem): string[] {
    const people = item.evidence.map(({ speaker }) => this.#names.get(speaker) ?? speaker);
    // Of a task, who said so is not who does it.
    const names = item.kind === 'action' && item.owner ? this.#ownerOf(item) : people;
    return [item.text, ...quotesOf(item), ...this.#dueOf(item), ...names];
  }

  #dueOf(item: ReportItem): string[] {
    return item.kind === 'action' && item.due ? [item.due.text, item.due.date ?? ''] : [];
  }

  #ownerOf(item: ReportItem): string[] {
    if (item.kind !== 'action' || !item.owner) return [];
    return [item.owner.kind === 'name' ? item.owner.name : (this.#names.get(item.owner.speaker) ?? '')];
  }
}

const quotesOf = ({ evidence }: ReportItem): string[] => evidence.map(({ quote }) => quote);

const hasOtherNumber = (text: string, ground: readonly string[]): boolean => {
  const said = new Set(ground.flatMap((one) => [...numbersIn(one, { parts: true })]));
  return [...numbersIn(text)].some((number) => !said.has(number));
};

/** The part of an item that a statement is of. */
function closest(text: string, statement: string, language: Language): string {
  const stems = contentStems(statement, language);
  const shared = (part: string) => [...contentStems(part, language)].filter((stem) => stems.has(stem)).length;
  const [first] = clausesOf(text)
    .map((part) => part.text)
    .toSorted((a, b) => shared(b) - shared(a));
  return first ?? text;
}
