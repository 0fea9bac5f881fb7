import { french } from './french.ts';
import { fold } from './fold.ts';
import type { Repertoire } from './rule.ts';

/**
 * Sentences of the demo speech model's own grammar (services/whisper-stt/demo-model/training/sentences.py) that make sense
 * from a coach. The demo recogniser knows little else, so a test that listens to the coach waits for one of these.
 */
const GRAMMAR_SENTENCES = [
  'au revoir',
  'avez-vous des questions',
  'bonjour',
  'bonjour à tous on peut commencer',
  "c'est parfait",
  "c'est une belle occasion pour notre entreprise",
  'combien de temps faut-il pour la présentation',
  "d'accord",
  'je crois que nous pouvons faire mieux',
  "je n'ai pas compris",
  'je propose de passer au point suivant',
  'je suis prêt à commencer',
  "je suis très heureux d'être ici",
  'la première idée est importante',
  'merci au revoir',
  'merci beaucoup',
  'merci à tous et à bientôt',
  'notre objectif est simple',
  'nous voulons aider les gens à parler en public',
  'on peut recommencer',
  "oui c'est bien ça",
  "pouvez-vous répéter s'il vous plaît",
  'très bien on avance',
] as const;

const known = new Set<string>(GRAMMAR_SENTENCES.map((sentence) => fold(sentence)));

/** Sentences of an answer, without their closing marks. */
export function sentencesOf(answer: string): string[] {
  return answer
    .split(/(?<=[.?!…])\s+/)
    .map((sentence) => sentence.replace(/\s*[.?!…]+$/, '').trim())
    .filter(Boolean);
}

/** True when the demo recogniser can be expected to write the whole answer down. */
export function isRecognisable(answer: string): boolean {
  return sentencesOf(answer).every((sentence) => known.has(fold(sentence)));
}

/** Every answer of a repertoire, the greeting first. */
export function allAnswers({ greeting, rules, onFillers, notUnderstood, onTopic, otherwise }: Repertoire): string[] {
  return [
    greeting,
    ...rules.flatMap((rule) => rule.answers),
    ...onFillers,
    ...notUnderstood,
    ...Object.values(onTopic).flat(),
    ...otherwise,
  ];
}

/** The French answers that consist of such sentences only, each once. */
export const RECOGNISABLE_ANSWERS: readonly string[] = [
  ...new Set(allAnswers(french).filter((answer) => isRecognisable(answer))),
];
