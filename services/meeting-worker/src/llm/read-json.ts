/** What no column of Postgres holds: a model may write half of a character, or the character zero. */
const storable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed().replaceAll(/[\p{Cc}\s]+/gu, ' ') : value;

/**
 * The JSON of a model's answer, with strings of one line that can be stored: without thoughts, code fences and sentences around it, and without commas before a closing
 * bracket.
 *
 * @throws SyntaxError where there is none
 */
export function readJson(text: string): unknown {
  const bare = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/<think>[\s\S]*?<\/think>/g, '')
    .trim();
  const inner = bare.slice(Math.max(0, bare.indexOf('{')), bare.lastIndexOf('}') + 1);
  for (const candidate of [bare, inner])
    try {
      return JSON.parse(candidate, storable);
    } catch {
      // The next may do.
    }
  return JSON.parse(withoutTrailingCommas(inner), storable);
}

/** Text in quotes stays as it is. */
const withoutTrailingCommas = (text: string): string =>
  text.replaceAll(
    /("(?:[^"\\]|\\.)*")|,(\s*[}\]])/g,
    (_whole, quoted?: string, closing?: string) => quoted ?? closing ?? '',
  );
