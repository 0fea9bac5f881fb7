import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toHtml } from './html.ts';
import { minutesOf } from './minutes.ts';
import { toMarkdown } from './markdown.ts';
import { longReportFixture, reportFixture } from './test-support/report-fixture.ts';

const html = (report = reportFixture()) => toHtml(minutesOf(report));
const markdown = (report = reportFixture()) => toMarkdown(minutesOf(report));
const ids = (page: string) => [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
const links = (page: string) => [...page.matchAll(/(?:href="#|\]\(#)([^")]+)/g)].map(([, id]) => id);

describe('links', () => {
  test.each([
    ['with a transcript', reportFixture()],
    ['without one', reportFixture('fr', { transcript: null })],
    ['with a transcript that lacks the quoted words', reportFixture('fr', { transcript: [] })],
    ['of four hours', longReportFixture()],
  ])('each leads somewhere, each anchor is there once: a report %s', (_, report) => {
    for (const page of [html(report), markdown(report)]) {
      const anchors = new Set(ids(page));
      expect(links(page).length).toBeGreaterThan(10);
      expect(links(page).filter((target) => !anchors.has(target))).toEqual([]);
      expect(ids(page)).toHaveLength(anchors.size);
    }
  });

  test('an item leads to the utterance that proves it', () => {
    expect(html()).toContain(`href="#s${reportFixture().decisions[0]?.evidence[0]?.utterance_id}"`);
  });
});

describe('the page', () => {
  test('asks for nothing from anywhere, and runs nothing', () => {
    const page = html();
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|https?:/);
    expect(page).toContain("default-src 'none'");
  });

  test('has a policy that lets its own style in', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(html())?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(html()).toContain(`style-src 'sha256-${hash}'`);
  });

  test('names its language, its landmarks and the heads of its tables', () => {
    const page = html(reportFixture('en'));
    for (const part of [
      '<html lang="en">',
      '<main>',
      '<header>',
      '<nav aria-label="Contents">',
      '<th scope="col">Owner',
    ]) {
      expect(page).toContain(part);
    }
  });

  test('keeps what is unverified in a closed part, and out of everything before', () => {
    const [minutes, rest = ''] = html().split('<details id="unverified">');
    expect(minutes).not.toContain('20\u202F000');
    expect(rest).toContain('20\u202F000');
  });
});

describe('hostile words', () => {
  const nasty =
    '<script>alert(1)</script> "\' & | [x](javascript:alert) ![](https://evil.example/a.png) `c` **b** <b>\u202E\u0007\uD800';
  const report = reportFixture('fr', {
    title: nasty,
    speakers: reportFixture().speakers.map((speaker) => ({ ...speaker, name: nasty })),
    summary: [{ text: nasty, items: ['c0-d1'] }],
    chapters: [{ title: nasty, start_ms: 0, end_ms: 1, items: [] }],
    consent: { recording: true, by: nasty, told: nasty },
    unverified: [{ kind: 'decision', text: nasty, refusal: 'no_quote', start_ms: null }],
    transcript: (reportFixture().transcript ?? []).map((utterance) => ({ ...utterance, text: nasty })),
  });

  test('are text in HTML', () => {
    const page = html(report);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script|<img|<b>\s*<|javascript:alert\)"|(?!\n)[\p{Cc}\u202E]/u);
  });

  test('are text in Markdown: no HTML, link, image, table cell or heading', () => {
    const page = markdown(report);
    expect(page).not.toMatch(/(?<!\\)<(?!a id="|\/a>|details>|\/details>|summary>|\/summary>|br>)/);
    expect(page).not.toMatch(/https:\/\//);
    expect(page.match(/(?<!\\)\[(?![^\]\n]*\]\(#)/g)).toBeNull();
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    for (const row of rows) expect([4, 5]).toContain(row.match(/(?<!\\)\|/g)?.length);
  });

  test.each(['# head', '- item', '+ item', '1. one', '2) two', '> quote', '=== rule'])(
    '"%s" begins no block of Markdown',
    (text) => {
      const [item] = reportFixture().decisions;
      const page = markdown(reportFixture('fr', { decisions: item ? [{ ...item, text }] : [], title: text }));
      expect(page.split('\n')[0]).toMatch(/^# (\\|\d+\\)/);
    },
  );
});
