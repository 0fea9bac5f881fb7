import type { Repertoire } from './rule.ts';

export const english: Repertoire = {
  greeting: 'Hello! I am your demonstration coach. Shall we prepare a presentation, an interview or a pitch?',
  rules: [
    {
      id: 'who_are_you',
      hears: /\b(who are you|what are you|are you (a|an) (robot|human|person|machine|ai)|real person|are you real)\b/,
      answers: ['I am a demonstration coach with simple rules, not a real AI model. What would you like to practise?'],
    },
    {
      id: 'goodbye',
      hears: /\b(goodbye|bye|see you|good night|that is all|we are done)\b/,
      answers: ['Well done, and see you soon!', 'Good work today. Goodbye!'],
    },
    {
      id: 'interview',
      hears: /\b(interview|recruiter|hiring|job)\b/,
      topic: 'interview',
      answers: [
        'Good, let us practise your interview. Who are you, in three sentences?',
        'I play the recruiter. Why does this job interest you?',
      ],
    },
    {
      id: 'pitch',
      hears: /\b(pitch|investors?|start ?up|convince)\b/,
      topic: 'pitch',
      answers: [
        'A pitch takes one minute: problem, idea, proof. Which problem do you solve?',
        'Start with the customer. Who has this problem?',
      ],
    },
    {
      id: 'presentation',
      hears: /\b(presentation|present|talk|speech|public speaking)\b/,
      topic: 'presentation',
      answers: [
        'Good idea. What should the audience remember, in one sentence?',
        'Announce three parts, no more. What is the first?',
      ],
    },
    {
      id: 'stress',
      hears: /\b(stress|stressed|nervous|afraid|scared|anxious|stage fright)\b/,
      answers: [
        'Stage fright is energy. Breathe out slowly, then look at one person. Shall we try?',
        'That is human. Which moment worries you most?',
      ],
    },
    {
      id: 'pace',
      hears: /\b(too fast|too slow|slower|faster|pace|speed)\b/,
      answers: [
        'Pause one second after each idea. Will you say the sentence again, slower?',
        'Aim for a hundred and forty words a minute. Shall we try again?',
      ],
    },
    {
      id: 'advice',
      hears: /\b(advice|tips?|improve|how (can|do|should) i|help me|learn)\b/,
      answers: [
        'One tip: one idea per sentence, then a pause. Shall we try?',
        'Record one minute and listen to your sentence endings. What would you change?',
      ],
    },
    {
      id: 'exercise',
      hears: /\b(exercise|practi[cs]e|train|training|work on)\b/,
      answers: [
        'With pleasure! Presentation, interview or pitch?',
        'Tell me about your work for one minute. Are you ready?',
      ],
    },
    {
      id: 'ready',
      hears: /\b(ready|start|begin|let us go|lets go|let s go|again|repeat)\b/,
      answers: ['I am listening. What is your first sentence?', 'Go ahead, slowly. How do you open?'],
    },
    { id: 'thanks', hears: /^(thanks|thank you)\b/, answers: ['My pleasure! Shall we go on?'] },
    {
      id: 'hello',
      hears: /^(hello|hi|hey|good (morning|evening|afternoon))\b/,
      answers: [
        'Hello! I am your demonstration coach. Presentation, interview or pitch?',
        'Hello! What shall we work on today?',
      ],
    },
    {
      id: 'yes',
      hears: /^(yes|yeah|ok|okay|sure|of course)\b/,
      answers: ['Great, I am listening. Where do you start?', 'Good. What is your first sentence?'],
    },
    { id: 'no', hears: /^(no|not really|not yet)\b/, answers: ['No problem. Would you prefer a tip or an exercise?'] },
  ],
  fillers: ['uh', 'um', 'you know', 'basically', 'i mean'],
  onFillers: [
    'I heard {fillers}. Replace it by a silence. Will you say it again?',
    'A silence beats {fillers}. Shall we try once more?',
  ],
  onTopic: {
    presentation: ['Good. Which sentence should they remember?', 'Add an example from your life. Which one?'],
    interview: [
      'Good answer. Which figure would make it stronger?',
      'I am the recruiter: why you rather than somebody else?',
    ],
    pitch: ['Shorter still. What does your customer win, in one sentence?', 'What proof do you have that it works?'],
  },
  frequentWords: new Set(
    `i you he she it we they me my your his her our their the a an of to in on at for from with without by about and or but so
    if as is are was were am be been do does did have has had not no yes can could will would shall should may what who
    which when where why how this that these those there here more less very too good well please thanks thank hello hi s m t
    re ve ll d`.split(/\s+/),
  ),
  notUnderstood: [
    'I did not understand. Can you say it again, please?',
    'I did not understand. Can you say it shorter?',
  ],
  otherwise: [
    'Noted. Presentation, interview or pitch: what shall we practise?',
    'I am listening. Can you say it in one shorter sentence?',
  ],
};
