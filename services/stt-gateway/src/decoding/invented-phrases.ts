import { fold } from '../utterance/fold.ts';

/**
 * What Whisper writes for silence, music and noise: the credits and farewells of the videos it learnt from, folded
 * (utterance/fold.ts). Nothing here is what one says to an assistant or in a meeting; "merci", "au revoir" and "thank
 * you" are left out for that reason. Patterns of whole
 * words; `^` = only at the start, elsewhere people say it.
 */
const PHRASES = [
  // Credits, French
  'sous titres? (realises?|faits?|crees?|traduits?|proposes?)? ?para?',
  'sous titrage (realise|fait|traduit)? ?par',
  'sous titrage (st|s t) ?\\d+',
  'sous titrage (de )?(la )?societe radio canada',
  'sous titrage (fr|mfp|tf1|stf|france televisions)',
  'sous ?titr?eurs? (com|amateurs|fr)',
  'communaute d amara',
  'amara org',
  '^traduction (et sous titrage )?par',
  '^traduit (de l anglais )?par',
  '^transcription (realisee |faite )?par',
  '^adaptation (et sous titrage )?par',
  '^relecture par',
  'realise par la communaute',
  'une production (de )?radio canada',
  'radio canada info',
  'tous droits reserves',
  // Farewells and appeals, French
  'merci (a tous |a toutes et a tous )?(d|de l) ?avoir (regarde|visionne|ecoute|suivi) (cette|ma|notre|la) (video|chaine|emission)',
  'merci d avoir (regarde|visionne)',
  'merci (de|pour) (votre|ton) visionnage',
  '(merci de )?(vous )?(abonnez vous|abonner a la chaine|abonnez a la chaine)',
  'abonne toi',
  'n oubliez? pas de (vous|t|te) ?abonner',
  'n hesitez? pas a (vous|t|te) ?abonner',
  'pense[zr]? a (vous|t|te) ?abonner',
  'likez? (la video|et abonnez vous|et partagez)',
  '(mettez|lachez|laissez|mets) un (petit )?(pouce bleu|pouce en l air|like)',
  'activez? la (petite )?cloche',
  'laissez (moi )?un commentaire',
  'dites (le )?moi (le )?(en|dans les) commentaires?',
  '(si|j espere que) cette video vous a plu',
  'si vous avez aime cette video',
  'a (tres )?bientot pour (une|de) nouvelles? videos?',
  'on se retrouve (dans|pour) (la prochaine|une prochaine|une nouvelle) video',
  '(rendez vous|a) (dans )?la prochaine video',
  'retrouvez (nous|moi) sur (facebook|instagram|twitter|youtube|tipeee)',
  // Credits, English
  '(subtitles|subtitled|subtitling|captions|captioned|captioning) (created )?by',
  'closed captioning',
  'captions? editor',
  '(transcription|transcribed|transcript) by',
  '^(translated|translation) by',
  'otter ai',
  'castingwords',
  'all rights reserved',
  'copyright (c )?\\d{4}',
  // Farewells and appeals, English
  'thanks?( you)?( so| very)?( much)? for (watching|viewing)',
  'thanks? (you )?for listening to (this|my|our) (video|podcast|channel)',
  '(please |like and |comment and )subscribe',
  'subscribe (to|for) (my|our|the|more)',
  '(don t|do not) forget to (like|subscribe)',
  '(hit|ring|click) the (bell|like button|subscribe button)',
  'leave (a|your) comments? (down )?below',
  '(i ll )?see you (guys )?in (the|my|our) next (video|one|episode)',
  'if you (liked|enjoyed) this video',
  'i hope you (liked|enjoyed) this video',
  'link in the description',
] as const;

/** A longer text has been said by somebody, who may speak of subtitles. */
const MAX_LENGTH = 60;

const PATTERN = new RegExp(
  PHRASES.map((phrase) => (phrase.startsWith('^') ? `^ ${phrase.slice(1)} ` : ` ${phrase} `)).join('|'),
);

/** Is the text one of those Whisper invents? Then it must have been heard clearly to be believed. */
export function isInventedPhrase(text: string): boolean {
  if (text.trim().length > MAX_LENGTH) return false;
  return PATTERN.test(` ${fold(text)} `);
}

/** A sound Whisper describes and nobody says: "[Musique]", "(applaudissements)", "*rires*", "♪". */
export function isSoundDescription(text: string): boolean {
  const said = text.replaceAll(/\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪?/gu, '');
  return text.trim() !== '' && fold(said) === '';
}
