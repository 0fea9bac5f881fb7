import type { Language } from '../../contracts/ids.ts';
import { fold } from './words.ts';

/** Beginnings of words that say the opposite of each other, without accents. "report" is a delay in French and a paper in English. */
const PAIRS: Readonly<Record<Language, readonly (readonly [one: string, other: string])[]>> = {
  fr: [
    ['ouvr|ouvert', 'ferm'],
    ['augment|hauss|accroi', 'baiss|diminu|redui|reduc'],
    ['embauch|recrut', 'licenci|renvo[iy]'],
    ['accept|approuv|approb', 'refus|rejet|declin'],
    ['achet|achat', 'vend|vente'],
    ['gard|conserv|mainteni|maintenon|maintien', 'supprim|suppress|retir|retrait|enlev|resili|arret'],
    ['avancer|avancee?s?\\b|avancons|anticip', 'report|repouss|decal|retard'],
    ['gagn', 'perd|perte'],
    ['commenc|demarr', 'arret|cess'],
    ['autoris', 'interdi'],
    ['avant\\b', 'apres\\b(?!.?(?:midi|reflexion))'],
    ['plus d|au moins\\b', 'moins d|au plus\\b'],
  ],
  en: [
    ['open', 'clos|shut'],
    ['increas|rais|grow', 'decreas|lower|reduc|cut(?:s|ting)?\\b'],
    ['hir(?:e|ing)|recruit', 'dismiss|fir(?:e|ed|es|ing)\\b|la(?:y|id) off'],
    ['accept|approv', 'refus|reject|declin'],
    ['buy|bought|purchas', 'sell|sold|sale'],
    ['keep|kept|retain|maintain', 'drop|remov|stop|terminat'],
    ['bring forward|brought forward|advanc', 'postpon|delay|push(?:ed|ing)? back'],
    ['win|won', 'los[et]'],
    ['start|begin|began', 'stop'],
    ['allow|permit', 'forbid|ban(?:s|ned)?\\b'],
    ['before\\b', 'after\\b'],
    ['more than\\b|at least\\b', 'less than\\b|fewer than\\b|at most\\b'],
  ],
};

const beginning = (stems: string): RegExp => new RegExp(String.raw`\b(?:${stems})`);
const compiled = (language: Language) =>
  PAIRS[language].map(([one, other]) => [beginning(one), beginning(other)] as const);
const OPPOSITES = { fr: compiled('fr'), en: compiled('en') };

/** Whether one text says by its verbs the opposite of another: it opens what the other closes. What says both says neither. */
export function saysOpposite(one: string, other: string, language: Language): boolean {
  const [a, b] = [fold(one), fold(other)];
  const turns = (from: RegExp, to: RegExp) => from.test(a) && !to.test(a) && to.test(b) && !from.test(b);
  return OPPOSITES[language].some(([first, second]) => turns(first, second) || turns(second, first));
}
