import type { Language } from '../../contracts/ids.ts';

const set = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words, without accents, that carry nothing to be proved: grammar, light verbs, and what minutes are called. */
export const STOP_WORDS: Readonly<Record<Language, ReadonlySet<string>>> = {
  fr: set(`
    a à ai aie ainsi alors apres as au aucun aucune aujourd aussi autre autres aux avait avaient avant avec avez avoir avons ayant
    bah bien bon car ce ceci cela celle celles celui ces cet cette ceux chaque chez ci comme comment concernant d dans de deja depuis
    des doit doivent donc dont du elle elles en encore enfin entre es est et etait etaient etant ete etes etre eu eux fait faire fais
    faites faut font hui ici il ils j je jusqu jusque l la le les leur leurs lors lorsque lui ma mais me meme memes mes mieux moi
    moins mon ne ni nos notre nous on ont ou oui par parce pas pendant peu peut peuvent plus plusieurs pour pourquoi pourrait puis
    puisque qu quand que quel quelle quelles quels qui quoi sa sans se sera seront serait ses si soit son sont sous sur ta tandis te
    tel telle tes toi ton tous tout toute toutes tres trop tu un une va vais vas vers voici voila vont vos votre vous y etre avoir
    decision decisions decide decider decidee decidees decidons action actions question questions point points sujet sujets reunion idee
    participant participants participante discussion tache taches equipe confirme valide validee personne quelqu
  `),
  en: set(`
    a about after again all also am an and any are as at be because been before being both but by can could did do does doing done
    down during each else even few for from further get gets going got had has have having he her here hers him his how i if in into
    is it its itself just ll let lets like m may me might more most must my no nor not now of off on once one only or other our ours
    out over own per re really s same shall she should so some such t than that the their them then there these they this those to
    too under until up us ve very was we were what when where which whether while who whom whose why will with would yes you your yours
    decision decisions decide decided decides action actions question questions point points subject topic topics meeting
    participant participants discussion task tasks team confirmed agreed agree idea give gives giving longer back somebody someone anybody everyone
  `),
};
