import { cellWidth } from '../screen/cell-width.ts';

/** Rows under headings, columns as wide as they need. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((row) => row.map((cell) => cell.replaceAll(/\s+/g, ' ')));
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => cellWidth(row[column] ?? ''))));
  const pad = (cell: string, column: number) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - cellWidth(cell)));
  return lines.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** One fact per line, names in a column. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): string {
  const [heading = ['', ''], ...others] = rows;
  return table(heading, others);
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** `1 h 02 min`, `3 min 05 s`, `12 s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${two((seconds / 60) % 60)} min`;
  if (seconds >= 60) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${seconds} s`;
}

/** `hh:mm:ss` on the meeting's clock. */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}
