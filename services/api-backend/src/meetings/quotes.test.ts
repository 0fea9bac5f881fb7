import { describe, expect, it } from 'vitest';
import { findQuote, isSupported } from './quotes.ts';

describe('a quote', () => {
  const text = "Bon, d’accord : on retient l'Offre de Dupont, à 12 000 euros.";

  it('is found whatever its case, accents and punctuation, and given back as it was said', () => {
    expect(findQuote(text, 'on retient l offre de dupont')).toBe("on retient l'Offre de Dupont");
    expect(findQuote(text, "d'accord")).toBe('d’accord');
    expect(findQuote('L’été prochain', 'ete')).toBeUndefined();
    expect(findQuote('L’été prochain', 'ete prochain')).toBe('été prochain');
  });

  it('is not found when a word is missing, added or in another place', () => {
    for (const wrong of ['on retient Dupont', 'retient on', 'offre de Dupont refusée', '', '…', 'on'])
      expect(findQuote(text, wrong), wrong).toBeUndefined();
  });

  it('of one short word counts only when it is all that was said', () => {
    expect(findQuote('Oui.', 'oui')).toBe('Oui');
    expect(findQuote('Oui, mais non.', 'oui')).toBeUndefined();
  });
});

describe('a sentence', () => {
  const support = { cited: 'Le budget est de quinze mille euros. Paul', shown: 'Paul Le budget. Marie' };

  it('that its proof carries stands', () => {
    expect(isSupported('Le budget est de 15 000 euros, dit Paul.', support)).toBe(true);
    expect(isSupported('Le budget a été annoncé par Marie.', support)).toBe(true);
  });

  it('with a name nobody said, a figure nobody gave, or about something else falls', () => {
    expect(isSupported('Le budget a été annoncé par Jacques.', support)).toBe(false);
    expect(isSupported('Jacques a annoncé le budget.', support)).toBe(false);
    expect(isSupported('Rien ne dépasse le budget.', support)).toBe(true);
    expect(isSupported('La salle est réservée.', support)).toBe(false);
    expect(isSupported('Le budget est de 42 euros.', { cited: 'Le budget est de 12 euros', shown: '' })).toBe(false);
    const two = { cited: 'On a deux options pour le budget', shown: '' };
    expect(isSupported('Le budget est de 50 000 euros.', two)).toBe(false);
    expect(isSupported('Il y a 2 options.', two)).toBe(true);
    expect(isSupported('Le budget est de 12000 euros.', { cited: 'Le budget est de 12 000 euros', shown: '' })).toBe(
      true,
    );
  });
});
