import type { ChunkAnswer } from '@eloquence/shared/contracts/meeting-llm';
import { describe, expect, test } from 'vitest';
import { lines, NOTHING, passage } from '../test-support/passages.ts';
import { verifyAnswer } from './verify-answer.ts';

/** The last two are what a check by words does not see: known, and listed so that nobody takes them for settled. */
type Verdict = 'stands' | 'falls' | 'passes though false' | 'falls though true';
type Claim = readonly [
  verdict: Verdict,
  kind: 'action' | 'decision' | 'highlight',
  text: string,
  cites: readonly number[],
  owner?: string | null,
  due?: string,
];

/** What a model made of these talks, true and false; written before anybody looked at what the checks do. */
const TALKS: readonly {
  readonly language: 'fr' | 'en';
  readonly said: readonly string[];
  readonly claims: readonly Claim[];
}[] = [
  {
    language: 'fr',
    said: [
      'marie: Sophie a préparé le budget l’an dernier, cette année c’est Nadia.',
      'karim: D’accord, et Nadia le rend le 6 février.',
      'sophie: Pour la plaquette, pas Paul, Julie.',
      'marie: Le stand, Paul le réserve… enfin non, Julie, il est en congé.',
      'karim: Moi je relance l’imprimeur jeudi, et Sophie les traducteurs vendredi.',
    ],
    claims: [
      ['falls', 'action', 'Préparer le budget', [1], 'Sophie'],
      ['stands', 'action', 'Préparer le budget', [1], 'Nadia'],
      ['stands', 'action', 'Rendre le budget', [1, 2], 'Nadia', 'le 6 février'],
      ['falls', 'action', 'Faire la plaquette', [3], 'Paul'],
      ['stands', 'action', 'S’occuper de la plaquette', [3], 'Julie'],
      ['falls', 'action', 'Réserver le stand', [4], 'Paul'],
      ['falls though true', 'action', 'Réserver le stand', [4], 'Julie'],
      ['falls', 'action', 'Relancer l’imprimeur', [5], 'Sophie', 'jeudi'],
      ['falls', 'action', 'Relancer l’imprimeur', [5], 'Karim', 'vendredi'],
      ['stands', 'action', 'Relancer l’imprimeur', [5], 'Karim', 'jeudi'],
      ['stands', 'action', 'Relancer les traducteurs', [5], 'Sophie', 'vendredi'],
      ['falls', 'action', 'Relancer les traducteurs', [5], 'Karim', 'vendredi'],
    ],
  },
  {
    language: 'fr',
    said: [
      'karim: Delmas nous rachète deux machines d’occasion.',
      'sophie: Et nous, on leur facture 4 200 euros la pièce, contre 3 800 pour Corvin.',
      'marie: On décide de garder le fournisseur de Lyon et d’arrêter celui de Nantes.',
      'marie2: Donc le contrat de Nantes s’arrête fin mars et celui de Lyon est prolongé de deux ans.',
      'karim: La directrice a convaincu le client, pas l’inverse.',
    ],
    claims: [
      ['falls', 'highlight', 'Nous rachetons deux machines d’occasion à Delmas', [1]],
      ['stands', 'highlight', 'Delmas nous rachète deux machines d’occasion', [1]],
      ['falls', 'highlight', 'On facture 4 200 euros la pièce à Corvin', [2]],
      ['falls', 'highlight', 'Corvin paie 4 200 euros la pièce', [2]],
      ['stands', 'highlight', 'La pièce est à 3 800 euros pour Corvin', [2]],
      ['falls', 'decision', 'Garder le fournisseur de Nantes et arrêter celui de Lyon', [3]],
      ['falls', 'decision', 'Arrêter le fournisseur de Lyon', [3]],
      ['stands', 'decision', 'Garder le fournisseur de Lyon', [3]],
      ['stands', 'decision', 'Arrêter le fournisseur de Nantes', [3]],
      ['falls', 'decision', 'Prolonger le contrat de Nantes de deux ans', [4]],
      ['falls', 'highlight', 'Le client a convaincu la directrice', [5]],
      ['stands', 'highlight', 'La directrice a convaincu le client', [5]],
    ],
  },
  {
    language: 'fr',
    said: [
      'marie: On ne signe pas avec Orphée tant que le juriste n’a pas relu.',
      'karim: Le juriste relit mercredi.',
      'sophie: En revanche on signe avec Bastide dès aujourd’hui.',
      'marie2: La livraison du 12 concerne les écrans, celle du 19 les claviers.',
      'karim: On embauche trois alternants, pas cinq.',
      'sophie: Personne ne veut déplacer l’atelier à Bordeaux.',
      'marie: Je ne m’oppose pas au télétravail le vendredi.',
    ],
    claims: [
      ['falls', 'decision', 'Signer avec Orphée', [1]],
      ['falls', 'decision', 'Signer avec Orphée dès aujourd’hui', [1, 3]],
      ['stands', 'decision', 'Signer avec Bastide dès aujourd’hui', [3]],
      ['falls', 'decision', 'Ne pas signer avec Bastide', [3]],
      ['stands', 'decision', 'Ne pas signer avec Orphée tant que le juriste n’a pas relu', [1]],
      ['falls', 'action', 'Relire le contrat', [2], 'Karim', 'mercredi'],
      ['falls', 'highlight', 'Les claviers sont livrés le 12', [4]],
      ['falls', 'highlight', 'Livraison des écrans le 19', [4]],
      ['stands', 'highlight', 'Les écrans sont livrés le 12', [4]],
      ['stands', 'highlight', 'Les claviers sont livrés le 19', [4]],
      ['falls', 'decision', 'Embaucher cinq alternants', [5]],
      ['stands', 'decision', 'Embaucher trois alternants', [5]],
      ['falls', 'decision', 'Déplacer l’atelier à Bordeaux', [6]],
      ['falls', 'highlight', 'Marie s’oppose au télétravail le vendredi', [7]],
    ],
  },
  {
    language: 'fr',
    said: [
      'sophie: Karim devait rappeler la mairie, il ne l’a pas fait.',
      'marie: Alors c’est moi qui rappelle la mairie demain.',
      'karim: Le rapport de sécurité, Sophie l’a déjà envoyé lundi dernier.',
      'sophie: Si Nadia accepte, elle animera le séminaire de juin.',
      'marie2: Le client voulait que Karim vienne sur place, on a refusé.',
      'karim: Et si on commandait cent chaises de plus ?',
      'marie: Non, vingt suffisent, commande vingt chaises.',
    ],
    claims: [
      ['falls', 'action', 'Rappeler la mairie', [1], 'Karim'],
      ['stands', 'action', 'Rappeler la mairie', [2], 'Marie Dupont', 'demain'],
      ['falls', 'action', 'Rappeler la mairie', [1, 2], 'Karim', 'demain'],
      ['falls', 'action', 'Envoyer le rapport de sécurité', [3], 'Sophie', 'lundi'],
      ['falls', 'action', 'Animer le séminaire de juin', [4], 'Nadia'],
      ['falls', 'action', 'Venir sur place', [5], 'Karim'],
      ['falls', 'decision', 'Commander cent chaises de plus', [6]],
      ['falls', 'action', 'Commander cent chaises', [6, 7], null],
      ['stands', 'action', 'Commander vingt chaises', [7], null],
    ],
  },
  {
    language: 'fr',
    said: [
      'marie2: On retient l’option A pour Lille et l’option C pour Rennes.',
      'karim: Le budget de Lille est de 15 000 euros, celui de Rennes de 9 000.',
      'sophie: Rennes ouvre en mai, Lille seulement en septembre.',
      'marie: Pour Rennes je cherche les locaux, Karim cherche ceux de Lille.',
      'sophie: J’écris à la banque à la place de Karim.',
      'karim: Ce n’est plus à moi de suivre les stocks, c’est à Sophie maintenant.',
      'marie: Nadia remplace Paul au support à partir de lundi.',
    ],
    claims: [
      ['falls', 'decision', 'Retenir l’option C pour Lille', [1]],
      ['stands', 'decision', 'Retenir l’option A pour Lille', [1]],
      ['stands', 'decision', 'Retenir l’option C pour Rennes', [1]],
      ['falls', 'highlight', 'Le budget de Rennes est de 15 000 euros', [2]],
      ['stands', 'highlight', 'Le budget de Rennes est de 9 000 euros', [2]],
      ['falls', 'highlight', 'Lille ouvre en mai', [3]],
      ['stands', 'highlight', 'Lille ouvre en septembre', [3]],
      ['falls', 'action', 'Chercher les locaux de Rennes', [4], 'Karim'],
      ['stands', 'action', 'Chercher les locaux de Rennes', [4], 'Marie Dupont'],
      ['falls', 'action', 'Écrire à la banque', [5], 'Karim'],
      ['stands', 'action', 'Écrire à la banque', [5], 'Sophie'],
      ['falls', 'action', 'Suivre les stocks', [6], 'Karim'],
      ['falls though true', 'action', 'Suivre les stocks', [6], 'Sophie'],
      ['falls', 'highlight', 'Paul remplace Nadia au support à partir de lundi', [7]],
      ['stands', 'highlight', 'Nadia remplace Paul au support à partir de lundi', [7]],
    ],
  },
  {
    language: 'en',
    said: [
      'marie: Paul handled the audit last time, this time Julie does it.',
      'karim: Fine. Not Sophie for the slides, me.',
      'sophie: Karim was going to call the bank, but I will do it.',
      'marie2: We keep the London office and close the Leeds one.',
      'karim: The vendor owes us 300 pounds, we owe them 120.',
      'sophie: We do not ship before the tests pass.',
      'marie: Nobody agreed to the new pricing.',
    ],
    claims: [
      ['falls', 'action', 'Handle the audit', [1], 'Paul'],
      ['stands', 'action', 'Handle the audit', [1], 'Julie'],
      ['falls', 'action', 'Prepare the slides', [2], 'Sophie'],
      ['falls though true', 'action', 'Do the slides', [2], 'Karim'],
      ['falls', 'action', 'Call the bank', [3], 'Karim'],
      ['stands', 'action', 'Call the bank', [3], 'Sophie'],
      ['falls', 'decision', 'Close the London office', [4]],
      ['falls', 'decision', 'Keep the Leeds office', [4]],
      ['stands', 'decision', 'Keep the London office', [4]],
      ['stands', 'decision', 'Close the Leeds office', [4]],
      ['falls', 'highlight', 'We owe the vendor 300 pounds', [5]],
      ['stands', 'highlight', 'The vendor owes us 300 pounds', [5]],
      ['falls', 'decision', 'Ship before the tests pass', [6]],
      ['stands', 'decision', 'Do not ship before the tests pass', [6]],
      ['falls', 'decision', 'Agree to the new pricing', [7]],
    ],
  },
  {
    language: 'en',
    said: [
      'karim: Sophie paid Julie for the catering.',
      'sophie: I book the flights on Tuesday and Marie Lefèvre books the hotel on Thursday.',
      'marie2: Right, the hotel for twelve people, the flights for nine.',
      'marie: Instead of Karim, Nadia writes the newsletter from now on.',
      'karim: The team in Oslo trains the team in Bergen.',
      'sophie: We decided to raise the price of the basic plan, the premium plan stays as it is.',
      'marie: Could we hire a second designer?',
      'karim: Not this year.',
    ],
    claims: [
      ['falls', 'highlight', 'Julie paid Sophie for the catering', [1]],
      ['stands', 'highlight', 'Sophie paid Julie for the catering', [1]],
      ['falls', 'action', 'Book the hotel', [2], 'Sophie', 'Thursday'],
      ['falls', 'action', 'Book the flights', [2], 'Sophie', 'Thursday'],
      ['stands', 'action', 'Book the flights', [2], 'Sophie', 'Tuesday'],
      ['stands', 'action', 'Book the hotel', [2], 'Marie Lefèvre', 'Thursday'],
      ['falls', 'action', 'Book the flights for twelve people', [2, 3], 'Sophie'],
      ['falls', 'action', 'Write the newsletter', [4], 'Karim'],
      ['stands', 'action', 'Write the newsletter', [4], 'Nadia'],
      ['passes though false', 'highlight', 'The team in Bergen trains the team in Oslo', [5]],
      ['stands', 'highlight', 'The team in Oslo trains the team in Bergen', [5]],
      ['passes though false', 'decision', 'Raise the price of the premium plan', [6]],
      ['stands', 'decision', 'Raise the price of the basic plan', [6]],
      ['falls', 'decision', 'Hire a second designer', [7]],
      ['falls', 'decision', 'Hire a second designer this year', [7, 8]],
    ],
  },
  {
    language: 'fr',
    said: [
      'karim: Bon, pour le salon, Sophie prend le stand et moi je m’occupe des badges, on fait ça avant le 10 mars.',
      'sophie: Oui, et le traiteur, Marie Lefèvre l’a réservé, donc c’est réglé, il reste juste les fleurs à commander.',
      'marie: Je commande les fleurs demain, et Karim, tu peux appeler le transporteur mercredi ?',
      'karim: Ça marche, je l’appelle mercredi matin.',
      'marie2: L’ancien tarif était de 80 euros, le nouveau est de 95 euros.',
      'sophie: On a perdu Bastide mais on a gagné Orphée, ce qui compense largement.',
    ],
    claims: [
      ['stands', 'action', 'Prendre le stand pour le salon', [1], 'Sophie'],
      ['stands', 'action', 'S’occuper des badges', [1], 'Karim'],
      ['falls', 'action', 'S’occuper des badges', [1], 'Sophie'],
      ['falls', 'action', 'Réserver le traiteur', [2], 'Marie Lefèvre'],
      ['stands', 'action', 'Commander les fleurs', [3], 'Marie Dupont', 'demain'],
      ['stands', 'action', 'Appeler le transporteur', [3, 4], 'Karim', 'mercredi'],
      ['stands', 'action', 'Appeler le transporteur', [3], 'Karim', 'mercredi'],
      ['falls', 'action', 'Commander les fleurs', [3], 'Karim', 'mercredi'],
      ['falls', 'action', 'Appeler le transporteur', [3], 'Marie Dupont'],
      ['stands', 'highlight', 'Le nouveau tarif est de 95 euros', [5]],
      ['stands', 'highlight', 'Le tarif passe de 80 à 95 euros', [5]],
      ['falls', 'highlight', 'Le nouveau tarif est de 80 euros', [5]],
      ['stands', 'highlight', 'Bastide est perdu mais Orphée est gagné', [6]],
      ['falls', 'highlight', 'On a gagné Bastide', [6]],
    ],
  },
  {
    language: 'fr',
    said: [
      'marie: Pour récapituler, Karim envoie le contrat à Delmas jeudi, Sophie relit les annexes et on se revoit lundi.',
      'sophie: Je relis les annexes ce soir, comme ça Karim peut tout envoyer.',
      'karim: Julie formera Thomas sur le nouvel outil, Thomas n’a jamais vu l’interface.',
      'marie2: On décide de vendre l’entrepôt de Metz et de louer un local à Nancy.',
      'marie: Le serveur de test est en panne depuis hier, celui de production va bien.',
      'karim: Nous avons 14 candidats pour le poste de vendeur et 3 pour celui de comptable.',
      'sophie: Thomas, non, pardon, Julie présentera les chiffres mardi.',
    ],
    claims: [
      ['stands', 'action', 'Envoyer le contrat à Delmas', [1], 'Karim', 'jeudi'],
      ['stands', 'action', 'Relire les annexes', [1], 'Sophie'],
      ['stands', 'action', 'Relire les annexes', [1, 2], 'Sophie', 'ce soir'],
      ['falls', 'action', 'Envoyer le contrat à Delmas', [1], 'Karim', 'lundi'],
      ['falls', 'action', 'Envoyer le contrat à Delmas', [1], 'Sophie', 'jeudi'],
      ['stands', 'action', 'Former Thomas sur le nouvel outil', [3], 'Julie'],
      ['falls', 'highlight', 'Thomas formera Julie sur le nouvel outil', [3]],
      ['falls', 'action', 'Former Julie sur le nouvel outil', [3], 'Thomas'],
      ['stands', 'decision', 'Vendre l’entrepôt de Metz', [4]],
      ['stands', 'decision', 'Louer un local à Nancy', [4]],
      ['falls though true', 'decision', 'Vente de l’entrepôt de Metz et location d’un local à Nancy', [4]],
      ['falls', 'decision', 'Louer l’entrepôt de Metz', [4]],
      ['falls', 'decision', 'Vendre le local de Nancy', [4]],
      ['stands', 'highlight', 'Le serveur de test est en panne', [5]],
      ['passes though false', 'highlight', 'Le serveur de production est en panne', [5]],
      ['stands', 'highlight', '3 candidats pour le poste de comptable', [6]],
      ['stands', 'highlight', '14 candidats pour le poste de vendeur', [6]],
      ['falls', 'highlight', '14 candidats pour le poste de comptable', [6]],
      ['stands', 'action', 'Présenter les chiffres', [7], 'Julie', 'mardi'],
      ['falls', 'action', 'Présenter les chiffres', [7], 'Thomas', 'mardi'],
    ],
  },
  {
    language: 'en',
    said: [
      'marie: So Karim writes the summary, Sophie checks the numbers and I send everything to the board on Friday.',
      'karim: Fine, I’ll have the summary ready by Wednesday.',
      'sophie: Last year the audit cost us 12,000 euros, this year it is 9,500.',
      'marie2: We agreed to hire a tester in Cork and to close the position in Bristol.',
      'karim: Julie trained the interns in May, now it’s Paul’s turn.',
      'sophie: The client sued the supplier, not us.',
      'marie: Paul, sorry, Julie will chair the review.',
      'karim: I wrote the old script, but Sophie will maintain the new one.',
    ],
    claims: [
      ['stands', 'action', 'Write the summary', [1], 'Karim'],
      ['falls though true', 'action', 'Write the summary', [1, 2], 'Karim', 'Wednesday'],
      ['stands', 'action', 'Check the numbers', [1], 'Sophie'],
      ['stands', 'action', 'Send everything to the board', [1], 'Marie Dupont', 'Friday'],
      ['falls', 'action', 'Send everything to the board', [1], 'Karim', 'Friday'],
      ['falls', 'action', 'Check the numbers', [1], 'Sophie', 'Friday'],
      ['stands', 'highlight', 'The audit cost 12,000 euros last year', [3]],
      ['stands', 'highlight', 'The audit costs 9,500 this year', [3]],
      ['falls', 'highlight', 'The audit costs 12,000 euros this year', [3]],
      ['stands', 'decision', 'Hire a tester in Cork', [4]],
      ['stands', 'decision', 'Close the position in Bristol', [4]],
      ['falls', 'decision', 'Hire a tester in Bristol', [4]],
      ['falls', 'decision', 'Close the position in Cork', [4]],
      ['falls', 'action', 'Train the interns', [5], 'Julie'],
      ['stands', 'highlight', 'The client sued the supplier', [6]],
      ['falls', 'highlight', 'The supplier sued the client', [6]],
      ['stands', 'action', 'Chair the review', [7], 'Julie'],
      ['falls', 'action', 'Chair the review', [7], 'Paul'],
      ['stands', 'action', 'Maintain the new script', [8], 'Sophie'],
      ['falls', 'action', 'Write the old script', [8], 'Karim'],
      ['falls', 'action', 'Maintain the new script', [8], 'Karim'],
    ],
  },
  {
    language: 'fr',
    said: [
      'sophie: Je vous fais un résumé : le budget est validé, Karim cherche un prestataire, et la prochaine réunion est le 3 février à Lyon.',
      'karim: Oui, et je vous envoie trois devis avant la fin du mois.',
      'marie: Parfait. Côté recrutement, on a retenu Nadia, elle commence le 1er mars, et Paul garde l’intérim jusque-là.',
      'marie2: On passe la newsletter à un rythme mensuel et on arrête les flyers, ça coûte trop cher.',
    ],
    claims: [
      ['stands', 'action', 'Chercher un prestataire', [1], 'Karim'],
      ['stands', 'decision', 'Valider le budget', [1]],
      ['stands', 'highlight', 'La prochaine réunion a lieu à Lyon le 3 février', [1]],
      ['stands', 'action', 'Envoyer trois devis', [2], 'Karim', 'avant la fin du mois'],
      ['stands', 'decision', 'Retenir Nadia', [3]],
      ['stands', 'highlight', 'Nadia commence le 1er mars', [3]],
      ['stands', 'highlight', 'Paul garde l’intérim jusqu’au 1er mars', [3]],
      ['stands', 'decision', 'Newsletter mensuelle et arrêt des flyers', [4]],
      ['stands', 'decision', 'Passer la newsletter à un rythme mensuel', [4]],
      ['stands', 'decision', 'Arrêter les flyers, trop chers', [4]],
      ['falls', 'decision', 'Arrêter la newsletter', [4]],
      ['passes though false', 'highlight', 'Paul commence le 1er mars', [3]],
    ],
  },
];

const LISTS = { action: 'actions', decision: 'decisions', highlight: 'highlights' } as const satisfies Record<
  Claim[1],
  keyof ChunkAnswer
>;

describe.each(TALKS)('of $said.0', ({ language, said, claims }) => {
  const claimed = claims.map(([verdict, kind, text, cites, owner = null, due = null]) => ({
    verdict,
    kind,
    text,
    cites,
    owner,
    due,
  }));
  test.each(claimed)(
    '$verdict: $kind "$text", lines $cites, $owner $due',
    ({ verdict, kind, text, cites, owner, due }) => {
      const shown = passage(said, { language });
      const claim = { text, owner, due, evidence: lines(shown, ...cites) };
      const { items } = verifyAnswer({ ...NOTHING, [LISTS[kind]]: [claim] }, shown);
      expect(items).toHaveLength(verdict === 'stands' || verdict === 'passes though false' ? 1 : 0);
    },
  );
});

test.each(["l'", 'A ', 'a-', 'le ', ', enfin non ', 'et Paul, '])(
  'a recogniser that writes "%s" for a minute keeps nobody waiting',
  (noise) => {
    const shown = passage([
      `karim: Je prépare le devis demain, Paul commande douze chaises, ${noise.repeat(3_000 / noise.length)}`,
    ]);
    const claim = { text: 'Préparer le devis et commander les chaises', owner: 'Karim', due: 'demain' };
    const evidence = [{ segment: 1, quote: 'Je prépare le devis demain, Paul commande douze chaises' }];
    const started = performance.now();
    verifyAnswer({ ...NOTHING, actions: [{ ...claim, evidence }] }, shown);
    // A tenth of it on a free machine.
    expect(performance.now() - started).toBeLessThan(1_500);
  },
);
