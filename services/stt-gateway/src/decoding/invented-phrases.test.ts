import { describe, expect, test } from 'vitest';
import { isInventedPhrase, isSoundDescription } from './invented-phrases.ts';

/** As Whisper wrote them for silence, music and noise; collected from bug reports of its users. */
const INVENTED = [
  "Sous-titres réalisés para la communauté d'Amara.org",
  "Sous-titres réalisés par la communauté d'Amara.org",
  'Sous-titres par Amara.org',
  'Sous-titres faits par',
  "Sous-titrage ST' 501",
  'Sous-titrage Société Radio-Canada',
  'Sous-titrage FR ?',
  'Sous-titrage MFP.',
  'SousTitreur.com',
  '❤️ par SousTitreur.com',
  'Soustitreur.com',
  'Traduction par Marie',
  'Transcription par',
  "Merci d'avoir regardé cette vidéo !",
  "Merci d'avoir regardé !",
  "Merci à tous d'avoir regardé cette vidéo.",
  'Merci de votre visionnage',
  'Abonnez-vous !',
  'Abonne-toi !',
  "N'oubliez pas de vous abonner à la chaîne",
  "N'oublie pas de t'abonner",
  "N'hésitez pas à vous abonner",
  'Pensez à vous abonner',
  'Likez et abonnez-vous',
  'Mettez un pouce bleu',
  'Activez la petite cloche',
  'Laissez un commentaire',
  'Dites-moi en commentaire',
  'Si cette vidéo vous a plu',
  'À très bientôt pour de nouvelles vidéos',
  'On se retrouve dans la prochaine vidéo',
  'À la prochaine vidéo !',
  'Tous droits réservés.',
  'Thanks for watching!',
  'Thank you for watching.',
  'Thank you so much for watching',
  'Please subscribe.',
  'Like and subscribe!',
  "Don't forget to subscribe",
  'Subscribe to my channel',
  'Subtitles by the Amara.org community',
  'Captions by GetTranscribed.com',
  'Transcribed by https://otter.ai',
  'Transcription by CastingWords',
  "I'll see you in the next video.",
  'See you in the next one',
  '© All rights reserved',
];

/** What people say to an assistant and in meetings, with the same words. */
const SAID = [
  'Merci',
  'Merci beaucoup',
  'Merci de votre attention',
  'Au revoir',
  "Oui, d'accord",
  'Thank you',
  'Je suis abonné depuis un an',
  'Quel est le prix de la vidéo ?',
  'On se retrouve lundi prochain',
  'À bientôt',
  'Il faut traduire le contrat',
  'Je voudrais un abonnement',
  "J'ai regardé cette vidéo hier",
  'La prochaine réunion est jeudi',
  'Leave it below',
];

describe('invented phrases', () => {
  test.each(INVENTED)('"%s" is one', (text) => expect(isInventedPhrase(text)).toBe(true));
  test.each(SAID)('"%s" is none', (text) => expect(isInventedPhrase(text)).toBe(false));

  test('a long sentence is none, whatever it holds', () => {
    expect(isInventedPhrase(`Nos clients nous écrivent souvent qu'il leur est dit : abonnez-vous à la lettre`)).toBe(
      false,
    );
  });
});

describe('sound descriptions', () => {
  test.each([
    '[Musique]',
    '(applaudissements)',
    '*rires*',
    '♪ ♪',
    '♪ la la ♪',
    ' [BLANK_AUDIO] ',
    '(Music) [Applause]',
  ])('"%s" is nothing said', (text) => expect(isSoundDescription(text)).toBe(true));
  test.each(['Musique', 'à 14 h (environ)', 'oui', '', 'non *vraiment* pas'])('"%s" is no such thing', (text) =>
    expect(isSoundDescription(text)).toBe(false),
  );
});
