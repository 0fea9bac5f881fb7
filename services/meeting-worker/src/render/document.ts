import type { Language } from '@eloquence/shared/contracts/ids';

/**
 * Minutes as a document, before any format: what is said, in which order, and what points where. The writers (HTML, Markdown,
 * PDF, DOCX) say the same because they all read this. Texts are clean and typeset, not escaped.
 */
export interface Minutes {
  readonly language: Language;
  /** Above the title: what kind of paper it is. */
  readonly eyebrow: string;
  readonly title: string;
  readonly sessionId: string;
  /** When the meeting ended: the only date a file may carry. */
  readonly madeAt: Date;
  readonly facts: FactsBlock;
  readonly participants: TableBlock | null;
  readonly notices: readonly Notice[];
  readonly sections: readonly Section[];
  /** Label of links to the contents, and of pages. */
  readonly words: { readonly contents: string; readonly page: string; readonly source: string };
}

/** A piece of a line. */
export interface Run {
  readonly text: string;
  readonly mark?: 'strong' | 'muted' | 'struck' | 'quote';
  /** Anchor in this document. */
  readonly target?: string;
}
export type Rich = readonly Run[];

export interface FactsBlock {
  readonly kind: 'facts';
  readonly facts: readonly { readonly label: string; readonly lines: readonly Rich[] }[];
}

/** Something a reader must know before trusting the rest: what, why, and what to do. */
export interface Notice {
  readonly title: string;
  readonly lines: readonly Rich[];
}

export interface Section {
  /** Anchor. */
  readonly id: string;
  readonly title: string;
  /** Not part of the minutes proper: closed until a reader opens it, at the end on paper. */
  readonly folded: boolean;
  readonly note?: string;
  readonly blocks: readonly Block[];
}

export type Block = FactsBlock | ParagraphBlock | EntriesBlock | TableBlock | SpeechBlock;

interface ParagraphBlock {
  readonly kind: 'paragraph';
  readonly runs: Rich;
}

interface EntriesBlock {
  readonly kind: 'entries';
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly id?: string;
  /** `D1`: how other parts of the document name it. */
  readonly label?: string;
  readonly body: Rich;
  readonly proofs: readonly Proof[];
}

/** Where something was said, and by which words. */
export interface Proof {
  /** Null: the words are at the target, and enough of the same stands here already. */
  readonly quote: string | null;
  readonly speaker: string;
  readonly time: string;
  readonly target: string;
}

export interface TableBlock {
  readonly kind: 'table';
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly share: number; readonly end?: boolean }[];
  readonly rows: readonly { readonly id?: string; readonly cells: readonly Cell[] }[];
}
/** Lines of a cell. */
export type Cell = readonly Rich[];

/** Words as they were said, in order. */
export interface SpeechBlock {
  readonly kind: 'speech';
  readonly lines: readonly {
    readonly id: string;
    readonly time: string;
    readonly speaker: string;
    readonly text: string;
  }[];
}
