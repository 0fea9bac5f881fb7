import { isDate } from './is-date.ts';
import type { Match, Rule } from './expand.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  'km/h': ['kilometre per hour', 'kilometres per hour'],
  mph: ['mile per hour', 'miles per hour'],
  km: ['kilometre', 'kilometres'],
  cm: ['centimetre', 'centimetres'],
  mm: ['millimetre', 'millimetres'],
  'm²': ['square metre', 'square metres'],
  'km²': ['square kilometre', 'square kilometres'],
  'cm²': ['square centimetre', 'square centimetres'],
  'm³': ['cubic metre', 'cubic metres'],
  kg: ['kilogram', 'kilograms'],
  mg: ['milligram', 'milligrams'],
  ml: ['millilitre', 'millilitres'],
  lb: ['pound', 'pounds'],
  lbs: ['pound', 'pounds'],
  kWh: ['kilowatt hour', 'kilowatt hours'],
  '°C': ['degree Celsius', 'degrees Celsius'],
  '°F': ['degree Fahrenheit', 'degrees Fahrenheit'],
};
const UNIT = Object.keys(UNITS)
  .toSorted((a, b) => b.length - a.length)
  .join('|');

const START = String.raw`(?<![\p{L}\p{N}])`;
/** After a title: a name, and no word that begins a sentence. */
const NAME = String.raw`(?=\p{Lu})(?!(?:I|He|She|It|We|You|They|The|This|That|But|And|So)(?!\p{L}))`;

function ordinal(day: number): string {
  const suffix = { 1: 'st', 2: 'nd', 3: 'rd' }[day > 10 && day < 14 ? 0 : day % 10] ?? 'th';
  return `${day}${suffix}`;
}

function date(day: number, month: number, year: number): string | undefined {
  return isDate(day, month, year) ? `${MONTHS[month - 1] ?? ''} ${ordinal(day)} ${year}` : undefined;
}

/** 03/04/2026 is April for one reader and March for another. */
function slashDate({ whole, groups }: Match): string {
  const [first, second, year] = groups.map(Number) as [number, number, number];
  const readings = [date(first, second, year), date(second, first, year)].filter((reading) => reading !== undefined);
  return new Set(readings).size === 1 ? (readings[0] ?? whole) : whole;
}

/** In order; fewer than in French: espeak-ng knows English abbreviations better. */
export const englishRules: readonly Rule[] = [
  [
    /(?<![\p{L}\p{N}/.,-])(\d{4})-(\d{2})-(\d{2})(?![\p{L}\p{N}/-]|[.,]\d)/gu,
    ({ whole, groups: [year, month, day] }) => date(Number(day), Number(month), Number(year)) ?? whole,
  ],
  [/(?<![\p{L}\p{N}/.,-])(\d{1,2})\/(\d{1,2})\/(\d{4})(?![\p{L}\p{N}/-]|[.,]\d)/gu, slashDate],
  // Read well without the dot, with it there is a pause.
  [new RegExp(String.raw`${START}(Mrs?|Dr)\. ${NAME}`, 'gu'), '$1 '],
  [new RegExp(String.raw`${START}Ms\.? (?=\p{Lu}\p{Ll})${NAME}`, 'gu'), 'Miz '],
  [new RegExp(String.raw`${START}Prof\. ${NAME}`, 'gu'), 'Professor '],
  // "Main St. Peter": a street after a name.
  [new RegExp(String.raw`(?<=^|[^\p{L}\p{N}\s] ?|(?<!\p{L})\p{Ll}+ )St\. ${NAME}`, 'gu'), 'Saint '],
  // At the beginning it may be an answer: "No. 5 people came."
  [/(?<=[\p{Ll}\p{N},;(] ?)(?<!\p{L})[nN]o\. ?(?=\d)/gu, 'number '],
  [/(?<= )vs\.?(?= )/gu, 'versus'],
  [
    new RegExp(
      String.raw`(?<![\p{L}\p{N}]|\d[.,])(\d{1,15}(?:[.,]\d{1,9})*) ?(${UNIT})(?!\s?/\s?\p{L}|[\p{L}\p{N}'’²³-])`,
      'gu',
    ),
    ({ groups: [number = '', unit = ''] }) => `${number} ${UNITS[unit]?.[number === '1' ? 0 : 1] ?? unit}`,
  ],
];
