import type { Language } from '../../contracts/ids.ts';
import type { Token } from './words.ts';

const set = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words minutes begin a sentence with although nobody has said them, without accents. */
const OPENERS: Readonly<Record<Language, ReadonlySet<string>>> = {
  fr: set(`
    accord annonce appel attente budget calendrier choix cout date debat delai demande difference echange echeance etape etat etude
    evocation fin idee lancement mise necessite objectif ordre plan presentation prix probleme projet proposition rappel recherche
    refus remarque report reponse retard retour risque suite suivi tour usage vote avis besoin bilan constat contrat
    achat manque vente
    date depart effet envoi essai fournisseur frais incident interet nouveau nouvelle premier premiere prochain prochaine
  `),
  en: set(`
    add agree allow announce answer approach arrange ask assign assess attend avoid book bring budget build buy call cancel change
    check choice choose clarify clean collect complete concern concerns confirm consider contact continue cost costs create cut date
    deadline define delay deliver deploy design develop discuss discussed discusses draft drop end ensure expand explain explore
    extend feedback file fill final find finish fix follow gather give go hand handle hire hold hosting idea implement improve
    include increase introduce investigate invite issue issues join keep launch lead learn leave limit list look lower maintain make
    manage measure meet merge migrate monitor move need negotiate new next notify offer open order organise organize outsource
    overview own pay plan plans post postpone prepare present price print problem problems progress project proposal provide publish
    purchase push put raise reach read recruit reduce refactor release remove rename renew rent repair replace report request
    research reserve resolve result results review risk risks run save schedule see select sell send set settle share ship show sign
    sale simplify speak start status stay stop store submit supplier supply support switch take talk tell test track train transfer
    translate travel try turn update upgrade use verify visit wait work write
  `),
};

/** Verbs by which minutes say any decision or task. */
const NEUTRAL: Readonly<Record<Language, ReadonlySet<string>>> = {
  fr: set(`
    adopter adoption assurer attribuer charger choisir confier confirmer continuer decider definir designer determiner effectuer etablir etudier faire
    fixer gerer mettre nommer occuper organiser passer poursuivre prendre prevoir realiser retenir suivre traiter utiliser utilisation valider
    validation attribution decision fixation organisation
  `),
  en: set(`
    adopt agree allocate appoint approve assign choose confirm continue decide define do ensure establish follow go handle have keep
    limit look make move organise organize plan proceed put select set switch take use
  `),
};

/** Whether minutes that begin with this word say by it what is done, so that somebody must have said so. */
export function isVerbOfMinutes(token: Token, language: Language): boolean {
  if (NEUTRAL[language].has(token.text)) return false;
  if (language === 'fr') return FRENCH_DEEDS.test(token.text) && token.text.length >= MIN_LETTERS;
  return isOpener(token, 'en') && !ENGLISH_NOUNS.has(token.text) && !/(?:ity|ness|ence)$/.test(token.text);
}

/** "Vendre", and "vente". */
const FRENCH_DEEDS = /(?:er|ir|re|tion|sion|ment|age|ture|aison)$|^(?:vente|achat|rachat|renvoi|embauche)$/;
/** Beginnings that are mostly nouns. */
const ENGLISH_NOUNS = set(`
  answer approach budget concern concerns cost costs date deadline discussion feedback hosting idea issue issues launch limit overview
  plan plans price problem problems progress project proposal report result results review risk risks schedule status supplier support
`);

const FRENCH_ENDINGS = /(?:er|ir|dre|tre|vre|oir|uire|lire|crire|tion|sion|ment|age|ance|ence|aison|ture)$/;
const FRENCH_PARTICIPLE = /é(?:e|s|es)?$/iu;
const ENGLISH_ENDINGS = /(?:ing|ed|tion|sion|ment|ise|ize|ate|ify|ance|ence|ity|ness|ability)$/;
/** Names of people end so too; a verb or an abstract noun of that length hardly does. */
const MIN_LETTERS = 5;

/** Whether a sentence of minutes may begin with this word although nobody has said it. */
export function isOpener(token: Token, language: Language): boolean {
  if (OPENERS[language].has(token.text)) return true;
  if (token.text.length < MIN_LETTERS) return false;
  if (language === 'en') return ENGLISH_ENDINGS.test(token.text);
  return FRENCH_PARTICIPLE.test(token.raw) || FRENCH_ENDINGS.test(token.text);
}
