import { createHash } from 'node:crypto';
import type { Block, Cell, Entry, Minutes, Proof, Rich, Run, Section, TableBlock } from './document.ts';
import { reportStyle } from './html-style.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

/** Nothing but our one style may act in the page: no script, no picture, no request. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(reportStyle).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** One self-contained page: no remote asset, no script; closed parts open when a link leads into them. */
export function toHtml(minutes: Minutes): string {
  const { language, title, eyebrow } = minutes;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escape(title)} – ${escape(eyebrow)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<p class="eyebrow">${escape(eyebrow)}</p>
<h1>${escape(title)}</h1>
${headOf(minutes)}
</header>
${contentsOf(minutes)}
<main>
${minutes.notices.map(({ title: what, lines }) => `<aside class="notice"><h2>${escape(what)}</h2>\n${paragraphs(lines)}\n</aside>\n`).join('')}${minutes.sections.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function headOf({ facts, participants }: Minutes): string {
  const table = participants === null ? '' : `\n<div class="participants">${tableOf(participants)}</div>`;
  return `<div class="head">\n${block(facts)}${table}\n</div>`;
}

function contentsOf({ sections, words }: Minutes): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escape(title)}</a></li>`).join('');
  return `<nav aria-label="${escape(words.contents)}"><ul>${links}</ul></nav>`;
}

function section({ id, title, folded, note, blocks }: Section): string {
  const body = blocks.map(block).join('\n');
  const said = note === undefined ? '' : `<p class="note">${escape(note)}</p>\n`;
  if (!folded) {
    return `<section id="${id}" aria-labelledby="${id}-title">\n<h2 id="${id}-title">${escape(title)}</h2>\n${said}${body}\n</section>`;
  }
  return `<section aria-labelledby="${id}-title">\n<details id="${id}">\n<summary><h2 id="${id}-title">${escape(title)}</h2></summary>\n<div class="folded">\n${said}${body}\n</div>\n</details>\n</section>`;
}

function block(content: Block): string {
  switch (content.kind) {
    case 'facts': {
      const facts = content.facts.map(({ label, lines }) => `<dt>${escape(label)}</dt><dd>${broken(lines)}</dd>`);
      return `<dl>${facts.join('\n')}</dl>`;
    }
    case 'paragraph':
      return `<p>${rich(content.runs)}</p>`;
    case 'entries':
      return `<ul class="entries">\n${content.entries.map(entry).join('\n')}\n</ul>`;
    case 'table':
      return tableOf(content);
    case 'speech': {
      const lines = content.lines.map(
        ({ id, time, speaker, text }) =>
          `<li id="${id}"><a href="#${id}" class="time">${time}</a> <div><b>${escape(speaker)}</b> <span>${escape(text)}</span></div></li>`,
      );
      return `<ol class="speech">\n${lines.join('\n')}\n</ol>`;
    }
  }
}

function entry({ id, label, body, proofs }: Entry): string {
  const anchor = id === undefined ? '' : ` id="${id}"`;
  const mark = label === undefined ? '' : `<span class="label">${label}</span> `;
  const text = body.length === 0 ? '' : `<p>${mark}${rich(body)}</p>`;
  return `<li${anchor}>${text}${proofs.map(proof).join('')}</li>`;
}

function proof({ quote, speaker, time, target }: Proof): string {
  const words = quote === null ? '' : `<q>${escape(quote)}</q> – `;
  return `<p class="proof">${words}${escape(speaker)}, <a href="#${target}" class="time">${time}</a></p>`;
}

function tableOf({ caption, columns, rows }: TableBlock): string {
  const widths = columns.map(({ share }) => `<col width="${Math.round(share * 100)}%">`).join('');
  const head = columns
    .map(({ title, end }) => `<th scope="col"${end ? ' class="end"' : ''}>${escape(title)}</th>`)
    .join('');
  const body = rows.map(({ id, cells }) => {
    const printed = cells.map((lines, index) => cell(lines, columns[index]));
    return `<tr${id === undefined ? '' : ` id="${id}"`}>${printed.join('')}</tr>`;
  });
  return `<table><caption>${escape(caption)}</caption><colgroup>${widths}</colgroup><thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody></table>`;
}

/** `data-title`: on a narrow screen a row is a card, and each cell names its column. */
function cell(lines: Cell, column: TableBlock['columns'][number] | undefined): string {
  const end = column?.end ? ' class="end"' : '';
  return `<td${end} data-title="${escape(column?.title ?? '')}"><div>${broken(lines)}</div></td>`;
}

const broken = (lines: readonly Rich[]) => lines.map(rich).join('<br>');
const paragraphs = (lines: readonly Rich[]) => lines.map((line) => `<p>${rich(line)}</p>`).join('\n');
const rich = (runs: Rich) => runs.map(run).join('');

const tags: Record<NonNullable<Run['mark']>, readonly [string, string]> = {
  strong: ['<b>', '</b>'],
  muted: ['<span class="muted">', '</span>'],
  struck: ['<s>', '</s>'],
  quote: ['<q>', '</q>'],
};

function run({ text, mark, target }: Run): string {
  const inner = target === undefined ? escape(text) : `<a href="#${target}">${escape(text)}</a>`;
  const [open, close] = mark === undefined ? ['', ''] : tags[mark];
  return open + inner + close;
}
