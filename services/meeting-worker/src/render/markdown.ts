import type { Block, Cell, Entry, Minutes, Proof, Rich, Run, Section, TableBlock } from './document.ts';

/**
 * CommonMark with tables and `<details>`, as GitHub and GitLab read it. What people said is text and nothing else: no markup, no
 * HTML, no link (an address that was said is not clickable), no table cell.
 */
export function toMarkdown(minutes: Minutes): string {
  const { title, eyebrow, facts, participants, notices, sections } = minutes;
  const parts = [
    `# ${escape(title)}`,
    `*${escape(eyebrow)}*`,
    block(facts),
    ...(participants === null ? [] : [block(participants)]),
    ...notices.map(({ title: what, lines }) =>
      [`**⚠ ${escape(what)}**`, ...lines.map(rich)].map((line) => `> ${line}`).join('\n>\n'),
    ),
    ...sections.map(section),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Marks that mean something inside a line, and those that do at its beginning. */
function escape(text: string): string {
  return text
    .replaceAll(/[\\`*_[\]<>|~&$#]/g, String.raw`\$&`)
    .replaceAll('://', String.raw`:\//`)
    .replaceAll(/\bwww\./gi, (word) => `${word.slice(0, -1)}\\.`)
    .replace(/^([-+=])/, String.raw`\$1`)
    .replace(/^(\d{1,9})([.)])/, String.raw`$1\$2`);
}

function section({ id, title, folded, note, blocks }: Section): string {
  const said = note === undefined ? [] : [`*${escape(note)}*`];
  const body = [...said, ...blocks.map(block)].join('\n\n');
  const anchor = `<a id="${id}"></a>`;
  if (!folded) return `${anchor}\n\n## ${escape(title)}\n\n${body}`;
  // Our own words, which need no escaping in HTML.
  return `${anchor}\n\n<details>\n<summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function block(content: Block): string {
  switch (content.kind) {
    case 'facts':
      return content.facts
        .map(({ label, lines }) => {
          const [first = [], ...rest] = lines;
          const more = rest.map((line) => `\n  - ${rich(line)}`).join('');
          return `- **${escape(label)}** – ${rich(first)}${more}`;
        })
        .join('\n');
    case 'paragraph':
      return rich(content.runs);
    case 'entries':
      return content.entries.map(entry).join('\n');
    case 'table':
      return tableOf(content);
    case 'speech':
      return content.lines
        .map(
          ({ id, time, speaker, text }) => `- <a id="${id}"></a>\`${time}\` **${escape(speaker)}** – ${escape(text)}`,
        )
        .join('\n');
  }
}

function entry({ id, label, body, proofs }: Entry): string {
  const anchor = id === undefined ? '' : `<a id="${id}"></a>`;
  const mark = label === undefined ? '' : `**${label}** `;
  if (body.length === 0) return proofs.map((each) => `- ${proof(each)}`).join('\n');
  return [`- ${anchor}${mark}${rich(body)}`, ...proofs.map((each) => `  - ${proof(each)}`)].join('\n');
}

function proof({ quote, speaker, time, target }: Proof): string {
  const words = quote === null ? '' : `${escape(quote)} – `;
  return `${words}${escape(speaker)}, [${time}](#${target})`;
}

function tableOf({ columns, rows }: TableBlock): string {
  const head = `| ${columns.map(({ title }) => escape(title)).join(' | ')} |`;
  const rule = `|${columns.map(({ end }) => (end ? ' ---: ' : ' --- ')).join('|')}|`;
  const body = rows.map(({ id, cells }) => {
    const printed = cells.map((lines, index) => cell(lines, index === 0 ? id : undefined));
    return `| ${printed.join(' | ')} |`;
  });
  return [head, rule, ...body].join('\n');
}

const cell = (lines: Cell, id: string | undefined) =>
  (id === undefined ? '' : `<a id="${id}"></a>`) + lines.map(rich).join('<br>');

const rich = (runs: Rich) => runs.map(run).join('');

function run({ text, mark, target }: Run): string {
  const spaces = /^(\s*)(.*?)(\s*)$/s.exec(text);
  const [before = '', inner = text, after = ''] = spaces?.slice(1) ?? [];
  if (inner === '') return text;
  const linked = target === undefined ? escape(inner) : `[${escape(inner)}](#${target})`;
  return before + marked(linked, mark) + after;
}

function marked(text: string, mark: Run['mark']): string {
  switch (mark) {
    case 'strong':
      return `**${text}**`;
    case 'struck':
      return `~~${text}~~`;
    case 'quote':
      return `*${text}*`;
    case 'muted':
    case undefined:
      return text;
  }
}
