import { STARTERS } from './abbreviations.ts';
import { isDate } from './is-date.ts';
import type { Match, Rule } from './expand.ts';
import { romanValue } from './roman-value.ts';

const MONTHS = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' ');

/** Singular and plural of what espeak-ng spells out; km, cm, mm, kg, %, € and GHz it reads well. */
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  'km/h': ["kilomètre à l'heure", "kilomètres à l'heure"],
  'm/s': ['mètre par seconde', 'mètres par seconde'],
  m: ['mètre', 'mètres'],
  'm²': ['mètre carré', 'mètres carrés'],
  'km²': ['kilomètre carré', 'kilomètres carrés'],
  'cm²': ['centimètre carré', 'centimètres carrés'],
  'mm²': ['millimètre carré', 'millimètres carrés'],
  'm³': ['mètre cube', 'mètres cubes'],
  'cm³': ['centimètre cube', 'centimètres cubes'],
  'dm³': ['décimètre cube', 'décimètres cubes'],
  ha: ['hectare', 'hectares'],
  g: ['gramme', 'grammes'],
  mg: ['milligramme', 'milligrammes'],
  µg: ['microgramme', 'microgrammes'],
  t: ['tonne', 'tonnes'],
  l: ['litre', 'litres'],
  L: ['litre', 'litres'],
  dl: ['décilitre', 'décilitres'],
  cl: ['centilitre', 'centilitres'],
  cL: ['centilitre', 'centilitres'],
  ml: ['millilitre', 'millilitres'],
  mL: ['millilitre', 'millilitres'],
  h: ['heure', 'heures'],
  min: ['minute', 'minutes'],
  s: ['seconde', 'secondes'],
  kW: ['kilowatt', 'kilowatts'],
  kWh: ['kilowattheure', 'kilowattheures'],
  MW: ['mégawatt', 'mégawatts'],
  MWh: ['mégawattheure', 'mégawattheures'],
  Mo: ['mégaoctet', 'mégaoctets'],
  Go: ['gigaoctet', 'gigaoctets'],
  '°C': ['degré Celsius', 'degrés Celsius'],
  '°F': ['degré Fahrenheit', 'degrés Fahrenheit'],
  'k€': ["millier d'euros", "milliers d'euros"],
  'M€': ["million d'euros", "millions d'euros"],
  'Md€': ["milliard d'euros", "milliards d'euros"],
  'Mds€': ["milliard d'euros", "milliards d'euros"],
  Mds: ['milliard', 'milliards'],
  '‰': ['pour mille', 'pour mille'],
};
/** What is paid for, after "€/", that is not a word. */
const PRICED: Readonly<Record<string, string>> = {
  h: 'heure',
  j: 'jour',
  kg: 'kilo',
  l: 'litre',
  L: 'litre',
  g: 'gramme',
  t: 'tonne',
  'm²': 'mètre carré',
  'm³': 'mètre cube',
  km: 'kilomètre',
  kWh: 'kilowattheure',
  MWh: 'mégawattheure',
};

/** No letter or digit before. */
const START = String.raw`(?<![\p{L}\p{N}])`;
/** After a unit: "5 l'autre", "3 t-shirts" and "2 m/s" are something else. */
const UNIT_END = String.raw`(?!\s?/\s?\p{L}|[\p{L}\p{N}'’²³°-])`;
/** Bounded, so that a long row of digits costs no more than its length. */
const NUMBER = String.raw`(?<![\p{L}\p{N}]|\d[.,/])(\d{1,15}(?: \d{3}){0,4}(?:[.,]\d{1,9})?)`;
/** A sentence begins with it, or it belongs to one: a title before it stood last. */
const NO_PRONOUN = String.raw`(?!(?:Ils?|Elles?|Je|J|On|Nous|Vous|Tu|C|Ce|Ça|Cela)(?!\p{L}))`;
const NAME = String.raw`(?=${NO_PRONOUN}\p{Lu})`;
const NAME_OR_OFFICE = String.raw`(?=les? |la |l['’]|d['’]|de |du |des |${NO_PRONOUN}\p{Lu})`;
const STREET_NAME = String.raw`(?=\p{Lu}|d['’]|de |du |des )`;

const CLOCK = String.raw`(\d{1,2})(?: ?h ?([0-5]\d)?|H([0-5]\d))`;
/** Kings, popes and councils; numerals of one letter are theirs only where they are known by it: "Jean X" is somebody. */
const REGNAL =
  'Louis|Henri|Charles|Philippe|François|Napoléon|Jean|Paul|Pie|Benoît|Léon|Grégoire|Innocent|Clément|Urbain|Alexandre|Nicolas|' +
  'Pierre|Catherine|[ÉE]lisabeth|Elizabeth|Guillaume|Frédéric|Édouard|Edward|Georges?|Jacques|James|Richard|Ramsès|Ptolémée|Léopold|' +
  'Albert|Carlos|Felipe|Alphonse|Ferdinand|Hassan|Mohammed|Gustave|Christian|Boniface|Jules|Sixte|Otton|Rodolphe|Joseph|' +
  'Emmanuel|Humbert|Amédée|Rainier|Mehmed|Darius|Constantin|Théodose|Vatican';
const KNOWN_BY_ONE_LETTER = /^(?:Charles [VX]|Henri V|Philippe V|Georges? V|Pie [VX]|Léon X)$/u;

/** "John M. Smith": after a name, M. is an initial. Verbs and words that begin sentences are no names. */
const GREETINGS = new Set(['bonjour', 'bonsoir', 'salut', 'cher', 'chers', 'à', 'de', 'chez', 'selon', 'via']);

function isTitle({ before }: Match): boolean {
  const word = /(\S+)\s$/u.exec(before)?.[1];
  if (word === undefined || /[,;:!?…»)]$/u.test(word)) return before === '' || /[\s("«“'’]$/u.test(before);
  if (/^\P{L}*\p{Lu}\.$|[\p{N}]$/u.test(word)) return false;
  const bare = word.replace(/^[^\p{L}]+/u, '');
  if (!/^\p{Lu}/u.test(bare)) return true;
  return /ez(?:-\p{L}+)?$/u.test(bare) || GREETINGS.has(bare.toLowerCase()) || STARTERS.has(bare.toLowerCase());
}

function date({ whole, groups }: Match): string {
  const [day, month, year] = groups.map(Number) as [number, number, number];
  return isDate(day, month, year) ? `${dayMonth(day, month)} ${year}` : whole;
}

function dayMonth(day: number, month: number): string {
  return `${day === 1 ? 'premier' : day} ${MONTHS[month - 1] ?? ''}`;
}

function clock(hours: string, minutes: string): string {
  const spoken = minutes === '' || minutes === '00' ? '' : ` ${Number(minutes)}`;
  return `${withUnit(String(Number(hours)), 'h')}${spoken}`;
}

function clockRange({ whole, groups }: Match): string {
  const [lead = '', fromHours = '', fromA = '', fromB = '', toHours = '', toA = '', toB = ''] = groups;
  if (Number(fromHours) > 24 || Number(toHours) > 24) return whole;
  const [from, to] = [clock(fromHours, fromA + fromB), clock(toHours, toA + toB)];
  if (/^entre/iu.test(lead)) return `${lead}${from} et ${to}`;
  // "le 9h-18h" is a name for it, and "de" is there already.
  return lead === '' ? `de ${from} à ${to}` : `${lead}${from} à ${to}`;
}

/** French counts from two on as many. */
function withUnit(number: string, unit: string): string {
  const [one, many] = UNITS[unit] as readonly [string, string];
  return `${number} ${/^[01](?:[.,]\d+)?$/u.test(number) ? one : many}`;
}

function unitName(written: string): string {
  return written
    .replace(/^μ/u, 'µ')
    .replace(/(?<=m)2$/u, '²')
    .replace(/(?<=m)3$/u, '³')
    .replaceAll(' ', '');
}

function roman(numeral: string, from: number): number | undefined {
  const value = romanValue(numeral);
  return value !== undefined && value >= from ? value : undefined;
}

/** "19ème" for "XIXe"; espeak-ng reads no other way of writing it as well. */
function ordinal({ whole, groups: [numeral = ''] }: Match): string {
  const value = roman(numeral, 2);
  return value === undefined ? whole : `${value}ème`;
}

function regnal({ whole, groups: [name = '', numeral = ''] }: Match): string {
  const value = roman(numeral, 2);
  if (value === undefined || (numeral.length === 1 && !KNOWN_BY_ONE_LETTER.test(`${name} ${numeral}`))) return whole;
  return `${name} ${value}`;
}

const people: readonly Rule[] = [
  [
    new RegExp(
      String.raw`${START}(?<!-)M\. (?:(?=et M(?:me|lle)s? )|${NAME_OR_OFFICE})(?!\p{Lu}\.|Pokora|Night )`,
      'gu',
    ),
    (match) => (isTitle(match) ? 'monsieur ' : match.whole),
  ],
  [
    new RegExp(String.raw`${START}MM\. ${NAME_OR_OFFICE}`, 'gu'),
    ({ whole, before }) => (/\d\s$/u.test(before) ? whole : 'messieurs '),
  ],
  [new RegExp(String.raw`${START}Mmes\.? ${NAME_OR_OFFICE}`, 'gu'), 'mesdames '],
  [new RegExp(String.raw`${START}Mlles\.? ${NAME_OR_OFFICE}`, 'gu'), 'mesdemoiselles '],
  // Read well without the dot, with it there is a pause.
  [new RegExp(String.raw`${START}Mme\. ${NAME_OR_OFFICE}`, 'gu'), 'madame '],
  [new RegExp(String.raw`${START}Mlle\. ${NAME}`, 'gu'), 'mademoiselle '],
  [new RegExp(String.raw`${START}Dr\. ${NAME}`, 'gu'), 'docteur '],
  [new RegExp(String.raw`${START}Drs\.? ${NAME}`, 'gu'), 'docteurs '],
  [new RegExp(String.raw`${START}Pr\. ${NAME}`, 'gu'), 'professeur '],
  [new RegExp(String.raw`${START}Mgr\.? ${NAME}`, 'gu'), 'monseigneur '],
  // "Me Too", "Call Me Maybe": only where a lawyer is meant.
  [
    new RegExp(
      String.raw`(?<=^|[.!?:«“(] ?|(?<!\p{L})(?:de|à|avec|par|pour|chez|et|que|contre|selon|avocate?|notaire|Bonjour|Bonsoir|Merci) )` +
        String.raw`Me (?=\p{Lu}\p{Ll}{2,})(?!Too|And|Before|Gustas|Your|The|Now|You|Up)${NAME}`,
      'gu',
    ),
    'maître ',
  ],
];

const words: readonly Rule[] = [
  [
    new RegExp(String.raw`${START}[nN](?:°|º)s? ?(?=\d)`, 'gu'),
    ({ whole }) => (whole.includes('s') ? 'numéros ' : 'numéro '),
  ],
  // The last dot stays where it may end the sentence.
  [/(?<![\p{L}\p{N}])av\. ?(?:J\. ?-? ?C|JC)(?!\p{L})(?:\.(?!$| \p{Lu}))?/gu, 'avant Jésus-Christ'],
  [/(?<![\p{L}\p{N}])apr?\. ?(?:J\. ?-? ?C|JC)(?!\p{L})(?:\.(?!$| \p{Lu}))?/gu, 'après Jésus-Christ'],
  [/(?<=(?:\d(?: ?bis| ?ter)?,?|(?<!\p{L})l['’]) ?)[aA]v\. (?=\p{Lu}|d['’]|de |du |des )/gu, 'avenue '],
  [/(?<![\p{L}\p{N}])[aA]v\. (?=\p{Lu}\p{Ll})(?!Jésus|Noël|Pâques|Toussaint)/gu, 'avenue '],
  [new RegExp(String.raw`${START}(?:[bB]d\.|[bB]l?vd\.?|[bB]ld\.?) ${STREET_NAME}`, 'gu'), 'boulevard '],
  [new RegExp(String.raw`${START}(?:p\. ?ex\.|par ex\.)`, 'gu'), 'par exemple'],
  [/(?<![\p{L}\p{N}])(P\. ?ex\.|Par ex\.)/gu, 'Par exemple'],
  [/(?<![\p{L}\p{N}])ex\. ?:/giu, 'exemple :'],
  [/(?<![\p{L}\p{N}])(?:c\.? ?-à-d\.?|càd\.?)(?![\p{L}\p{N}])/gu, "c'est-à-dire"],
  [/(?<![\p{L}\p{N}])(?:C\.? ?-à-d\.?|Càd\.?)(?![\p{L}\p{N}])/gu, "C'est-à-dire"],
  [/(?<![\p{L}\p{N}])cf\.? (?=[\p{L}\p{N}«])/gu, 'voir '],
  [/(?<= )vs\.?(?= )/gu, 'versus'],
  [/(?<![\p{L}\p{N}-])(?:RDV|rdv|Rdv)(?![\p{L}\p{N}])/gu, 'rendez-vous'],
  [/(?<=\p{L} (?:et|&) )Cie(?!\p{L})/gu, 'compagnie'],
  [/(?<![\p{L}\p{N}])env\. (?=\d)/gu, 'environ '],
  [/(?<![\p{L}\p{N}])[tT]él\. ?(?=[:+\d])/gu, 'téléphone '],
  [/(?<![\p{L}\p{N}])art\. (?=\d|[LRD]\. ?\d)/gu, 'article '],
  [/(?<![\p{L}\p{N}])chap\. (?=\d|[IVX])/gu, 'chapitre '],
  [/(?<![\p{L}\p{N}])fig\. (?=\d)/gu, 'figure '],
  [/(?<![\p{L}\p{N}])vol\. (?=\d|[IVX])/gu, 'volume '],
  [/§ ?(?=\d)/gu, 'paragraphe '],
  [/(?<![\p{L}\p{N}]|\d )pp?\. (\d{1,5}) ?[-–] ?(\d{1,5})(?!\d)/gu, 'pages $1 à $2'],
  [/(?<![\p{L}\p{N}]|\d )p\. (?=\d)/gu, 'page '],
];

const dates: readonly Rule[] = [
  [/(?<![\p{L}\p{N}/.,-])(\d{1,2})\/(\d{1,2})\/(\d{4})(?![\p{L}\p{N}/-]|[.,]\d)/gu, date],
  [/(?<![\p{L}\p{N}/.,-])(\d{2})\.(\d{2})\.(\d{4})(?![\p{L}\p{N}/-]|[.,]\d)/gu, date],
  [/(?<![\p{L}\p{N}/.,-])(\d{2})-(\d{2})-(\d{4})(?![\p{L}\p{N}/-]|[.,]\d)/gu, date],
  [
    /(?<![\p{L}\p{N}/.,-])(\d{4})-(\d{2})-(\d{2})(?![\p{L}\p{N}/-]|[.,]\d)/gu,
    ({ whole, before, groups }) => date({ whole, before, groups: groups.toReversed() }),
  ],
  // "le 10/10" may be a mark; a month with its zero, or after the day of the week, is a month.
  [
    /(?<=(?<!\p{L})(?:le|du|au|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )(\d{1,2})\/(0[1-9])(?![\p{L}\p{N}/-]|[.,]\d)/giu,
    shortDate,
  ],
  [
    /(?<=(?<!\p{L})(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )(\d{1,2})\/(1[0-2])(?![\p{L}\p{N}/-]|[.,]\d)/giu,
    shortDate,
  ],
  [
    /(?<=(?<!\d)(?:[12]?\d|3[01]|1er) )(janv|févr?|avr|juil|sept|oct|nov|déc)\.(?=\s\d{4}|\s\p{Ll}|[,;)])/gu,
    ({ whole, groups: [start = ''] }) => MONTHS.find((month) => month.startsWith(start)) ?? whole,
  ],
];

/** Of any year: 29 February too. */
function shortDate({ whole, groups: [day, month] }: Match): string {
  return isDate(Number(day), Number(month), 2024) ? dayMonth(Number(day), Number(month)) : whole;
}

const times: readonly Rule[] = [
  [/(?<![\p{L}\p{N}])24 ?h ?\/ ?24(?!\d)/giu, '24 heures sur 24'],
  [/(?<![\p{L}\p{N}])7 ?j ?\/ ?7(?!\d)/giu, '7 jours sur 7'],
  [
    new RegExp(
      String.raw`(?<![\p{L}\p{N}.,-])((?:entre|de|dès|du|le|la|les|un|une|ce|cette) )?${CLOCK} ?[-–] ?${CLOCK}(?![\p{L}\p{N}'’²³]|[-–]\d)`,
      'giu',
    ),
    clockRange,
  ],
  [/(?<=heures?(?: \d{1,2})?) ?\/ ?(?=de \d)/gu, ' et '],
  [
    new RegExp(
      String.raw`(?<![\p{L}\p{N}]|\d[.,/])(\d{1,3})(?: ?h(?: ?([0-5]\d))?|H([0-5]\d))(?![\p{L}\p{N}'’²³]|\/\p{L})`,
      'gu',
    ),
    ({ groups: [hours = '', small = '', capital = ''] }) => clock(hours, small + capital),
  ],
];

const alternatives = Object.keys(UNITS).toSorted((a, b) => b.length - a.length);
/** One letter right after a digit may be a model, a size or a network; `h` has its own rules. */
const GLUED = [...alternatives.filter((unit) => unit.length > 1), 'km2', 'm2', 'cm2', 'm3', 'cm3', 'μg', '‰'].join('|');

const units: readonly Rule[] = [
  [
    /(?<![\p{L}\p{N}])([0-2])m(\d{2})(?![\p{L}\p{N}])/gu,
    ({ groups: [metres = '', rest] }) => `${withUnit(metres, 'm')} ${rest}`,
  ],
  [
    /€ ?\/ ?(m²|m2|m³|m3|kWh|MWh|\p{Ll}{1,20}|L)(?![\p{L}\p{N}²³])/gu,
    ({ whole, groups: [unit = ''] }) => {
      const name = PRICED[unitName(unit)] ?? (unit.length > 1 ? unit : undefined);
      return name === undefined ? whole : `€ par ${name}`;
    },
  ],
  [
    new RegExp(String.raw`${NUMBER} ?(°) ?([CF])${UNIT_END}`, 'gu'),
    ({ groups: [number = '', degree = '', scale = ''] }) => withUnit(number, degree + scale),
  ],
  [
    new RegExp(String.raw`${NUMBER}(?: ?(${GLUED})| ([mglLtsh]))${UNIT_END}`, 'gu'),
    ({ groups: [number = '', long = '', short = ''] }) => withUnit(number, unitName(long || short)),
  ],
  [
    /(?<=(?<!\p{L})(?:au|le|du|par|en|de|des|les|chaque) )(k?m[²2³3])(?![\p{L}\p{N}'’²³/])/gu,
    ({ whole, groups: [unit = ''] }) => UNITS[unitName(unit)]?.[0] ?? whole,
  ],
  // Hours and minutes are feminine, which digits do not show.
  [
    /(?<![\p{L}\p{N}.,-]|\d )([2-5]?)1 (?=(?:heure|minute|seconde|tonne)s?(?!\p{L}))/gu,
    ({ groups: [tens = ''] }) =>
      `${['', '', 'vingt et ', 'trente et ', 'quarante et ', 'cinquante et '][Number(tens)] ?? ''}une `,
  ],
];

const numbers: readonly Rule[] = [
  // Of a numeral and its `e` in superscript, tags leave a space.
  [
    /(?<![\p{L}\p{N}])([IVX]{1,6}) ?(?:e|ᵉ|è|ème)(?= (?:siècle|millénaire|République|arrondissement|dynastie|régiment|Internationale))/gu,
    ordinal,
  ],
  [/(?<![\p{L}\p{N}])([IVX]{2,6})(?:e|ᵉ|è|ème)(?![\p{L}\p{N}])/gu, ordinal],
  [/(?<![\p{L}\p{N}])I(?:er|ᵉʳ)(?![\p{L}\p{N}])/gu, 'premier'],
  [
    /(?<![\p{L}\p{N}])Ire(?= (?:République|Guerre|guerre))|(?<=(?:[ÉE]lisabeth|Elizabeth|Catherine|Isabelle) )Ire(?!\p{L})/gu,
    'première',
  ],
  [new RegExp(String.raw`${START}(${REGNAL}) ([IVX]{1,6})(?![\p{L}\p{N}'’]|-\p{L})`, 'gu'), regnal],
  [
    /(?<=(?<!\p{L})(?:[tT]ome|[cC]hapitre|[lL]ivre|[aA]cte|[vV]olume|[tT]itre) )([IVX]{1,6})(?![\p{L}\p{N}'’])/gu,
    ({ whole, groups: [numeral = ''] }) => String(romanValue(numeral) ?? whole),
  ],
  [
    /(?<=(?<!\p{L})(?:[tT]ype|[pP]hase|[pP]artie|[aA]nnexe|[nN]iveau|[sS]tade|[sS]ection|[sS]cène) )(I|[IVX]{2,6})(?![\p{L}\p{N}'’])/gu,
    ({ whole, groups: [numeral = ''] }) => String(romanValue(numeral) ?? whole),
  ],
  [
    /(?<![\p{L}\p{N}]|[.,-])(\d{1,3})(?:e|ᵉ|è)(?![\p{L}\p{N}'’])/gu,
    ({ whole, groups: [number = ''] }) => (Number(number) > 1 ? `${Number(number)}ème` : whole),
  ],
  [/(?<![\p{L}\p{N}]|[.,-])1re(s?)(?![\p{L}\p{N}])/gu, 'première$1'],
  [/(?<![\p{L}\p{N}]|[.,-])2nd(e?s?)(?![\p{L}\p{N}])/gu, 'second$1'],
  // espeak-ng drops the sign, and says "minus" for the mathematical one.
  [/ ?\u2212 ?(?=\d)/gu, ({ before }) => (before === '' || before.endsWith('(') ? 'moins ' : ' moins ')],
  [
    /(?<=(?<!\p{L})(?:fait|faisait|fera|est|était|sera|de|à|et|ou|par|entre|vers|sous|environ|atteint) )-(?=\d)/gu,
    'moins ',
  ],
  [/(?<=^|\p{L} ?|[(:,] ?)(?<!\p{L})-(?=\d{1,3}(?:[.,]\d{1,3})? ?(?:%|€|degrés?|°))/gu, 'moins '],
  [/(?<![\p{L}\p{N}.])0\d(?:\.\d{2}){4}(?![\p{L}\p{N}]|\.\d)/gu, ({ whole }) => whole.replaceAll('.', ' ')],
];

/** In order: dates before the numbers in them, ranges of hours before hours. */
export const frenchRules: readonly Rule[] = [...dates, ...people, ...words, ...numbers, ...times, ...units];
