import {
  BookmarkEnd,
  BookmarkStart,
  BorderStyle,
  Document,
  Footer,
  HeadingLevel,
  InternalHyperlink,
  LevelFormat,
  Packer,
  PageNumber,
  Paragraph,
  ShadingType,
  Table,
  TableCell,
  TableRow,
  TabStopType,
  TextRun,
  WidthType,
  type FileChild,
  type IParagraphOptions,
  type IRunOptions,
  type ParagraphChild,
} from 'docx';
import type {
  Block,
  Cell,
  Entry,
  FactsBlock,
  Minutes,
  Notice,
  Proof,
  Rich,
  Run,
  Section,
  TableBlock,
} from './document.ts';
import { fixZipDates } from './fix-zip-dates.ts';

const soft = '5B6573';
const accent = '1F5FA8';
const rule = 'D3D9E0';
/** A4 less the margins, in twentieths of a point. */
const WIDTH_TWIPS = 9_638;
const MARGIN_TWIPS = 1_134;
const LABEL_TWIPS = 1_700;
const TIME_TWIPS = 1_050;
const BULLETS = 'minutes';

/** Numbers of bookmarks, which must be unique in the file and the same at every time. */
interface Bookmarks {
  next: number;
}

/** A Word document with real headings, bookmarks and header rows. Blocks for long: call it in a child process. */
export async function toDocx(minutes: Minutes): Promise<Uint8Array> {
  const { title, language, madeAt } = minutes;
  const bookmarks: Bookmarks = { next: 1 };
  const document = new Document({
    styles: stylesOf(language),
    numbering: { config: [{ reference: BULLETS, levels: [bullet] }] },
    sections: [
      {
        properties: {
          page: {
            size: { width: 11_906, height: 16_838 },
            margin: { top: MARGIN_TWIPS, bottom: MARGIN_TWIPS, left: MARGIN_TWIPS, right: MARGIN_TWIPS },
          },
        },
        footers: { default: footerOf(minutes) },
        children: bodyOf(minutes, bookmarks),
      },
    ],
  });
  // The library writes the time of day into the properties.
  const properties = { path: 'docProps/core.xml', data: propertiesOf(title, madeAt) };
  return fixZipDates(await Packer.toBuffer(document, false, [properties]));
}

function propertiesOf(title: string, madeAt: Date): string {
  const text = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const at = madeAt.toISOString();
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>${text}</dc:title><dc:creator>Eloquence</dc:creator><cp:lastModifiedBy>Eloquence</cp:lastModifiedBy><cp:revision>1</cp:revision><dcterms:created xsi:type="dcterms:W3CDTF">${at}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">${at}</dcterms:modified></cp:coreProperties>`;
}

const bullet = {
  level: 0,
  format: LevelFormat.BULLET,
  text: '•',
  style: { paragraph: { indent: { left: 340, hanging: 340 } }, run: { color: soft } },
};

const stylesOf = (language: string) => ({
  default: {
    document: {
      run: { font: 'Calibri', size: 21, language: { value: language === 'fr' ? 'fr-FR' : 'en-GB' } },
      paragraph: { spacing: { after: 80, line: 264 } },
    },
    title: { run: { font: 'Georgia', size: 44, bold: true, color: '1D2430' }, paragraph: { spacing: { after: 200 } } },
    heading1: {
      run: { font: 'Georgia', size: 28, bold: true, color: '1D2430' },
      paragraph: { spacing: { before: 360, after: 120 }, keepNext: true },
    },
    hyperlink: { run: { color: accent, underline: {} } },
  },
});

const footerOf = ({ title, words }: Minutes) =>
  new Footer({
    children: [
      new Paragraph({
        tabStops: [{ type: TabStopType.RIGHT, position: WIDTH_TWIPS }],
        children: [
          new TextRun({ text: `${title}\t`, size: 16, color: soft }),
          new TextRun({
            children: [`${words.page}\u00A0`, PageNumber.CURRENT, ' / ', PageNumber.TOTAL_PAGES],
            size: 16,
            color: soft,
          }),
        ],
      }),
    ],
  });

function bodyOf(minutes: Minutes, bookmarks: Bookmarks): FileChild[] {
  const { eyebrow, title, facts, participants, notices, sections } = minutes;
  return [
    new Paragraph({ children: [new TextRun({ text: eyebrow, size: 18, color: soft, allCaps: true })] }),
    new Paragraph({ heading: HeadingLevel.TITLE, children: [new TextRun(title)] }),
    ...factsOf(facts),
    ...(participants ? [tableOf(participants, bookmarks), new Paragraph('')] : []),
    ...notices.flatMap(noticeOf),
    ...sections.flatMap((section) => sectionOf(section, bookmarks)),
  ];
}

function noticeOf({ title, lines }: Notice): FileChild[] {
  const edge = { style: BorderStyle.SINGLE, size: 4, color: 'E9B44C', space: 6 };
  const border = { top: edge, bottom: edge, right: edge, left: { ...edge, size: 24 } };
  const shading = { type: ShadingType.CLEAR, fill: 'FFF6E3' };
  const all: Rich[] = [[{ text: title, mark: 'strong' }], ...lines];
  // Equal borders of neighbours make one box.
  return [
    ...all.map(
      (line) =>
        new Paragraph({ children: runsOf(line), border, shading, indent: { left: 120, right: 120 }, keepLines: true }),
    ),
    new Paragraph(''),
  ];
}

function sectionOf({ id, title, note, blocks }: Section, bookmarks: Bookmarks): FileChild[] {
  return [
    new Paragraph({
      heading: HeadingLevel.HEADING_1,
      pageBreakBefore: id === 'transcript',
      children: bookmarked(id, [new TextRun(title)], bookmarks),
    }),
    ...(note === undefined
      ? []
      : [new Paragraph({ children: [new TextRun({ text: note, color: soft, italics: true })] })]),
    ...blocks.flatMap((block) => blockOf(block, bookmarks)),
  ];
}

function blockOf(block: Block, bookmarks: Bookmarks): FileChild[] {
  switch (block.kind) {
    case 'facts':
      return factsOf(block);
    case 'paragraph':
      return [new Paragraph({ children: runsOf(block.runs) })];
    case 'entries':
      return block.entries.flatMap((entry) => entryOf(entry, bookmarks));
    case 'table':
      return [tableOf(block, bookmarks)];
    case 'speech':
      return block.lines.map(({ id, time, speaker, text }) => {
        const words = [
          { text: `${time}\t`, mark: 'muted' },
          { text: `${speaker}  `, mark: 'strong' },
          { text },
        ] as const;
        const children = bookmarked(id, runsOf(words, { size: 19 }), bookmarks);
        return new Paragraph({ children, ...hanging(TIME_TWIPS), spacing: { after: 40 } });
      });
  }
}

const hanging = (twips: number): IParagraphOptions => ({
  indent: { left: twips, hanging: twips },
  tabStops: [{ type: TabStopType.LEFT, position: twips }],
});

function factsOf({ facts }: FactsBlock): FileChild[] {
  return facts.flatMap(({ label, lines }) =>
    lines.map(
      (line, index) =>
        new Paragraph({
          ...hanging(LABEL_TWIPS),
          spacing: { after: 30 },
          children: [new TextRun({ text: index === 0 ? `${label}\t` : '\t', color: soft }), ...runsOf(line)],
        }),
    ),
  );
}

function entryOf({ id, label, body, proofs }: Entry, bookmarks: Bookmarks): FileChild[] {
  const runs: Run[] = label === undefined ? [...body] : [{ text: `${label}  `, mark: 'muted' }, ...body];
  const bulleted = { numbering: { reference: BULLETS, level: 0 } };
  const text = id === undefined ? runsOf(runs) : bookmarked(id, runsOf(runs), bookmarks);
  const item = body.length === 0 ? [] : [new Paragraph({ ...bulleted, children: text, keepNext: proofs.length > 0 })];
  const said = proofs.map((proof) => {
    const place: IParagraphOptions = body.length === 0 ? bulleted : { indent: { left: 340 } };
    return new Paragraph({ ...place, children: proofRuns(proof), keepLines: true });
  });
  return [...item, ...said];
}

function proofRuns({ quote, speaker, time, target }: Proof): ParagraphChild[] {
  const style = { size: 19, color: soft };
  const words = quote === null ? [] : [new TextRun({ ...style, text: `${quote} – `, italics: true })];
  return [...words, new TextRun({ ...style, text: `${speaker}, ` }), linkOf(time, target, { size: 19 })];
}

function tableOf({ columns, rows }: TableBlock, bookmarks: Bookmarks): Table {
  const widths = columns.map(({ share }) => Math.round(WIDTH_TWIPS * share));
  const line = { style: BorderStyle.SINGLE, size: 4, color: rule };
  const none = { style: BorderStyle.NONE, size: 0, color: 'auto' };
  const cell = (children: Paragraph[], index: number) =>
    new TableCell({
      children,
      width: { size: widths[index] ?? 0, type: WidthType.DXA },
      margins: { top: 60, bottom: 60, left: 0, right: 140 },
    });
  const header = new TableRow({
    tableHeader: true,
    cantSplit: true,
    children: columns.map(({ title, end }, index) =>
      cell(
        [
          new Paragraph({
            alignment: end ? 'right' : 'left',
            children: [new TextRun({ text: title, bold: true, size: 18, color: soft })],
          }),
        ],
        index,
      ),
    ),
  });
  const body = rows.map(
    ({ id, cells }) =>
      new TableRow({
        cantSplit: true,
        children: cells.map((lines, index) =>
          cell(cellOf(lines, { end: columns[index]?.end ?? false, ...(index === 0 && { id }) }, bookmarks), index),
        ),
      }),
  );
  return new Table({
    rows: [header, ...body],
    columnWidths: widths,
    width: { size: WIDTH_TWIPS, type: WidthType.DXA },
    borders: { top: none, left: none, right: none, bottom: line, insideHorizontal: line, insideVertical: none },
  });
}

function cellOf(
  lines: Cell,
  { end, id }: { end: boolean; id?: string | undefined },
  bookmarks: Bookmarks,
): Paragraph[] {
  return lines.map((line, index) => {
    const runs = runsOf(line);
    const children = id !== undefined && index === 0 ? bookmarked(id, runs, bookmarks) : runs;
    return new Paragraph({ alignment: end ? 'right' : 'left', spacing: { after: 20 }, children });
  });
}

function bookmarked(id: string, children: ParagraphChild[], bookmarks: Bookmarks): ParagraphChild[] {
  const number = bookmarks.next++;
  // The parts themselves: the library's `Bookmark` numbers by a counter of the process.
  return [new BookmarkStart(id, number), ...children, new BookmarkEnd(number)] as ParagraphChild[];
}

const runsOf = (runs: Rich, base: IRunOptions = {}): ParagraphChild[] => runs.map((run) => runOf(run, base));

function runOf({ text, mark, target }: Run, base: IRunOptions): ParagraphChild {
  const style = { ...base, ...markOf(mark) };
  return target === undefined ? new TextRun({ ...style, text }) : linkOf(text, target, base);
}

const linkOf = (text: string, anchor: string, style: IRunOptions) =>
  new InternalHyperlink({ anchor, children: [new TextRun({ ...style, text, style: 'Hyperlink' })] });

function markOf(mark: Run['mark']): IRunOptions {
  switch (mark) {
    case 'strong':
      return { bold: true };
    case 'muted':
      return { color: soft };
    case 'struck':
      return { strike: true, color: soft };
    case 'quote':
      return { italics: true, color: soft, size: 19 };
    case undefined:
      return {};
  }
}
