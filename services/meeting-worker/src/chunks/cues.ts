import type { Language } from '@eloquence/shared/contracts/ids';

/** Who is to do what a sentence speaks of. */
type Who = 'self' | 'named' | 'addressed' | 'anybody';

/** A way to say that something is to be done. */
export interface Duty {
  readonly who: Who;
  /** A group `name` is whoever is to do it. */
  readonly pattern: RegExp;
  /** Only with a day: "Thomas prépare le devis" tells, "… lundi" plans. Of strangers: who does not take part may be a town. */
  readonly needsDay?: boolean | 'of strangers';
}

/** By what words people decide, promise and ask; on folded text with straight apostrophes. */
interface Cues {
  readonly decision: RegExp;
  readonly retraction: RegExp;
  readonly duties: readonly Duty[];
  /** Somebody is asked to do something. */
  readonly request: RegExp;
  /** Asks for somebody to do it. */
  readonly who: RegExp;
  /** Habits, the past, hearsay, what would be: told, not settled. */
  readonly told: RegExp;
  /** No work: "je vais vous dire". */
  readonly talk: RegExp;
  /** Takes on what somebody has asked. */
  readonly anaphor: RegExp;
  readonly opener: RegExp;
  /** A question is asked with one of these. */
  readonly asks: RegExp;
}

const words = (text: string): string => `(?:${text.trim().split(/\s+/).join('|')})`;
const cue = (text: string): RegExp => new RegExp(text, 'u');
const duty = (who: Who, pattern: string, needsDay: Duty['needsDay'] = false): Duty => ({
  who,
  pattern: cue(pattern),
  needsDay,
});

/** One or two words where a sentence or clause begins; whether they are a name is for the caller to say. */
const NAME = String.raw`(?<name>\p{L}[\p{L}-]+(?: \p{L}[\p{L}-]+)??)`;
const HEAD_FR = String.raw`(?:^|[,;:] ?|\bet |\bmais )`;
const HEAD_EN = String.raw`(?:^|[,;:] ?|\band |\bbut )`;

/** What people are or where they go is no work. */
const STATES_FR = words(`
  etre avoir arriver partir venir revenir rentrer rester aller pouvoir savoir vouloir devoir croire comprendre connaitre attendre penser
  dire voir compter imaginer deviner decouvrir reflechir juger aimer manquer tomber dormir naitre mourir recevoir apprendre perdre souffrir
`);
const FUTURES_OF_STATES_FR = words(`
  sera aura ira viendra reviendra partira arrivera rentrera restera faudra pourra saura voudra devra verra croira comprendra attendra
  pensera dira aimera manquera tombera recevra apprendra perdra souffrira
`);
const DAYS_FR = words('lundi mardi mercredi jeudi vendredi samedi dimanche');
/** Work of offices in the present, as "il", "je" and "tu" say it. */
const DEED_FR = `${words(`
  prepare redige envoie relance appelle rappelle commande reserve verifie fini termine livre corrige teste organise rend contacte ecri publie
  transmet fourni installe configure complete traite regle monte modifie presente negocie gere finalise partage diffuse imprime
`)}(?:s|t)?\\b`;
const WORK_FR = String.raw`(?:(?:me|te|se|nous|vous|le|la|les|lui|leur|y|en|aussi|encore|donc|bien) )*(?:[smtl]')?(?!${STATES_FR}\b)\p{L}{2,}(?:er|ir|re|oir)\b`;
const CHARGED_FR = String.raw`(?:s'(?:en )?occupe(?:ra)?|s(?:e|'en) charge(?:ra)?|(?:est|sera) (?:chargee?|responsable) d[eu'])`;

const STATES_EN = words(`
  be have see know say tell think guess imagine wait leave come go arrive stay love like miss need want remember believe let admit show talk
  retire return turn understand hope look feel
`);
const DEED_EN = words(`
  prepar writ send call order book check finish deliver fix test organi[sz] contact publish forward install complet updat draft review present
  negotiat handl print shar clean
`);
const WORK_EN = String.raw`(?:also |then |just )?(?!${STATES_EN}\b)\p{L}{2,}\b`;
const CHARGED_EN = String.raw`(?:takes care of|is taking care of|handles|is handling|is in charge of|is responsible for)`;

const FR: Cues = {
  decision: cue(
    [
      String.raw`\b(?:on|nous) (?:decide|decidons|retient|retenons|valide|validons|acte|actons|part(?:ons)? (?:sur|la-dessus)|tranche|tranchons|choisit|choisissons|adopte|adoptons|opte|optons|maintient|maintenons|garde|gardons|reporte|reportons)\b(?!-)`,
      String.raw`\b(?:on a|nous avons|a ete|ont) decide|\b(?:on a|nous avons) (?:tous )?(?:choisi|retenu|valide|tranche|adopte|acte)\b`,
      String.raw`\bc'est (?:decide|valide|acte|entendu|arrete|vendu|tranche|adopte|bon pour tout le monde)\b|\bdecision (?:est )?prise\b`,
      String.raw`\bon est (?:bien |tous )?d'accord (?:pour|sur|:)|, on est (?:bien |tous )?d'accord$|\bon se met d'accord ?(?:pour|sur|:)`,
    ].join('|'),
  ),
  retraction:
    /\b(?:on|nous) (?:annule|annulons|renonce|renoncons|abandonne|abandonnons|revient sur|revenons sur|revient en arriere)|\bfinalement\b.*\bne?\b.*\b(?:pas|plus)\b/,
  duties: [
    duty(
      'self',
      String.raw`\bje (?:vais|me charge|m'occupe|m'engage a|ferai|prends en charge)\b|\bje \p{L}{3,}(?:er|ir|tr|dr)ai\b`,
    ),
    duty('self', String.raw`\bc'est moi qui (?:vais|ferai|m'occupe|me charge|${DEED_FR})`),
    duty('self', String.raw`\bje (?:te |vous |t'|lui |leur )(?:envoie|transmet|prepare|redige)s?\b`),
    duty('self', String.raw`\bj(?:e |')(?:te |vous |t'|lui |leur )?${DEED_FR}(?! qu[e'])`, true),
    duty('addressed', String.raw`\bje (?:te|vous) laisse ${WORK_FR}|\bje compte sur (?:toi|vous)\b.* pour ${WORK_FR}`),
    duty('addressed', String.raw`\bc'est (?:toi|vous) qui (?:t'en|vous en|${DEED_FR}|\p{L}+ez\b)`),
    duty('named', String.raw`\baction (?:est )?pour (?<name>.{2,40}?) ?:`),
    duty('named', String.raw`${HEAD_FR}${NAME} (?:doit|devra) ${WORK_FR}`),
    duty('named', String.raw`${HEAD_FR}${NAME} va ${WORK_FR}`, 'of strangers'),
    duty('named', String.raw`${HEAD_FR}${NAME} ${CHARGED_FR}`),
    duty('named', String.raw`\bc'est ${NAME} qui (?:${CHARGED_FR}|(?:doit|va) ${WORK_FR}|${DEED_FR})`),
    duty(
      'named',
      String.raw`\bil (?:faut|faudra) que ${NAME} (?!soit|ait|aille|vienne|parte|reste|puisse|sache)\p{L}+e\b`,
    ),
    duty('named', String.raw`${HEAD_FR}${NAME} (?:a|aura) jusqu'.+ pour ${WORK_FR}`),
    duty(
      'named',
      String.raw`${HEAD_FR}${NAME} (?:l'|le |la |les |vous |te |nous )?(?!${FUTURES_OF_STATES_FR}\b)\p{L}{2,}ra\b`,
      'of strangers',
    ),
    duty('named', String.raw`${HEAD_FR}${NAME} (?:vous |te |nous |lui |leur )?${DEED_FR}`, true),
    duty(
      'anybody',
      String.raw`\b(?:il faut|il va falloir|il faudra|on doit|nous devons) (?!que\b|pas\b|bien\b)${WORK_FR}`,
    ),
  ],
  request: cue(
    [
      String.raw`\b(?:tu|vous) (?:peux|pouvez|pourrais|pourriez|t'en (?:charges|occupes)|vous en (?:chargez|occupez))\b`,
      String.raw`\b(?:peux-tu|pouvez-vous|pourrais-tu|pourriez-vous)\b`,
      String.raw`\btu (?:me |m'|nous |lui |leur )(?:${DEED_FR}|fais (?:une?|les?|la)\b)`,
    ].join('|'),
  ),
  who: /^(?:et )?qui (?:peut|va|veut|s'occupe|se charge)\b/,
  told: cue(
    [
      String.raw`\b(?:d'habitude|toujours|souvent|parfois|rarement|en general|normalement|a l'epoque|autrefois|hier|derni(?:er|ere)s?|il parait)\b`,
      String.raw`\b(?:chaque|(?:tous|toutes) les) (?:jour|semaine|mois|annee|an|fois|trimestre|matin|soir|${DAYS_FR})|\b(?:le ${DAYS_FR}|les ${DAYS_FR}s)\b(?! (?:\d|prochain))`,
      String.raw`\b(?:dit|disent|disait|crois|croit|pense|pensent|annonce|pretend|raconte|parait) qu[e']`,
      String.raw`\b(?:si\b|s'ils?\b(?! (?:te|vous) plait))|\b(?:imagin|suppos)(?:e|ons|ez)\b`,
    ].join('|'),
  ),
  talk: /\b(?:je vais|il faut|il faudra|il va falloir|on doit|nous devons) (?:vous |te |le |y |bien |aussi |etre |avoir )*(?:dire|voir|savoir|expliquer|commencer|revenir|parler|laisser|essayer|etre|avoir|reconnaitre|admettre|avouer|passer|finir (?:par|sur|avec|la\b)|penser|attendre|noter que|bien|mieux)\b/,
  anaphor: /\bje (?:m'en|le|la|les|l') ?(?:charge|occupe|fais|ferai|prends|vais)|\bje vais (?:le|la|les|m'en) \p{L}+/u,
  opener:
    /^(?:(?:oui|non|alors|donc|bon|bien|ok|d'accord|voila|et|mais|du coup|en fait|bref|eh bien|euh|ecoutez)[,\s]+)+/i,
  asks: /\b(?:qui|que|qu'est|quoi|quel|quelle|quels|quelles|quand|ou|comment|combien|pourquoi|est-ce|faut-il|peut-on|doit-on|a-t-on|\p{L}+-(?:t-)?(?:on|il|elle|ils|elles|nous|vous|tu|je))\b/u,
};

const EN: Cues = {
  decision: cue(
    [
      String.raw`\bwe (?:have |ve |'ve )?decided?\b|\bwe (?:all )?agreed?\b(?! with)`,
      String.raw`\bwe (?:approve|choose|adopt|select|postpone|settle on|stick with|keep (?!\p{L}+ing\b))`,
      String.raw`\bwe(?:'re| are) (?:going with|keeping|choosing|adopting|approving|postponing|sticking with|settling on)\b`,
      String.raw`\bwe(?:'ve| have) (?:all )?(?:agreed|chosen|approved|picked|adopted|selected|settled on)\b`,
      String.raw`\b(?:it is|it's|that is|that's) (?:decided|agreed|settled|approved)\b|\bdecision (?:is|was) (?:made|taken)\b|\bwe(?:'ll| will) go with\b`,
    ].join('|'),
  ),
  retraction:
    /\bwe (?:cancel|give up|drop|abandon|no longer)\b|\b(?:in the end|finally|actually)\b.*\bwe (?:will not|won't|do not|don't)\b|\bgo back on\b|\bon second thought\b/,
  duties: [
    duty('addressed', String.raw`\bi(?:'ll| will)? let you ${WORK_EN}|\bi(?:'ll| will)? leave it to you to ${WORK_EN}`),
    duty('addressed', String.raw`(?:^|, )please ${DEED_EN}e?\b|\bcount(?:ing)? on you to ${WORK_EN}`),
    duty('self', String.raw`\bi(?:'ll| will| shall| am going to|'m going to) ${WORK_EN}|\blet me take (?:that|care)\b`),
    duty('self', String.raw`\bi(?:'m| am) (?:taking care of|handling)\b`),
    duty('self', String.raw`\bi(?:'m| am) ${DEED_EN}ing\b`, true),
    duty('named', String.raw`\baction is for (?<name>.{2,40}?) ?:`),
    duty(
      'named',
      String.raw`${HEAD_EN}${NAME}(?:'ll| will| has to| needs to| must| is going to|'s going to) ${WORK_EN}`,
    ),
    duty('named', String.raw`${HEAD_EN}${NAME} ${CHARGED_EN}`),
    duty('named', String.raw`\bit(?:'s| is) ${NAME} who (?:${CHARGED_EN}|${DEED_EN}e?s\b)`),
    duty('named', String.raw`${HEAD_EN}${NAME} has until .+ to ${WORK_EN}`),
    duty('named', String.raw`${HEAD_EN}${NAME}(?: is|'s)? ${DEED_EN}(?:e?s|ing)\b`, true),
    duty('anybody', String.raw`\b(?:we|somebody|someone) (?:need to|needs to|have to|has to|must) ${WORK_EN}`),
  ],
  request: /\b(?:can|could|will|would) you\b|\bwill you take care\b/,
  who: /^(?:and )?who (?:can|will|wants to|takes)\b/,
  told: /\b(?:usually|always|often|sometimes|rarely|normally|generally|(?:every|each) (?:day|week|month|year|time|quarter|morning|\p{L}+day)|back then|yesterday|ago|last (?:year|month|week|time|quarter)|apparently|says|said|thinks|claims|i heard|(?:mon|tues|wednes|thurs|fri)days|if|suppose|imagine)\b/u,
  talk: /\b(?:will|'ll|going to|need to|have to|has to|must) (?:also |just |be |have )*(?:say|see|know|tell you|explain|begin|start with|come back|talk|try|admit|be|have|show you|wait|think|pass|finish (?:by|with|on)|mention)\b/,
  anaphor: /\bi(?:'ll| will| can| am going to) (?:do|take care of|handle|take) (?:it|that|this|them)\b/,
  opener: /^(?:(?:yes|no|so|well|okay|ok|right|and|but|actually|now|then)[,\s]+)+/i,
  asks: /^(?:[^\s,]+[, ]+){0,3}(?:who|what|which|when|where|how|why|do|does|did|is|are|should|can|could|will|would|must|has|have|shall)\b/,
};

export const CUES: Readonly<Record<Language, Cues>> = { fr: FR, en: EN };
