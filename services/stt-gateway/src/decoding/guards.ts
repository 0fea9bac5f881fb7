import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { fold } from '../utterance/fold.ts';
import { msOf, type Span } from '../utterance/segmenter.ts';
import { isInventedPhrase, isSoundDescription } from './invented-phrases.ts';
import { breakLoops } from './loops.ts';

/**
 * Guards against invented text, in the order they are asked: is there sound and speech at all (before any call), does
 * the decoder doubt itself, can so much have been said in the time, is it one of the phrases Whisper invents. One word
 * alone ("oui", "non", "merci") is what people say most, so no guard looks at length alone.
 */

/** Below this no microphone records speech (full scale 1). */
const MIN_RMS = 0.0025;
/** The shortest word ("oui", "a") is longer than this. */
const MIN_SPEECH_MS = 90;
const MIN_PEAK_PROBABILITY = 0.6;

/** Whisper's own limits for a segment that holds no speech, and for one that runs in circles. */
const NO_SPEECH_PROBABILITY = 0.6;
const NO_SPEECH_LOGPROB = -1;
const MAX_COMPRESSION_RATIO = 2.4;

/** Nobody speaks faster. Two words are let pass because the VAD trims short ones; scripts without spaces go by letters. */
const MAX_WORDS_PER_S = 8;
const FREE_WORDS = 2;
const MAX_LETTERS_PER_S = 35;
const FREE_LETTERS = 25;

/** An invented phrase is believed only when nothing about its decode or its sound is weak. */
const WEAK_NO_SPEECH_PROBABILITY = 0.3;
const WEAK_LOGPROB = -0.6;
const WEAK_PEAK_PROBABILITY = 0.8;
const WEAK_SPEECH_MS = 400;

/** Why something was not believed; also the label of the metric. */
export type Doubt =
  | 'too_quiet'
  | 'too_short'
  | 'not_speech'
  | 'no_speech'
  | 'compression'
  | 'repetition'
  | 'too_many_words'
  | 'phrase'
  | 'sound_description';

/** What is said again and again takes its time: so much for a word in the mean, and hardly a word less than that. */
const LEAST_WORD_S = 0.15;
const SHORTEST_WORD_S = 0.05;
/** One word in so many may be shorter. */
const CROWDED_PART = 8;

interface SpokenWord {
  readonly word: string;
  /** Seconds from the start of the decoded audio. */
  readonly start: number;
  readonly end: number;
  readonly probability: number;
}

interface BelievedSegment {
  /** Seconds from the start of the decoded audio. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly avgLogprob: number | undefined;
  readonly compressionRatio: number | undefined;
  readonly noSpeechProb: number | undefined;
}

export interface Believed {
  /** '' when nothing is believed. */
  readonly text: string;
  readonly words: readonly SpokenWord[];
  readonly segments: readonly BelievedSegment[];
  /** Mean probability of the words, 0..1. */
  readonly confidence: number;
  /** Code of the language it was decoded in; undefined when the engine does not say. */
  readonly language: string | undefined;
  readonly doubts: readonly Doubt[];
}

/** The outcome of audio that was not worth a call. */
export function nothingBelieved(...doubts: readonly Doubt[]): Believed {
  return { text: '', words: [], segments: [], confidence: 0, language: undefined, doubts };
}

/** Is this audio worth asking the engine about? */
export function doubtSound(span: Span): Doubt | undefined {
  if (span.peakRms < MIN_RMS) return 'too_quiet';
  if (msOf(span.speechSamples) < MIN_SPEECH_MS) return 'too_short';
  if (span.peakProbability < MIN_PEAK_PROBABILITY) return 'not_speech';
  return undefined;
}

type Segment = NonNullable<VerboseTranscription['segments']>[number];

/** The part of a transcription that the sound can carry. */
export function believe(transcription: VerboseTranscription, span: Span): Believed {
  const { duration, text: whole } = transcription;
  const segments: readonly Segment[] = transcription.segments ?? [{ start: 0, end: duration, text: whole }];
  const allWords = wordsOf(transcription);
  const judged = segments.map((segment) => ({ segment, doubt: doubtSegment(segment, span, allWords) }));
  const kept = judged.flatMap(({ segment, doubt }) => (doubt || !segment.text.trim() ? [] : segment));
  const gone = judged.flatMap(({ segment, doubt }) => (doubt ? segment : []));
  const doubts = judged.flatMap(({ doubt }) => doubt ?? []);
  const said = kept.flatMap((segment) => segment.text.split(/\s+/).filter(Boolean));
  if (exceedsSpeech(said, span)) return nothingBelieved(...doubts, 'too_many_words');
  const words = allWords.filter((word) => !gone.some((segment) => isIn(segment, word)));
  const timed = words.length === said.length;
  const unlooped = breakLoops(said.map(fold), (from, to) => timed && isPaced(words.slice(from, to)));
  if (unlooped.looped) doubts.push('repetition');
  if (unlooped.kept.length === 0) return nothingBelieved(...doubts);
  // A loop is cut out of the words as it is out of the text, where the two can be told to be the same.
  const unloopedWords = timed ? words.filter((_, index) => unlooped.kept.includes(index)) : [];
  return {
    text: unlooped.kept.map((index) => said[index]).join(' '),
    words: unlooped.looped ? unloopedWords : words,
    segments: unlooped.looped ? [] : kept.map(segmentOf),
    confidence: confidenceOf(words, kept),
    language: languageOf(transcription),
    doubts,
  };
}

function doubtSegment(segment: Segment, span: Span, words: readonly SpokenWord[]): Doubt | undefined {
  const noSpeech = segment.no_speech_prob ?? 0;
  const logprob = segment.avg_logprob ?? 0;
  if (noSpeech > NO_SPEECH_PROBABILITY && logprob < NO_SPEECH_LOGPROB) return 'no_speech';
  if ((segment.compression_ratio ?? 0) > MAX_COMPRESSION_RATIO) {
    const own = words.filter((word) => isIn(segment, word));
    if (logprob < WEAK_LOGPROB || !isPaced(own)) return 'compression';
  }
  if (isSoundDescription(segment.text)) return 'sound_description';
  const weak =
    noSpeech > WEAK_NO_SPEECH_PROBABILITY ||
    logprob < WEAK_LOGPROB ||
    span.peakProbability < WEAK_PEAK_PROBABILITY ||
    msOf(span.speechSamples) < WEAK_SPEECH_MS;
  return weak && isInventedPhrase(segment.text) ? 'phrase' : undefined;
}

/** Every word has its time in the sound: those of a decoder that runs in circles are crowded together at its end. */
function isPaced(words: readonly SpokenWord[]): boolean {
  const short = words.filter(({ start, end }) => end - start < SHORTEST_WORD_S).length;
  const [first, last] = [words[0], words.at(-1)];
  if (!first || !last || short * CROWDED_PART > words.length) return false;
  return (last.end - first.start) / words.length >= LEAST_WORD_S;
}

/** More text than anybody says in the time from the first to the last speech. */
function exceedsSpeech(words: readonly string[], span: Span): boolean {
  const speechS = msOf(span.speechEnd - span.speechStart) / 1000;
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  return words.length > FREE_WORDS + MAX_WORDS_PER_S * speechS || letters > FREE_LETTERS + MAX_LETTERS_PER_S * speechS;
}

function wordsOf({ words }: VerboseTranscription): SpokenWord[] {
  return (words ?? []).map(({ word, start, end, probability }) => ({
    word: word.trim(),
    start,
    end,
    probability: probability ?? 1,
  }));
}

function isIn(segment: Segment, { start, end }: SpokenWord): boolean {
  return start >= segment.start && end <= segment.end;
}

function segmentOf({ start, end, text, ...signals }: Segment): BelievedSegment {
  return {
    start,
    end,
    text: text.trim(),
    avgLogprob: signals.avg_logprob ?? undefined,
    compressionRatio: signals.compression_ratio ?? undefined,
    noSpeechProb: signals.no_speech_prob ?? undefined,
  };
}

/** "und" is the code for an answer without words. */
function languageOf({ language }: VerboseTranscription): string | undefined {
  const code = language.toLowerCase();
  return code === '' || code === 'und' ? undefined : code;
}

function confidenceOf(words: readonly SpokenWord[], segments: readonly Segment[]): number {
  if (words.length > 0) return words.reduce((sum, word) => sum + word.probability, 0) / words.length;
  const logprobs = segments.flatMap((segment) => segment.avg_logprob ?? []);
  return logprobs.length === 0 ? 1 : Math.exp(logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length);
}
