import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chatMessageSchema } from '@eloquence/shared/contracts/chat';
import { describe, expect, it } from 'vitest';
import { coachAnswer } from './coach-answer.ts';
import { english } from './english.ts';
import { fold } from './fold.ts';
import { french } from './french.ts';
import { allAnswers, isRecognisable, RECOGNISABLE_ANSWERS, sentencesOf } from './recognisable.ts';

function talk(lines: readonly string[], system = 'Vous êtes un coach.'): string[] {
  const messages = [chatMessageSchema.parse({ role: 'system', content: system })];
  return lines.map((line) => {
    messages.push(chatMessageSchema.parse({ role: 'user', content: line }));
    const answer = coachAnswer(messages);
    messages.push(chatMessageSchema.parse({ role: 'assistant', content: answer }));
    return answer;
  });
}
const answersOf = (rules: typeof french.rules, id: string) => rules.find((rule) => rule.id === id)?.answers ?? [];

describe('the demo coach', () => {
  it('greets when nobody has spoken, and says that it is a demonstration', () => {
    expect(coachAnswer([chatMessageSchema.parse({ role: 'system', content: 'Salue.' })])).toMatch(/démonstration/);
    const inEnglish = chatMessageSchema.parse({ role: 'system', content: 'You coach.\nLanguage: en\nBe kind.' });
    expect(coachAnswer([inEnglish])).toMatch(/demonstration/);
  });

  it('says what it is when asked', () => {
    expect(talk(['Qui êtes-vous ?'])[0]).toMatch(/démonstration/);
    expect(talk(['Est-ce que je… vous êtes qui, vous ?'])[0]).toMatch(/démonstration/);
    expect(talk(['Who are you?'])[0]).toMatch(/demonstration/);
  });

  it.each([
    ['je voudrais faire un exercice', 'exercise'],
    ['euh parlons de mon entretien', 'interview'],
    ['donnez-moi un conseil', 'advice'],
    ['du coup est-ce que je parle trop vite', 'pace'],
    ['je suis prêt à commencer', 'ready'],
    ['mon principal défaut est le stress', 'stress'],
    ['ma plus grande qualité est la patience', 'flaws_and_strengths'],
    ['comment puis-je améliorer ma voix', 'voice'],
    ['aujourd’hui je vais vous présenter notre projet', 'presentation'],
    ['bonjour à tous et merci d’être venus', 'opening'],
    ['pour conclure je voudrais vous remercier', 'conclusion'],
    ['nous avons douze clients en France', 'figures'],
    ['on peut recommencer', 'again'],
    ['oui c’est bien ça', 'yes'],
    ['non', 'no'],
    ['bonjour', 'hello'],
    ['au revoir', 'goodbye'],
  ])('hears "%s" as %s', (line, rule) => {
    expect(answersOf(french.rules, rule)).toContain(talk([line])[0]);
  });

  it('has a ready answer to every sentence the page offers for the demo model', (context) => {
    const file = resolve(import.meta.dirname, '../../../../whisper-stt/demo-model/model/ct2/model-card.json');
    if (!existsSync(file)) context.skip('the demo model is not in this checkout');
    const card = JSON.parse(readFileSync(file, 'utf8')) as { examples: { fr: string[] } };
    expect(card.examples.fr.filter((line) => !french.rules.some(({ hears }) => hears.test(fold(line))))).toEqual([]);
    expect(new Set(card.examples.fr.map((line) => talk([line])[0])).size).toBe(card.examples.fr.length);
  });

  it('answers English in English', () => {
    expect(answersOf(english.rules, 'pace')).toContain(talk(['Do I speak too fast?'])[0]);
    expect(answersOf(english.rules, 'interview')).toContain(talk(['entretien interview'], 'Language: en')[0]);
    expect(answersOf(french.rules, 'interview')).toContain(talk(['interview, mon entretien'], 'Language: fr')[0]);
  });

  it('gives its best answer the first time, whatever was said before', () => {
    const [, , third] = talk(['bonjour', 'donnez-moi un conseil', 'parlons de mon entretien']);
    expect(third).toMatch(/^Très bien, parlons de votre entretien/);
  });

  it('stays with the exercise that was chosen', () => {
    const [, second] = talk(['Parlons de mon entretien', 'Dix tables rondes et une horloge']);
    expect(french.onTopic.interview).toContain(second);
  });

  it('says that it did not understand what has no word it knows, during an exercise too', () => {
    expect(french.notUnderstood).toContain(talk(['Blorg zwip quantix.'])[0]);
    expect(french.notUnderstood).toContain(talk(['Parlons de mon entretien', 'Gloubi boulga'])[1]);
    expect(english.notUnderstood).toContain(talk(['Blorg zwip quantix.'], 'Language: en')[0]);
    expect(french.otherwise).toContain(talk(['La table est rouge.'])[0]);
  });

  it('names the fillers it heard when there is nothing else to say', () => {
    expect(talk(['euh du coup la table'])[0]).toContain('« euh » et « du coup »');
  });

  it('does not repeat itself when the person does, and says the same in the same conversation', () => {
    const lines = ['donnez-moi un conseil', 'donnez-moi un conseil', 'donnez-moi un conseil'];
    expect(new Set(talk(lines)).size).toBe(3);
    expect(talk(lines)).toEqual(talk(lines));
  });

  it('keeps every answer to 25 words, two sentences or three, and one question', () => {
    const tooMuch = [...allAnswers(french), ...allAnswers(english)].filter((answer) => {
      const questions = answer.match(/\?/g)?.length ?? 0;
      return fold(answer).split(' ').length > 25 || sentencesOf(answer).length > 3 || questions > 1;
    });
    expect(tooMuch).toEqual([]);
  });

  it('can be recognised in a third of its answers, and in a third of those to the demo vocabulary', () => {
    const all = allAnswers(french);
    expect(all.filter((answer) => isRecognisable(answer)).length / all.length).toBeGreaterThanOrEqual(1 / 3);
    const lines = [
      'donnez-moi un conseil',
      'est-ce que je parle trop vite',
      'on peut recommencer',
      'je suis prêt à commencer',
    ];
    const heard = Array.from({ length: 12 }, (_, start) =>
      talk([...Array.from({ length: start }, () => 'oui'), lines[start % lines.length] as string]).at(-1),
    );
    expect(heard.filter((answer) => isRecognisable(answer as string)).length).toBeGreaterThanOrEqual(4);
    expect(new Set(RECOGNISABLE_ANSWERS).size).toBe(RECOGNISABLE_ANSWERS.length);
  });

  it('counts as recognisable only what the grammar of the demo model can produce', (context) => {
    const file = resolve(import.meta.dirname, '../../../../whisper-stt/demo-model/training/sentences.py');
    if (!existsSync(file)) context.skip('the demo model is not in this checkout');
    const literals = [...readFileSync(file, 'utf8').matchAll(/"([^"\n]+)"/g)].map((match) => match[1] as string);
    const patterns = literals.map(
      (literal) => new RegExp(`^${fold(literal.replaceAll(/\{[^}]*\}/g, ' VARIABLE ')).replaceAll('variable', '.+')}$`),
    );
    // A template of nothing but variables says nothing.
    const telling = patterns.filter(({ source }) => (source.match(/[a-z]/g)?.length ?? 0) >= 4);
    const isInGrammar = (sentence: string) => telling.some((pattern) => pattern.test(fold(sentence)));
    const sentences = RECOGNISABLE_ANSWERS.flatMap((answer) => sentencesOf(answer));
    expect(sentences.filter((sentence) => !isInGrammar(sentence))).toEqual([]);
    expect(isInGrammar('Quelle preuve avez-vous que cela marche')).toBe(false);
  });
});
