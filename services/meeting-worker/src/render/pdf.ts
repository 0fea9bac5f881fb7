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
  SpeechBlock,
  TableBlock,
} from './document.ts';
import type { Line, StyledRun, TextStyle } from './pdf-lines.ts';
import { margins, PdfPage, type Element } from './pdf-page.ts';
import { FIXED } from './text.ts';

const ink = '#1d2430';
const soft = '#5b6573';
const accent = '#1f5fa8';
const rule = '#d3d9e0';
const washed = '#fff6e3';
const warning = '#e9b44c';

const body: TextStyle = { face: 'body', sizePt: 9.5, colour: ink };
const muted: TextStyle = { ...body, colour: soft };
const small: TextStyle = { ...muted, sizePt: 8.5 };
const footer: TextStyle = { ...muted, sizePt: 7.5 };
const headingStyle: TextStyle = { face: 'title', sizePt: 13.5, colour: ink };
const titleStyle: TextStyle = { face: 'title', sizePt: 21, colour: ink };

const INDENT_PT = 26;
const TIME_PT = 50;
const LABEL_PT = 92;
const CELL_GAP_PT = 10;
/** A heading stands with at least so much of what it announces. */
const COMPANY_PT = 70;

/** A tagged PDF with bookmarks, destinations and page numbers. Blocks for long: call it in a child process. */
export async function toPdf(minutes: Minutes): Promise<Uint8Array> {
  const { title, language, madeAt, words } = minutes;
  const page = new PdfPage({ title, language, madeAt });
  writeHead(page, minutes);
  for (const notice of minutes.notices) writeNotice(page, notice);
  for (const section of minutes.sections) writeSection(page, section);
  const aside = { text: title, style: footer };
  return page.finish(
    (number, count) => [{ text: `${words.page}${FIXED}${number}${FIXED}/${FIXED}${count}`, style: footer }],
    aside,
  );
}

function writeHead(page: PdfPage, { eyebrow, title, facts, participants }: Minutes): void {
  paragraph(page, [{ text: eyebrow.toUpperCase(), style: { ...small, sizePt: 8 } }], page.element('P', page.root));
  page.skip(3);
  paragraph(page, [{ text: title, style: titleStyle }], page.element('H1', page.root));
  page.skip(9);
  page.rule(page.y, rule);
  page.skip(9);
  writeFacts(page, facts, page.root);
  if (participants) {
    page.skip(10);
    writeTable(page, participants, page.root);
  }
  page.skip(6);
}

/** Lines from here down, over as many pages as they need. */
function paragraph(page: PdfPage, runs: readonly StyledRun[], element: Element, indentPt = 0): void {
  for (const line of page.break(runs, page.widthPt - indentPt)) {
    page.reserve(line.heightPt);
    page.line(line, { x: margins.left + indentPt, y: page.y }, element);
    page.y += line.heightPt;
  }
}

function writeNotice(page: PdfPage, { title, lines }: Notice): void {
  const padding = 9;
  const width = page.widthPt - 2 * padding - 4;
  const heading = page.break([{ text: title, style: { ...body, face: 'bold' } }], width);
  const said = lines.flatMap((line) => page.break(styled(line, body), width));
  const all = [...heading, ...said];
  const heightPt = height(all) + 2 * padding;
  // A notice longer than a page loses its box, never its words.
  const boxed = heightPt <= page.heightPt;
  page.skip(6);
  if (boxed) {
    page.reserve(heightPt);
    page.box({ y: page.y, heightPt }, washed);
    page.box({ y: page.y, heightPt, widthPt: 4 }, warning);
  }
  page.y += padding;
  const element = page.element('Note', page.root);
  for (const line of all) {
    page.reserve(line.heightPt);
    page.line(line, { x: margins.left + padding + 4, y: page.y }, element);
    page.y += line.heightPt;
  }
  page.skip(padding + 4);
}

function writeSection(page: PdfPage, section: Section): void {
  const { id, title, note, blocks } = section;
  const element = page.element('Sect', page.root);
  if (id === 'transcript') page.newPage();
  else {
    page.skip(16);
    page.reserve(COMPANY_PT);
  }
  page.destination(id);
  page.bookmark(title);
  paragraph(page, [{ text: title, style: headingStyle }], page.element('H2', element));
  page.skip(5);
  if (note !== undefined) {
    paragraph(page, [{ text: note, style: small }], page.element('P', element));
    page.skip(4);
  }
  for (const block of blocks) writeBlock(page, block, element);
}

function writeBlock(page: PdfPage, block: Block, parent: Element): void {
  switch (block.kind) {
    case 'facts':
      return writeFacts(page, block, parent);
    case 'paragraph':
      return paragraph(page, styled(block.runs, body), page.element('P', parent));
    case 'entries': {
      const list = page.element('L', parent);
      for (const entry of block.entries) writeEntry(page, entry, list);
      return;
    }
    case 'table':
      return writeTable(page, block, parent);
    case 'speech':
      return writeSpeech(page, block, parent);
  }
}

function writeFacts(page: PdfPage, { facts }: FactsBlock, parent: Element): void {
  for (const { label, lines } of facts) {
    const element = page.element('P', parent);
    const first = page.break([{ text: `${label} `, style: muted }], LABEL_PT)[0];
    const all = lines.flatMap((line) => page.break(styled(line, body), page.widthPt - LABEL_PT));
    page.reserve(Math.min(height(all), COMPANY_PT));
    if (first) page.line(first, { x: margins.left, y: page.y }, element);
    for (const line of all) {
      page.reserve(line.heightPt);
      page.line(line, { x: margins.left + LABEL_PT, y: page.y }, element);
      page.y += line.heightPt;
    }
    page.skip(2);
  }
}

function writeEntry(page: PdfPage, { id, label, body: runs, proofs }: Entry, list: Element): void {
  const item = page.element('LI', list);
  const lines = [
    ...page.break(styled(runs, body), page.widthPt - INDENT_PT),
    ...proofs.flatMap((proof) => page.break(proofRuns(proof), page.widthPt - INDENT_PT)),
  ];
  // Whole where it fits in a third of a page.
  page.reserve(Math.min(height(lines), page.heightPt / 3));
  if (id !== undefined) page.destination(id);
  const mark = page.break(
    [{ text: label ?? '•', style: { ...muted, face: label === undefined ? 'body' : 'bold' } }],
    INDENT_PT,
  )[0];
  if (mark) page.line(mark, { x: margins.left, y: page.y }, page.element('Lbl', item));
  const text = page.element('LBody', item);
  for (const line of lines) {
    page.reserve(line.heightPt);
    page.line(line, { x: margins.left + INDENT_PT, y: page.y }, text);
    page.y += line.heightPt;
  }
  page.skip(5);
}

function proofRuns({ quote, speaker, time, target }: Proof): StyledRun[] {
  const quoted = quote === null ? [] : [{ text: `${quote} `, style: { ...small, face: 'italic' as const } }];
  return [
    ...quoted,
    { text: `${quote === null ? '' : '– '}${speaker}, `, style: small },
    { text: time, style: { ...small, colour: accent }, target },
  ];
}

function writeSpeech(page: PdfPage, { lines }: SpeechBlock, parent: Element): void {
  const words = { ...body, sizePt: 8.5 };
  for (const { id, time, speaker, text } of lines) {
    const element = page.element('P', parent);
    const runs = [
      { text: `${speaker}  `, style: { ...words, face: 'bold' as const } },
      { text, style: words },
    ];
    const printed = page.break(runs, page.widthPt - TIME_PT);
    page.reserve(Math.min(height(printed), COMPANY_PT));
    page.destination(id);
    const stamp = page.break([{ text: `${time} `, style: { ...small, sizePt: 8 } }], TIME_PT)[0];
    if (stamp) page.line(stamp, { x: margins.left, y: page.y + 0.4 }, element);
    for (const line of printed) {
      page.reserve(line.heightPt);
      page.line(line, { x: margins.left + TIME_PT, y: page.y }, element);
      page.y += line.heightPt;
    }
    page.skip(2);
  }
}

interface Column {
  readonly x: number;
  readonly widthPt: number;
  readonly end: boolean;
}

function columnsOf(page: PdfPage, table: TableBlock): Column[] {
  let x: number = margins.left;
  return table.columns.map(({ share, end }) => {
    const widthPt = page.widthPt * share - CELL_GAP_PT;
    const column = { x, widthPt, end: end ?? false };
    x += widthPt + CELL_GAP_PT;
    return column;
  });
}

/** Rows stay whole where they fit on a page; the header is repeated on each. */
function writeTable(page: PdfPage, table: TableBlock, parent: Element): void {
  const columns = columnsOf(page, table);
  const element = page.element('Table', parent);
  const head = table.columns.map(({ title }, index) =>
    page.break([{ text: title, style: { ...muted, face: 'bold', sizePt: 8.5 } }], columns[index]?.widthPt ?? 0),
  );
  page.reserve(COMPANY_PT);
  writeHeader(page, { columns, head }, page.element('TR', element));
  for (const { id, cells } of table.rows) {
    const lines = cells.map((cell, index) => cellLines(page, cell, columns[index]?.widthPt ?? 0));
    const heightPt = Math.max(...lines.map(height)) + 9;
    if (heightPt < page.heightPt / 2 && page.reserve(heightPt)) writeHeader(page, { columns, head }, null);
    if (id !== undefined) page.destination(id);
    writeRow(page, { columns, head, lines }, page.element('TR', element));
  }
  page.skip(2);
}

interface Row {
  readonly columns: readonly Column[];
  readonly head: readonly Line[][];
  readonly lines: readonly Line[][];
}

/** `row` null: a repetition, which is decoration. */
function writeHeader(page: PdfPage, { columns, head }: Omit<Row, 'lines'>, row: Element | null): void {
  const top = page.y;
  for (const [index, lines] of head.entries()) {
    const cell = row && page.element('TH', row, 'Column');
    page.y = top;
    for (const line of lines) drawInColumn(page, line, columns[index], cell);
  }
  page.y = top + Math.max(...head.map(height)) + 3;
  page.rule(page.y, soft, 0.8);
  page.y += 4;
}

function writeRow(page: PdfPage, { columns, head, lines }: Row, row: Element): void {
  const cells = lines.map(() => page.element('TD', row));
  let rest = lines.map((each) => [...each]);
  while (rest.some((each) => each.length > 0)) {
    const top = page.y;
    const room = page.leftPt - 5;
    let bottom = top;
    rest = rest.map((each, index) => {
      page.y = top;
      let used = 0;
      while (each[0] && (used + each[0].heightPt <= room || (used === 0 && room > page.heightPt - 40))) {
        const line = each.shift()!;
        used += line.heightPt;
        drawInColumn(page, line, columns[index], cells[index] ?? null);
      }
      bottom = Math.max(bottom, page.y);
      return each;
    });
    page.y = bottom;
    if (rest.some((each) => each.length > 0)) {
      page.newPage();
      writeHeader(page, { columns, head }, null);
    }
  }
  page.y += 3;
  page.rule(page.y, rule);
  page.y += 5;
}

function drawInColumn(page: PdfPage, line: Line, column: Column | undefined, element: Element | null): void {
  if (!column) return;
  const { x, widthPt, end } = column;
  page.line(line, { x, y: page.y, ...(end && { end: x + widthPt }) }, element);
  page.y += line.heightPt;
}

const cellLines = (page: PdfPage, cell: Cell, widthPt: number): Line[] =>
  cell.flatMap((line) => page.break(styled(line, body), widthPt));

const height = (lines: readonly Line[]) => lines.reduce((sum, { heightPt }) => sum + heightPt, 0);

const styled = (runs: Rich, base: TextStyle): StyledRun[] => runs.map((run) => styledRun(run, base));

function styledRun({ text, mark, target }: Run, base: TextStyle): StyledRun {
  const style = marked(mark, base);
  return target === undefined ? { text, style } : { text, style: { ...style, colour: accent }, target };
}

function marked(mark: Run['mark'], base: TextStyle): TextStyle {
  switch (mark) {
    case 'strong':
      return { ...base, face: 'bold' };
    case 'muted':
      return { ...base, colour: soft };
    case 'struck':
      return { ...base, colour: soft, struck: true };
    case 'quote':
      return { ...base, face: 'italic', colour: soft, sizePt: base.sizePt - 1 };
    case undefined:
      return base;
  }
}
