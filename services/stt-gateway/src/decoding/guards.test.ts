import { describe, expect, test } from 'vitest';
import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { samplesOf, type Span } from '../utterance/segmenter.ts';
import { believe, doubtSound } from './guards.ts';

/** Clear speech of so long. */
const spoken = (durationMs: number, overrides: Partial<Span> = {}): Span => ({
  from: 0,
  to: samplesOf(durationMs + 450),
  speechStart: samplesOf(300),
  speechEnd: samplesOf(300 + durationMs),
  speechSamples: samplesOf(durationMs),
  peakProbability: 0.99,
  peakRms: 0.1,
  ...overrides,
});

interface Signals {
  readonly avg_logprob?: number;
  readonly no_speech_prob?: number;
  readonly compression_ratio?: number;
}

const decoded = (text: string, signals: Signals = {}): VerboseTranscription => ({
  language: 'fr',
  duration: 1,
  text,
  segments: [{ start: 0, end: 1, text, avg_logprob: -0.2, no_speech_prob: 0.02, compression_ratio: 1.1, ...signals }],
});

describe('sound', () => {
  test.each([
    [{ peakRms: 0.002 }, 'too_quiet'],
    [{ speechSamples: samplesOf(64) }, 'too_short'],
    [{ peakProbability: 0.55 }, 'not_speech'],
  ])('%o is not asked about: %s', (overrides, doubt) => {
    expect(doubtSound(spoken(300, overrides))).toBe(doubt);
  });

  test('a short quiet "oui" is asked about', () => {
    expect(doubtSound(spoken(130, { peakRms: 0.004, peakProbability: 0.7 }))).toBeUndefined();
  });
});

describe('text', () => {
  test.each([
    'Oui.',
    'Non.',
    'Merci.',
    "D'accord.",
    'OK',
    'Non, non, non.',
    'Oui oui.',
    'Bonjour',
    'Non merci.',
    'Yes.',
    'Allô ?',
    'Ok ok ok',
    'Non non',
  ])('"%s" alone survives, also from a short and unsure decode', (text) => {
    const unsure = { avg_logprob: -0.9, no_speech_prob: 0.5 };
    const { text: kept } = believe(decoded(text, unsure), spoken(200, { peakProbability: 0.7 }));
    expect(kept).toBe(text);
  });

  test.each([
    ['no speech, and unsure', { no_speech_prob: 0.7, avg_logprob: -1.2 }, 'no_speech'],
    ['running in circles', { compression_ratio: 2.6 }, 'compression'],
  ])('a segment that is %s is dropped', (_name, signals, doubt) => {
    expect(believe(decoded('Quelque chose', signals), spoken(2000))).toMatchObject({ text: '', doubts: [doubt] });
  });

  test('one signal of the pair alone drops nothing', () => {
    expect(believe(decoded('Quelque chose', { no_speech_prob: 0.9 }), spoken(2000)).text).toBe('Quelque chose');
    expect(believe(decoded('Quelque chose', { avg_logprob: -1.5 }), spoken(2000)).text).toBe('Quelque chose');
  });

  test.each([
    "Sous-titres réalisés para la communauté d'Amara.org",
    "Sous-titrage ST' 501",
    'Sous-titrage Société Radio-Canada',
    "Merci d'avoir regardé cette vidéo !",
    'Abonnez-vous !',
    'Thanks for watching!',
  ])('"%s" is dropped when anything about it is weak', (text) => {
    expect(believe(decoded(text, { avg_logprob: -0.8 }), spoken(1500))).toMatchObject({ text: '', doubts: ['phrase'] });
    expect(believe(decoded(text), spoken(2500)).text).toBe(text);
  });

  test('a sentence that contains such words is not such a phrase', () => {
    const text = 'Les clients qui veulent recevoir nos offres nous disent souvent : abonnez-vous à la lettre';
    expect(believe(decoded(text, { avg_logprob: -0.8 }), spoken(6000)).text).toBe(text);
  });

  test('more words than the speech can carry are dropped', () => {
    const text = 'un deux trois quatre cinq six sept huit neuf dix onze';
    expect(believe(decoded(text), spoken(600))).toMatchObject({ text: '', doubts: ['too_many_words'] });
    expect(believe(decoded(text), spoken(3000)).text).toBe(text);
  });

  test('a loop at the end of speech is cut to one round, a text of nothing but loop goes', () => {
    const looped = 'je vous rappelle demain matin pour la suite et pour la suite et pour la suite et pour la suite';
    expect(believe(decoded(looped), spoken(6000))).toMatchObject({
      text: 'je vous rappelle demain matin pour la suite et pour la suite',
      doubts: ['repetition'],
    });
    expect(believe(decoded('voilà '.repeat(12).trim()), spoken(6000)).text).toBe('');
  });

  test('words of a loop are cut with it', () => {
    const text = 'je vous dis que oui que oui que oui que oui jusque demain matin à dix heures';
    const words = text.split(' ').map((word, index) => ({ word, start: index / 50, end: (index + 1) / 50 }));
    const { text: kept, words: keptWords } = believe({ ...decoded(text), words }, spoken(9000));
    expect(kept).toBe('je vous dis que oui jusque demain matin à dix heures');
    expect(keptWords.map(({ word }) => word).join(' ')).toBe(kept);
    expect(keptWords[5]).toMatchObject({ word: 'jusque', start: 0.22 });
  });

  test('what was really said again and again stays: its words have their time in the sound', () => {
    const text = "quels sont vos horaires d'ouverture ".repeat(5).trim();
    const words = text
      .split(' ')
      .map((word, index) => ({ word, start: index * 0.3, end: index * 0.3 + 0.28, probability: 0.95 }));
    const signals = { avg_logprob: -0.05, compression_ratio: 4.1 };
    const spokenOften = { ...decoded(text, signals), words };
    spokenOften.segments = [{ start: 0, end: 8, text, no_speech_prob: 0.01, ...signals }];
    expect(believe(spokenOften, spoken(7500))).toMatchObject({ text, doubts: [] });
    const crowded = words.map((word, index) => ({ ...word, ...(index > 6 && { start: 2.1, end: 2.12 }) }));
    expect(believe({ ...spokenOften, words: crowded }, spoken(7500))).toMatchObject({
      text: '',
      doubts: ['compression'],
    });
  });

  test('more letters than the speech can carry are dropped, whatever counts as a word', () => {
    const text = '今日は天気がとてもいいので散歩に行きましょうと彼は言いましたそして私たちは出かけました';
    expect(believe(decoded(text), spoken(300))).toMatchObject({ text: '', doubts: ['too_many_words'] });
    expect(believe(decoded(text), spoken(6000)).text).toBe(text);
  });

  test('the description of a sound is dropped however sure the engine is', () => {
    expect(believe(decoded('[Musique]', { avg_logprob: -0.01 }), spoken(3000))).toMatchObject({
      text: '',
      doubts: ['sound_description'],
    });
  });

  test('language and segments are handed on as the engine gave them', () => {
    expect(believe(decoded('Bonjour'), spoken(800))).toMatchObject({
      language: 'fr',
      segments: [{ start: 0, end: 1, text: 'Bonjour', avgLogprob: -0.2, noSpeechProb: 0.02, compressionRatio: 1.1 }],
    });
    expect(believe({ ...decoded('x'), language: 'und' }, spoken(800)).language).toBeUndefined();
  });

  test('digits read in pairs are no loop', () => {
    const text = 'zéro six dix dix vingt vingt trente trente';
    expect(believe(decoded(text), spoken(4000))).toMatchObject({ text, doubts: [] });
  });

  test('words of a dropped segment go with it', () => {
    const two: VerboseTranscription = {
      language: 'fr',
      duration: 3,
      text: 'Bonjour Abonnez-vous',
      segments: [
        { start: 0, end: 1, text: 'Bonjour', avg_logprob: -0.1 },
        { start: 1, end: 3, text: 'Abonnez-vous', avg_logprob: -0.9 },
      ],
      words: [
        { word: 'Bonjour', start: 0.1, end: 0.8, probability: 0.9 },
        { word: 'Abonnez-vous', start: 1.2, end: 2.5, probability: 0.3 },
      ],
    };
    expect(believe(two, spoken(2500))).toMatchObject({
      text: 'Bonjour',
      words: [{ word: 'Bonjour' }],
      confidence: 0.9,
    });
  });
});
