import type { MeetingScenario } from '../scenario.ts';

const meeting: MeetingScenario = {
  kind: 'meeting',
  summary: {
    scenario_id: 'meeting',
    kind: 'meeting',
    version: 1,
    title: { fr: 'Réunion', en: 'Meeting' },
    description: {
      fr: 'Prend les notes de votre réunion : qui a dit quoi, décisions, actions, questions ouvertes. Écoute tout le monde et ne parle jamais.',
      en: 'Takes the minutes of your meeting: who said what, decisions, actions, open questions. Listens to everybody and never speaks.',
    },
    languages: ['fr', 'en'],
  },
};

export default meeting;
