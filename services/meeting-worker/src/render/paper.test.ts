import JSZip from 'jszip';
import { extractText, getDocumentProxy, getMeta } from 'unpdf';
import { describe, expect, test } from 'vitest';
import { toDocx } from './docx.ts';
import { minutesOf } from './minutes.ts';
import { toPdf } from './pdf.ts';
import { reportFixture } from './test-support/report-fixture.ts';

const minutes = (report = reportFixture()) => minutesOf(report);
const nasty = 'Zoé <b>&"\u0007\uFFFE œ € 🚀 漢';
const hostile = reportFixture('fr', { title: nasty, consent: { recording: false, by: nasty, told: nasty } });
const endless = (() => {
  const report = reportFixture();
  const [action] = report.actions;
  return { ...report, actions: action ? [{ ...action, text: `début ${'très long '.repeat(3_000)}fin` }, action] : [] };
})();

async function read(bytes: Uint8Array) {
  const pdf = await getDocumentProxy(new Uint8Array(bytes));
  const { text } = await extractText(pdf, { mergePages: true });
  return { pdf, text: text.replaceAll(/\s+/g, ' ') };
}

describe('PDF', () => {
  test('says everything the report says, accents and all, with page numbers', async () => {
    const { text } = await read(await toPdf(minutes()));
    for (const part of [
      'Inès Cœurdacier',
      'La maquette de Marc est adoptée.',
      'vendredi 23 janvier 2026',
      '12 000 €',
      'Page 1 / 3',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('is tagged, has a title, a language, bookmarks and destinations for its links', async () => {
    const { pdf } = await read(await toPdf(minutes()));
    const { info } = await getMeta(pdf);
    expect(info).toMatchObject({ Title: 'Réunion Projet X – refonte du site', Language: 'fr' });
    expect(await pdf.getMarkInfo()).toMatchObject({ Marked: true });
    const outline = await pdf.getOutline();
    expect(outline.map(({ title }: { title: string }) => title)).toEqual(minutes().sections.map(({ title }) => title));
    const destinations = await pdf.getDestinations();
    const annotations = await (await pdf.getPage(1)).getAnnotations();
    expect(annotations.length).toBeGreaterThan(5);
    for (const { dest } of annotations) expect(Object.keys(destinations)).toContain(dest);
  });

  test('has a tree that tells headings, lists, tables with heads, and links', async () => {
    const { pdf } = await read(await toPdf(minutes()));
    const tree = JSON.stringify(await (await pdf.getPage(1)).getStructTree());
    for (const role of ['H1', 'H2', 'LI', 'LBody', 'Table', 'TH', 'TD', 'Link'])
      expect(tree).toContain(`"role":"${role}"`);
  });

  test('draws what no font has as an empty box', async () => {
    const { text } = await read(await toPdf(minutes(hostile)));
    expect(text).toContain('Zoé <b>&" œ € □ □');
  });

  test('breaks a row that is longer than a page, and repeats the head', async () => {
    const { text, pdf } = await read(await toPdf(minutes(endless)));
    // Between two pages stand foot and head.
    expect(text.match(/très/g)).toHaveLength(3_000);
    expect(text.match(/long/g)?.length).toBeGreaterThanOrEqual(3_000);
    expect(text.match(/Responsable/g)?.length).toBeGreaterThan(3);
    expect(pdf.numPages).toBeGreaterThan(5);
  });

  test('is the same at every time', async () => {
    expect(await toPdf(minutes())).toEqual(await toPdf(minutes()));
  });
});

const unpack = async (report = reportFixture()) => {
  const zip = await JSZip.loadAsync(await toDocx(minutes(report)));
  return async (name: string) => (await zip.file(name)?.async('string')) ?? '';
};

describe('DOCX', () => {
  test('has headings, header rows, and a bookmark for every link', async () => {
    const document = await (await unpack())('word/document.xml');
    expect(document).toContain('<w:pStyle w:val="Title"/>');
    expect(document.match(/<w:pStyle w:val="Heading1"\/>/g)).toHaveLength(minutes().sections.length);
    expect(document.match(/<w:tblHeader\/>/g)).toHaveLength(2);
    const bookmarks = new Set([...document.matchAll(/<w:bookmarkStart w:name="([^"]+)"/g)].map(([, name]) => name));
    const anchors = [...document.matchAll(/w:anchor="([^"]+)"/g)].map(([, name]) => name);
    expect(anchors.length).toBeGreaterThan(8);
    expect(anchors.filter((anchor) => !bookmarks.has(anchor))).toEqual([]);
  });

  test('is valid XML whatever was said', async () => {
    const file = await unpack(hostile);
    for (const name of ['word/document.xml', 'docProps/core.xml']) {
      const xml = await file(name);
      expect(xml).toContain('Zoé &lt;b&gt;&amp;');
      expect(xml).not.toMatch(/(?![\r\n\t])[\p{Cc}\uFFFE]/u);
    }
  });

  test('is the same at every time, and dated by the end of the meeting', async () => {
    const [one, two] = [await toDocx(minutes()), await toDocx(minutes())];
    expect(Buffer.from(one).equals(Buffer.from(two))).toBe(true);
    expect(await (await unpack())('docProps/core.xml')).toContain('2026-01-19T14:32:10.000Z');
    const zip = await JSZip.loadAsync(one);
    expect(Object.values(zip.files).every(({ date }) => date.getUTCFullYear() === 1980)).toBe(true);
  });
});
