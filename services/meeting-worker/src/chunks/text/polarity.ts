import { fold, type Token } from './words.ts';

/** Words that turn what is said into its opposite; without accents. */
const TURNS =
  /^(?:non|aucun|aucune|jamais|sans|renonc\w*|annul\w*|abandonn\w*|refus\w*|rejet\w*|retir\w*|supprim\w*|arret\w*|ecart\w*|cancel\w*|abandon\w*|reject\w*|refus\w*|withdr\w*|drop\w*|stop\w*|without|never|none)$/;
const NEGATED =
  /\bn(?:e|')\s?\b.{0,40}?\b(?:pas|plus|jamais|rien|aucun|aucune|point|personne)\b|\bpas (?:de|question)\b|\b(?:not|never|no longer|cannot|neither|nor)\b|n't\b|\bwon t\b|\brenonc|\bannul|\babandonn|\bgive up|\bgave up|\bgiving up|\bcancel|\bno way\b/;
const TAKES_BACK =
  /\b(?:finalement|en fait|plutot|au lieu|revien\w*|en arriere|oubli\w*|laiss\w*|tomber|retir\w*|supprim\w*|arret\w*|change\w*|reflexion|instead|rather|actually|in the end|go back|went back|drop\w*|scrap\w*|forget|second thought\w*|revers\w*|withdraw\w*|undo|scratch)\b/;
const HEDGED =
  /\bpeut etre\b|\bon pourrait\b|\bnous pourrions\b|\bje me demande\b|\beventuellement\b|\bje (?:ne )?sais pas\b|\bpourquoi pas\b|\bimaginons\b|\bmaybe\b|\bperhaps\b|\bi wonder\b|\bwe could\b|\bwe might\b|\bi (?:do not|don t) know\b|\bwhat if\b|\bet si on\b/;

/** Lower case, no accents, typewriter apostrophes. */
const plain = (text: string): string => fold(text).replaceAll('’', "'");
/** The same with apostrophes and hyphens as spaces. */
const spaced = (text: string): string => plain(text).replaceAll(/['\-\s]+/g, ' ');

/** A word that turns a sentence into its opposite: two sentences may say that in different words. */
export const isTurn = (token: Token): boolean => TURNS.test(token.text);

/** Says that something is not so, or no longer. */
export const isNegated = (text: string): boolean => NEGATED.test(plain(text)) || NEGATED.test(spaced(text));

/** Could take something back. */
export const takesBack = (text: string): boolean => isNegated(text) || TAKES_BACK.test(spaced(text));

/** Thinks aloud: nobody has decided or promised. */
export const isHedged = (text: string): boolean => HEDGED.test(spaced(text));

/** Asks. */
export const isQuestion = (text: string): boolean => text.includes('?');

/** A claim that itself says no. */
export const saysNo = (claim: string): boolean =>
  isNegated(claim) ||
  spaced(claim)
    .split(/[^\p{L}\p{N}]+/u)
    .some((word) => TURNS.test(word)) ||
  /\bpas\b|\bno\b/.test(spaced(claim));
