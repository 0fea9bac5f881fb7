import type { Language } from '../../contracts/ids.ts';
import { saysOpposite } from './opposites.ts';
import { fold, type Token } from './words.ts';

/** Words that turn what is said into its opposite; without accents. */
const TURNS =
  /^(?:non|aucun|aucune|jamais|sans|renonc\w*|annul\w*|abandonn\w*|refus\w*|rejet\w*|retir\w*|supprim\w*|arret\w*|ecart\w*|cancel\w*|abandon\w*|reject\w*|refus\w*|withdr\w*|drop\w*|stop\w*|without|never|none)$/;
/** Says that something is not so; what only sounds so is left out case by case. */
const DENIED = new RegExp(
  [
    String.raw`\bn(?:e|')\s?\b.{0,40}?\b(?:plus|jamais|rien|aucun|aucune|point|personne|ni)\b`,
    // "Pas" denies with and without "ne", as people speak; "n'est-ce pas" and "pas mal" do not.
    String.raw`(?<!\b(?:un|le|les|au|premier|est ce|est-ce|pourquoi) )\bpas\b(?! mal\b)`,
    String.raw`\b(?:not|never|no longer|cannot|neither|nor|no way)\b`,
    String.raw`n't\b|\b(?:won|don|didn|doesn|isn|wasn|aren|can|couldn|shouldn) t\b`,
    String.raw`\baucune?\b.{0,60}\bn(?:e\b|')`,
    String.raw`\bno (?!longer|doubt|problem|worries|objection|later|sooner|more than|less than|matter)\w`,
    String.raw`\bhors de question\b|\b(?:suis|sommes|est|sont) contre\b|\bfailli\b`,
    String.raw`\bout of the question\b|\b(?:am|are|is|m|re) against\b|\bhardly\b`,
    String.raw`\bpersonne n(?:e\b|')(?!est contre| ?s'oppose)`,
    String.raw`\b(?:nobody|no one)\b(?! (?:objects?|minds?|disagrees?|is against)\b)`,
  ].join('|'),
);
/** Verbs that say that something is not done; a claim and its proof may share them. */
const UNDOING = /\b(?:renonc|annul|abandon|refus|rejet|cancel|scrap|reject)|\b(?:give|gave|giving) up\b/g;
const TAKES_BACK =
  /\b(?:finalement|en fait|plutot|au lieu|revien\w*|en arriere|oubli\w*|laiss\w*|tomber|retir\w*|supprim\w*|arret\w*|change\w*|reflexion|instead|rather|actually|in the end|go back|went back|drop\w*|scrap\w*|forget|second thought\w*|revers\w*|withdraw\w*|undo|scratch)\b/;
const HEDGED =
  /\bpeut etre\b|\bon pourrait\b|\bnous pourrions\b|\bje me demande\b|\beventuellement\b|\bje (?:ne )?sais pas\b|\bpourquoi pas\b|\bimaginons\b|\bmaybe\b|\bperhaps\b|\bi wonder\b|\bwe could\b|\bwe might\b|\bi (?:do not|don t) know\b|\bwhat if\b|\bet si on\b/;

/** One person's idea until somebody takes it up. */
const PROPOSED =
  /\bje (?:vous |te |nous )?(?:propos|sugger|recommand|conseill)\w*|\b(?:ce serait|ca serait) bien\b|\bi(?: would| d)? (?:suggest|propose|recommend)\b|\bhow about\b/;
/** "Si le budget passe, …": nothing is decided yet. */
const CONDITIONAL =
  /^\W*(?:(?:et|donc|alors|mais|and|so|but|then) )*(?:si|if|s ils?) (?!si\b|(?:on veut|tu veux|vous voulez|ca (?:te|vous) va|(?:te|vous) plait|besoin|possible|you (?:want|like))\b)/;
const AGREES =
  /\b(?:oui|ouais|d'?\s?accord|ok|okay|parfait|entendu|valide|vendu|tres bien|bonne idee|ca marche|ca me va|on y va|yes|yeah|sure|agree[ds]?|fine|perfect|good idea|let s do (?:it|that)|sounds good)\b/;
/** Says no to what was said just before. "Non mais", "non, c'est bien" are only ways to begin. */
const REFUSES =
  /^\W*(?:(?:ah|oh|euh|ben|bah|mais|well|but|desole|sorry) )*(?:non|no|nope|jamais|never|certainement pas|surtout pas|absolument pas|pas question|hors de question|not|i (?:can|could|will|do|would)(?: ?not| t)|i won t|we (?:can|could|will|are)(?: ?not| t)|we won t|(?:je|j|on|nous) (?:ne |n )?(?:peux|peut|pouvons|vais|va|allons|veux|veut|pourrai|pourra) pas)\b(?! (?:mais|plus|seulement|only|problem|doubt|worries|wonder|objection|souci|probleme)\b)/;
/** Asks, as people speak who do not write marks. */
const OPENS_QUESTION =
  /^\W*(?:(?:et|donc|alors|mais|bon|and|so|but|well|okay|ok|then) )*(?:est ce qu|faut il|doit on|peut on|va t on|should (?:we|i|they)|shall we|do we|does|did|can we|could we|must we|are we|will we|is it)\b/;

const ASKING =
  /\b(?:qui|quoi|quel|quelle|quels|quelles|quand|comment|combien|pourquoi|est ce|faut il|peut on|doit on|savoir|sait|question|demande|who|what|which|when|where|how|why|whether|do we|does|should we|can we|must we|is there|are there|wonder|know)\b/;

/** Lower case, no accents, typewriter apostrophes. */
const plain = (text: string): string => fold(text).replaceAll('’', "'");
/** The same with apostrophes and hyphens as spaces. */
const spaced = (text: string): string => plain(text).replaceAll(/['\-\s]+/g, ' ');

/** A word that turns a sentence into its opposite: two sentences may say that in different words. */
export const isTurn = (token: Token): boolean => TURNS.test(token.text);

/** Says that something is not so. */
const denies = (text: string): boolean => DENIED.test(plain(text)) || DENIED.test(spaced(text));
const undoingIn = (text: string): string[] => [...spaced(text).matchAll(UNDOING)].map(([verb]) => verb);

/** Says that something is not so, or no longer. */
export const isNegated = (text: string): boolean => denies(text) || undoingIn(text).length > 0;

/** Whether a claim says the opposite of the words it rests on: one denies, or undoes, what the other does not. */
export function contradicts(claim: string, said: string, language: Language): boolean {
  if (saysOpposite(claim, said, language)) return true;
  const [inClaim, inSaid] = [undoingIn(claim), undoingIn(said)];
  const isClaimNegative = denies(claim) || inClaim.some((verb) => !inSaid.includes(verb));
  const isSaidNegative = denies(said) || inSaid.some((verb) => !inClaim.includes(verb));
  return isClaimNegative !== isSaidNegative;
}

/** Could take something back. */
export const takesBack = (text: string): boolean => isNegated(text) || TAKES_BACK.test(spaced(text));

/** Thinks aloud: nobody has decided or promised. */
export const isHedged = (text: string): boolean => HEDGED.test(spaced(text));

/** Says what one would like, or what would be if: others have yet to agree. */
export const isProposed = (text: string): boolean => PROPOSED.test(spaced(text)) || isConditional(text);

/** What would be done if: nobody has promised it. */
export const isConditional = (text: string): boolean => CONDITIONAL.test(spaced(text)) && !AGREES.test(spaced(text));

export const agrees = (text: string): boolean => AGREES.test(spaced(text)) && !refuses(text);

/** Says no to what was said just before. */
export const refuses = (text: string): boolean => REFUSES.test(spaced(text)) && !AGREES.test(spaced(text));

/** Asks. */
export const isQuestion = (text: string): boolean => text.includes('?') || OPENS_QUESTION.test(spaced(text));

/** Asks, or says that something is not known. */
export const isAsking = (text: string): boolean => isQuestion(text) || ASKING.test(spaced(text));
