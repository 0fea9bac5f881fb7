import type { ConversationScenario } from '../scenario.ts';
import { coachPrompt } from './prompt.ts';

const coachingVocal: ConversationScenario = {
  kind: 'conversation',
  summary: {
    scenario_id: 'coaching_vocal',
    kind: 'conversation',
    version: 1,
    title: { fr: 'Coaching vocal', en: 'Speaking coach' },
    description: {
      fr: 'Entraînez-vous à parler : présentation, entretien, pitch. Le coach écoute, relance et dit une chose à améliorer à la fois.',
      en: 'Practise speaking: introductions, interviews, pitches. The coach listens, asks, and names one thing to improve at a time.',
    },
    languages: ['fr', 'en'],
  },
  prompt: coachPrompt,
  phrases: {
    fr: {
      greeting: 'Bonjour, je suis votre coach. Sur quoi souhaitez-vous travailler aujourd’hui ?',
      resumed: 'Me revoilà. Où en étions-nous ?',
      cannotHear: 'Un instant, je vous entends mal.',
      onlyReads:
        'Ici, je ne comprends pas le français parlé. Écrivez-moi : je vous lis, et je vous réponds à voix haute.',
      noAnswer: 'Excusez-moi, je n’arrive pas à répondre pour le moment. Pouvez-vous répéter ?',
      outOfOrder:
        'Excusez-moi, je ne peux pas vous répondre : le service qui me fait réfléchir est en panne. C’est signalé ; revenez un peu plus tard.',
      brokenOff: 'Pardon, j’ai perdu le fil. Pouvez-vous reprendre ?',
      timeUp: 'Nous sommes arrivés au bout de la séance. Merci, et à bientôt.',
    },
    en: {
      greeting: 'Hello, I am your coach. What would you like to work on today?',
      resumed: 'I am back. Where were we?',
      cannotHear: 'One moment, I cannot hear you well.',
      onlyReads: 'I do not understand spoken English here. Please type: I read what you write, and answer out loud.',
      noAnswer: 'Sorry, I cannot answer right now. Could you say that again?',
      outOfOrder:
        'Sorry, I cannot answer: the service I think with is out of order. It has been reported; please come back later.',
      brokenOff: 'Sorry, I lost my thread. Could you go on?',
      timeUp: 'We have reached the end of the session. Thank you, and see you soon.',
    },
  },
};

export default coachingVocal;
