/** What Whisper understands, as ISO codes. */
const CODES =
  'af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh';

let codes: ReadonlyMap<string, string> | undefined;

/** English names in lower case -> code; built when first needed. */
function codesByName(): ReadonlyMap<string, string> {
  if (codes) return codes;
  const names = new Intl.DisplayNames('en', { type: 'language' });
  const known = CODES.split(' ').map((code) => [names.of(code)?.toLowerCase() ?? code, code] as const);
  codes = new Map([...known, ['castilian', 'es'], ['mandarin', 'zh'], ['flemish', 'nl'], ['tagalog', 'tl']]);
  return codes;
}

/** `fr-FR` -> `fr`; undefined for the names of "find out by yourself". */
export function baseLanguage(language: string | undefined): string | undefined {
  const code = language?.toLowerCase().split(/[-_]/)[0];
  return !code || code === 'multi' || code === 'auto' ? undefined : code;
}

/** What an engine calls a language ("french", "fr", "fr-FR") as a code; undefined when it names none we know. */
export function languageCode(said: string | null | undefined): string | undefined {
  const name = said?.trim().toLowerCase();
  if (!name) return undefined;
  return codesByName().get(name) ?? (/^[a-z]{2,3}(?:[-_]|$)/.test(name) ? baseLanguage(name) : undefined);
}
