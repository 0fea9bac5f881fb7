import { expect, describe, it, test } from 'vitest';
import { isSupported } from './quotes.ts';

const PEOPLE = ['Paul', 'Marie', 'Julie'];

/** Whether a sentence stands on words of Paul's. */
const stands = (sentence: string, said: string, language: 'fr' | 'en' = 'fr'): boolean =>
  isSupported(sentence, { language, cited: [{ text: said, name: 'Paul' }], shown: [said], people: PEOPLE });

describe('a sentence of an answer', () => {
  const budget = 'Le budget est de quinze mille euros.';

  it('that its proof carries stands', () => {
    expect(stands('Le budget est de 15 000 euros, dit Paul.', budget)).toBe(true);
    expect(stands('Le budget a été annoncé par Marie.', budget)).toBe(true);
    expect(stands('Tout tient dans le budget.', budget)).toBe(true);
    expect(stands('Il y a 2 options.', 'On a deux options pour le budget')).toBe(true);
    expect(stands('Deux décisions concernent le budget.', budget)).toBe(true);
    expect(stands('Le budget est de 12000 euros.', 'Le budget est de 12 000 euros')).toBe(true);
  });

  it('with a name nobody said, a figure nobody gave, or about something else falls', () => {
    expect(stands('Le budget a été annoncé par Jacques.', budget)).toBe(false);
    expect(stands('Jacques a annoncé le budget.', budget)).toBe(false);
    expect(stands('La salle est réservée.', budget)).toBe(false);
    expect(stands('Le budget est de 42 euros.', 'Le budget est de 12 euros')).toBe(false);
    expect(stands('Le budget est de 50 000 euros.', 'On a deux options pour le budget')).toBe(false);
  });
});

test.each([
  ['fr', 'Paul paie Julie pour les photos.', 'Julie paie Paul pour les photos.'],
  ['fr', 'Le client a convaincu la directrice.', 'La directrice a convaincu le client.'],
  ['fr', 'On garde le stand de Lyon, pas celui de Metz.', 'Le stand de Metz est gardé.'],
  ['fr', 'On ne signe pas avec Delmas.', 'Le contrat est signé avec Delmas.'],
  ['fr', 'On signe avec Delmas.', 'On ne signe pas avec Delmas.'],
  ['fr', 'Personne ne veut changer de salle.', 'Il faut changer de salle.'],
  ['fr', 'Lille ouvre en mai, Rennes en juin.', 'Rennes ouvre en mai.'],
  ['fr', 'Pour la plaquette, pas Marie, Julie.', 'Marie fait la plaquette.'],
  [
    'fr',
    'Le budget de Lille est de 15 000 euros, celui de Rennes de 9 000.',
    'Le budget de Rennes est de 15 000 euros.',
  ],
  ['en', 'Paul pays Julie for the photos.', 'Julie pays Paul for the photos.'],
  ['en', 'We do not sign with Delmas.', 'The contract is signed with Delmas.'],
  ['en', 'We keep the London office and close the Leeds one.', 'The London office closes.'],
] as const)('%s: on "%s" no "%s" stands', (language, said, sentence) => {
  expect(stands(sentence, said, language)).toBe(false);
});

test.each([
  ['fr', 'Paul paie Julie pour les photos.', 'Julie est payée par Paul.'],
  ['fr', 'On garde le stand de Lyon, pas celui de Metz.', 'Le stand de Lyon est gardé.'],
  ['fr', 'On ne signe pas avec Delmas.', 'Non, vous ne signez pas avec Delmas.'],
  ['fr', 'Lille ouvre en mai, Rennes en juin.', 'Rennes ouvre en juin.'],
  ['fr', 'Le devis, je l’envoie mardi à Julie.', 'Paul envoie le devis à Julie mardi.'],
  ['fr', 'Bon, on part sur l’offre de Delmas, à 12 000 euros.', 'L’offre de Delmas a été retenue, pour 12 000 euros.'],
  ['fr', 'La prochaine réunion, c’est mardi à 10 heures.', 'La prochaine réunion a lieu mardi à 10 h.'],
  ['en', 'We keep the London office and close the Leeds one.', 'The Leeds office will be closed.'],
  ['en', 'I will send the quote to Julie on Tuesday.', 'Paul sends the quote to Julie on Tuesday.'],
] as const)('%s: on "%s" stands "%s"', (language, said, sentence) => {
  expect(stands(sentence, said, language)).toBe(true);
});
