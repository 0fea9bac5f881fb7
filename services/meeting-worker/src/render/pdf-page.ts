import { createRequire } from 'node:module';
import path from 'node:path';
import Pdf from 'pdfkit';
import { breakLines, type Face, type Line, type Piece, type StyledRun, type TextStyle } from './pdf-lines.ts';

const fontFolder = path.join(
  path.dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')),
  'ttf',
);
const fontFiles: Record<Face, string> = {
  body: 'DejaVuSansCondensed.ttf',
  bold: 'DejaVuSansCondensed-Bold.ttf',
  italic: 'DejaVuSansCondensed-Oblique.ttf',
  title: 'DejaVuSerifCondensed-Bold.ttf',
};

export const margins = { top: 62, bottom: 66, left: 60, right: 60 } as const;

/** Stands for what no font of ours can draw. */
const MISSING = '□';

/** Part of the tree that tells a screen reader what is what. */
export type Element = PDFKit.PDFStructureElement;

export interface PageOptions {
  readonly title: string;
  readonly language: string;
  readonly madeAt: Date;
}

/** Members of pdfkit that its types do not know (yet). */
interface Untyped {
  readonly _font: { readonly font: { hasGlyphForCodePoint(codePoint: number): boolean } };
  goTo(x: number, y: number, width: number, height: number, name: string, options: object): void;
}

/** A tagged A4 document that is written from top to bottom; coordinates and sizes in points. */
export class PdfPage {
  readonly root: Element;
  readonly #document: PDFKit.PDFDocument;
  readonly #chunks: Buffer[] = [];
  /** Whether a face can draw a character, by face and code point. */
  readonly #drawable = new Map<Face, Map<number, boolean>>();

  constructor({ title, language, madeAt }: PageOptions) {
    this.#document = new Pdf({
      size: 'A4',
      margins: { ...margins },
      bufferPages: true,
      pdfVersion: '1.7',
      tagged: true,
      lang: language,
      displayTitle: true,
      // A fixed date makes the file's id fixed too.
      info: { Title: title, Creator: 'Eloquence', Producer: 'Eloquence', CreationDate: madeAt, ModDate: madeAt },
    });
    this.#document.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    for (const [face, file] of Object.entries(fontFiles))
      this.#document.registerFont(face, path.join(fontFolder, file));
    this.root = this.#document.struct('Document');
    this.#document.addStructure(this.root);
  }

  get widthPt(): number {
    return this.#document.page.width - margins.left - margins.right;
  }

  get y(): number {
    return this.#document.y;
  }

  set y(value: number) {
    this.#document.y = value;
  }

  /** What is left of this page. */
  get leftPt(): number {
    return this.#document.page.height - margins.bottom - this.y;
  }

  /** What a page holds. */
  get heightPt(): number {
    return this.#document.page.height - margins.bottom - margins.top;
  }

  /** Goes on at the top of a new page unless `heightPt` still fits. */
  reserve(heightPt: number): boolean {
    if (heightPt <= this.leftPt) return false;
    this.newPage();
    return true;
  }

  newPage(): void {
    this.#document.addPage();
  }

  skip(heightPt: number): void {
    this.y = Math.min(this.y + heightPt, this.#document.page.height - margins.bottom);
  }

  element(type: string, parent: Element, scope?: 'Column'): Element {
    const element = this.#document.struct(type, (scope ? { scope } : {}) as PDFKit.Mixins.StructureElementOptions);
    parent.add(element);
    return element;
  }

  break(runs: readonly StyledRun[], widthPt: number): Line[] {
    const drawable = runs.map((run) => ({ ...run, text: this.#drawableText(run.text, run.style.face) }));
    return breakLines(drawable, widthPt, (text, style) => this.#use(style).widthOfString(text));
  }

  /** Draws one line; `element` says what it belongs to, null: it is decoration. */
  line(
    { pieces }: Line,
    at: { readonly x: number; readonly y: number; readonly end?: number },
    element: Element | null,
  ): void {
    const widthPt = pieces.reduce((sum, piece) => sum + piece.widthPt, 0);
    let x = at.end === undefined ? at.x : at.end - widthPt;
    for (const piece of pieces) {
      if (element === null) this.artifact(() => this.#draw(piece, x, at.y));
      else this.#drawTagged(piece, { x, y: at.y }, element);
      x += piece.widthPt;
    }
  }

  /** Something a screen reader passes over. */
  artifact(draw: () => void, type: 'Layout' | 'Pagination' = 'Layout'): void {
    this.#document.markContent('Artifact', { type });
    draw();
    this.#document.endMarkedContent();
  }

  rule(y: number, colour: string, widthPt = 0.6): void {
    const { left } = margins;
    const lineTo = left + this.widthPt;
    this.artifact(() =>
      this.#document.moveTo(left, y).lineTo(lineTo, y).lineWidth(widthPt).strokeColor(colour).stroke(),
    );
  }

  box(
    area: { readonly y: number; readonly heightPt: number; readonly x?: number; readonly widthPt?: number },
    colour: string,
  ): void {
    const { x = margins.left, widthPt = this.widthPt } = area;
    this.artifact(() => this.#document.rect(x, area.y, widthPt, area.heightPt).fill(colour));
  }

  /** Links named `name` lead to the height where we are. */
  destination(name: string, y = this.y): void {
    this.#document.addNamedDestination(name, 'XYZ', 0, Math.max(0, y - 6), 0);
  }

  bookmark(title: string): void {
    const text = this.#drawableText(title, 'title');
    this.#document.outline.addItem(text, {
      top: Math.max(0, this.y - 12),
      left: 0,
      zoom: 0,
      fit: false,
      expanded: false,
    } as object);
  }

  /** Page numbers, then the bytes. */
  async finish(footer: (page: number, pages: number) => StyledRun[], aside: StyledRun): Promise<Uint8Array> {
    const { count } = this.#document.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.#document.switchToPage(page);
      const y = this.#document.page.height - margins.bottom + 26;
      const [left] = this.break([aside], this.widthPt * 0.75);
      const [right] = this.break(footer(page + 1, count), this.widthPt * 0.25);
      if (left) this.line(left, { x: margins.left, y }, null);
      if (right) this.line(right, { x: 0, y, end: margins.left + this.widthPt }, null);
    }
    this.root.end();
    const ended = new Promise((resolve) => this.#document.once('end', resolve));
    this.#document.end();
    await ended;
    return Buffer.concat(this.#chunks);
  }

  #drawTagged(piece: Piece, at: { readonly x: number; readonly y: number }, element: Element): void {
    const part = piece.target === undefined ? element : this.element('Link', element);
    const type = piece.target === undefined ? 'Span' : 'Link';
    const content = this.#document.markStructureContent(type);
    this.#draw(piece, at.x, at.y);
    this.#document.endMarkedContent();
    part.add(content);
    if (piece.target === undefined) return;
    const { sizePt } = piece.style;
    const untyped = this.#document as unknown as Untyped;
    // oxlint-disable-next-line no-new-wrappers -- how pdfkit tells strings from names
    const options = { structParent: part, Contents: new String(piece.text) };
    untyped.goTo(at.x, at.y, piece.widthPt, sizePt * 1.25, piece.target, options);
    // Written at once: it names the page it stands on.
    part.end();
  }

  #draw({ text, style, widthPt }: Piece, x: number, y: number): void {
    const { y: before } = this.#document;
    this.#use(style).fillColor(style.colour).text(text, x, y, { lineBreak: false });
    if (style.struck) {
      const middle = y + style.sizePt * 0.62;
      this.#document
        .moveTo(x, middle)
        .lineTo(x + widthPt, middle)
        .lineWidth(0.6)
        .strokeColor(style.colour)
        .stroke();
    }
    this.#document.y = before;
  }

  #use({ face, sizePt }: TextStyle): PDFKit.PDFDocument {
    return this.#document.font(face).fontSize(sizePt);
  }

  #drawableText(text: string, face: Face): string {
    const known = this.#drawable.get(face) ?? new Map<number, boolean>();
    this.#drawable.set(face, known);
    // Selectors and joiners of emoji draw nothing themselves.
    const characters = Array.from(text.replaceAll(/[\uFE0E\uFE0F\u200D]|\p{Emoji_Modifier}/gu, ''));
    return characters.map((character) => (this.#canDraw(character, face, known) ? character : MISSING)).join('');
  }

  #canDraw(character: string, face: Face, known: Map<number, boolean>): boolean {
    const code = character.codePointAt(0) ?? 0;
    let can = known.get(code);
    if (can === undefined) {
      this.#document.font(face);
      // oxlint-disable-next-line no-underscore-dangle -- pdfkit offers no other way to ask
      can = (this.#document as unknown as Untyped)._font.font.hasGlyphForCodePoint(code);
      known.set(code, can);
    }
    return can;
  }
}
