/** What commander says of a wrong command line, in French; `$1`, `$2` are what it names. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/unknown command '(.*?)'/, 'la commande « $1 » n’existe pas'],
  [/unknown option '(.*?)'/, 'l’option « $1 » n’existe pas'],
  [/missing required argument '(.*?)'/, 'il manque <$1>'],
  [/option '(.*?)' argument missing/, 'il manque la valeur de $1'],
  [
    /option '(.*?)' argument '(.*?)' is invalid\. Allowed choices are (.*)\./,
    '$1 : « $2 » ne convient pas ; il y a $3',
  ],
  [/option '(.*?)' argument '(.*?)' is invalid\. (.*)/, '$1 : « $2 » ne convient pas : $3'],
  [/too many arguments.*: (.*)\./, '« $1 » est de trop ; ce qui a plusieurs mots va entre guillemets'],
  [/\(Did you mean (?:one of )?(.*?)\?\)/, 'Vouliez-vous dire $1 ?'],
];

/** The complaint in both languages, French first; as it was when nobody has translated it. */
export function usageInFrench(complaint: string): string {
  const lines = complaint.split('\n').map((line) => {
    const known = SENTENCES.find(([pattern]) => pattern.test(line));
    if (!known) return line;
    const [pattern, french] = known;
    const [, ...named] = pattern.exec(line) ?? [];
    const said = french.replaceAll(/\$(\d)/g, (_, n: string) => named[Number(n) - 1] ?? '');
    return `${said} / ${line.replace(/^error: /, '')}`;
  });
  return lines.join('\n');
}
