/** Verbs by which people decide the same thing in other words, as stems; the first stands for all. */
const GROUPS = [
  'end stop finish termin ceas halt arret cess fin',
  'postpon move moved delay defer push shift report repouss decal differ',
  'choos chosen chose select pick reten retenu retien choix chois',
  'buy bought purchas achet achat acquer',
  'hire recruit recrut embauch',
  'send sent email mail envoi envoy transmet transmettr',
  'writ draft redig ecrir redact',
  'check verifi control',
  'relanc contact chase',
  'drop remov delet scrap',
  'call phone ring appel telephon',
].map((group) => group.split(' '));

const FIRST = new Map(GROUPS.flatMap((group) => group.map((stem) => [stem, group[0] ?? stem] as const)));

/** A stem, or the one that stands for all that mean the same. */
export const meaningOf = (stem: string): string => FIRST.get(stem) ?? stem;
