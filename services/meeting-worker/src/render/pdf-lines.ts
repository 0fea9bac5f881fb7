/** Faces of the embedded fonts. */
export type Face = 'body' | 'bold' | 'italic' | 'title';

export interface TextStyle {
  readonly face: Face;
  readonly sizePt: number;
  readonly colour: string;
  readonly struck?: boolean;
}

/** Text of one style; `target`: the destination it leads to. */
export interface StyledRun {
  readonly text: string;
  readonly style: TextStyle;
  readonly target?: string;
}

export interface Piece extends StyledRun {
  readonly widthPt: number;
}

export interface Line {
  readonly pieces: readonly Piece[];
  readonly heightPt: number;
}

export type Measure = (text: string, style: TextStyle) => number;

const LEADING = 1.38;
const DEFAULT_SIZE_PT = 9.5;

/** Breaks runs into lines at spaces; what is wider than a line alone is cut where it must. */
export function breakLines(runs: readonly StyledRun[], widthPt: number, measure: Measure): Line[] {
  const lines: Line[] = [];
  let pieces: Piece[] = [];
  let used = 0;
  const end = () => {
    const sizePt = Math.max(0, ...pieces.map(({ style }) => style.sizePt));
    lines.push({ pieces, heightPt: (sizePt || DEFAULT_SIZE_PT) * LEADING });
    pieces = [];
    used = 0;
  };
  const put = (text: string, run: StyledRun, width: number) => {
    const last = pieces.at(-1);
    if (last && last.style === run.style && last.target === run.target) {
      pieces[pieces.length - 1] = { ...last, text: last.text + text, widthPt: last.widthPt + width };
    } else pieces.push({ ...run, text, widthPt: width });
    used += width;
  };
  for (const run of runs) {
    for (const word of run.text.split(/(?<= )/)) {
      const bare = measure(word.trimEnd(), run.style);
      if (used > 0 && used + bare > widthPt) end();
      if (bare <= widthPt) put(word, run, measure(word, run.style));
      else {
        for (const part of cut(word, widthPt, (text) => measure(text, run.style))) {
          if (used > 0) end();
          put(part, run, measure(part, run.style));
        }
      }
    }
  }
  if (pieces.length > 0) end();
  return lines;
}

function cut(word: string, widthPt: number, measure: (text: string) => number): string[] {
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const character of word) {
    const width = measure(character);
    if (part !== '' && used + width > widthPt) {
      parts.push(part);
      part = '';
      used = 0;
    }
    part += character;
    used += width;
  }
  return [...parts, part];
}
