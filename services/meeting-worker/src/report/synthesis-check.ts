import type { Unverified } from '@eloquence/shared/contracts/meeting';
import type { ReportItem } from '@eloquence/shared/contracts/report';
import { isNegated } from '../chunks/text/polarity.ts';
import { supportFault } from '../chunks/text/support.ts';
import { WordBag } from '../chunks/text/words.ts';
import type { Draft } from './draft.ts';

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
    if (named.length > 0 && this.#carry(named, text)) return named.map(({ item_id }) => item_id);
    const refusal = named.length === 0 ? 'no_quote' : 'text_not_in_quote';
    this.unverified.push({ kind, text, refusal, start_ms: named[0]?.start_ms ?? null });
    return undefined;
  }

  #carry(items: readonly ReportItem[], text: string): boolean {
    // What is denied must have been denied.
    if (isNegated(text) && !items.some((item) => [item.text, ...quotesOf(item)].some(isNegated))) return false;
    const fault = supportFault(text, {
      language: this.#draft.report.language,
      texts: items.flatMap((item) => [item.text, ...quotesOf(item), ...this.#dueOf(item)]),
      names: items.flatMap((item) => [
        ...item.evidence.map(({ speaker }) => this.#names.get(speaker) ?? speaker),
        ...this.#ownerOf(item),
      ]),
      everything: this.#everything,
    });
    return fault === undefined;
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
