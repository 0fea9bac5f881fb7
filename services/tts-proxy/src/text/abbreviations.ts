/**
 * Words that are written before a dot without ending a sentence, lower case and without their last dot. French and English
 * together: answers mix them.
 */

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/u));
}

/** Something always follows: a name, a number, an example. */
export const NEVER_LAST = words(
  'm mm mme mmes mlle mlles mgr me dr drs pr st ste sts stes mr mrs ms messrs prof rev capt cdt gén gen lt sgt sen gov ' +
    'cf p pp fig chap vol tél tel réf ref éd p.ex par.ex env approx av bd bld blvd boul rte ' +
    'c.-à-d c-à-d càd e.g eg i.e ie viz vs ap apr n.b nb p.s ps n nº sect § hab dép appt apt adr trad resp',
);

/** May be the last word: a capital letter, a quote or a new line after it begins a sentence, anything else goes on. */
export const LAST_BEFORE_CAPITAL = words(
  'etc a.m p.m am pm no nos max min sec h s km kg cm mm janv févr fév avr juil sept oct nov déc jan feb mar jun jul aug sep dec ' +
    'lun mer jeu ven sam dim mon tue tues wed thu thur thurs fri sat sun ht ttc svp stp qqch qqn',
);

/** May be the last word, but names with a capital follow as often: only a word that begins sentences, or a new line, ends it. */
export const LAST_BEFORE_STARTER = words(
  'inc ltd co corp bros jr sr esq dept ph.d plc llc sté ets cie art col ex al me dir coll',
);

/** Words sentences begin with, and names do not. */
export const STARTERS = words(
  'il elle ils elles on je nous vous tu ce cet cette ces c un une des les mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ' +
    'et mais ou or donc car puis ensuite alors ainsi enfin après avant pour par avec sans dans sur si quand comme lorsque parce bien oui non ' +
    'merci voici voilà pourquoi comment que qui quel quelle quels quelles où est-ce y j l d qu n s ' +
    'the it he she we you they i this that these those and but so then there here what when where who why how if in on at as for with ' +
    'after before from is are was do does did can could will would yes no not my your his her our their let please thank thanks now',
);
