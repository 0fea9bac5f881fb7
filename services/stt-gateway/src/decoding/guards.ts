import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { msOf, type Span } from '../utterance/segmenter.ts';

/**
 * Guards against invented text. Whisper writes something for any sound; French silence becomes subtitle credits. One
 * word alone ("oui", "non", "merci") is what people say most, so no guard looks at length alone.
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

/** Nobody speaks faster; two words are let pass because the VAD trims short ones. */
const MAX_WORDS_PER_S = 8;
const FREE_WORDS = 2;

/** A phrase of the list is believed only when nothing about its decode or its sound is weak. */
const WEAK_NO_SPEECH_PROBABILITY = 0.3;
const WEAK_LOGPROB = -0.6;
const WEAK_PEAK_PROBABILITY = 0.8;
const WEAK_SPEECH_MS = 400;
const MAX_PHRASE_LENGTH = 60;

/** What Whisper writes for silence, folded to lower-case ASCII letters. */
const INVENTED_PHRASES = [
  'sous titres realises par',
  'sous titres realises para',
  'sous titrage st 501',
  'sous titrage societe radio canada',
  'sous titres fait par',
  'soustiteur com',
  'soustitreur com',
  'amara org',
  'merci d avoir regarde cette video',
  'merci d avoir regarde',
  'abonnez vous',
  'n oubliez pas de vous abonner',
  'thank you for watching',
  'thanks for watching',
  'please subscribe',
  'subtitles by',
  'transcription by',
];

/** Why something was not believed; also the label of the metric. */
export type Doubt =
  | 'too_quiet'
  | 'too_short'
  | 'not_speech'
  | 'no_speech'
  | 'compression'
  | 'repetition'
  | 'too_many_words'
  | 'phrase';

interface SpokenWord {
  readonly word: string;
  /** Seconds from the start of the decoded audio. */
  readonly start: number;
  readonly end: number;
  readonly probability: number;
}

export interface Believed {
  /** '' when nothing is believed. */
  readonly text: string;
  readonly words: readonly SpokenWord[];
  /** Geometric mean probability of the tokens, 0..1. */
  readonly confidence: number;
  readonly doubts: readonly Doubt[];
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
  const segments = transcription.segments ?? [{ start: 0, end: transcription.duration, text: transcription.text }];
  const kept: string[] = [];
  const doubts: Doubt[] = [];
  const gone: Segment[] = [];
  for (const segment of segments) {
    const text = segment.text.trim();
    const doubt = doubtSegment(segment, span);
    if (doubt) {
      doubts.push(doubt);
      gone.push(segment);
    } else if (text) kept.push(text);
  }
  const joined = kept.join(' ');
  const unlooped = breakLoops(joined.split(/\s+/).filter(Boolean));
  if (unlooped.looped) doubts.push('repetition');
  const tooMany =
    unlooped.words.length > FREE_WORDS + (MAX_WORDS_PER_S * msOf(span.speechEnd - span.speechStart)) / 1000;
  if (tooMany) doubts.push('too_many_words');
  const text = tooMany ? '' : unlooped.words.join(' ');
  const words = text === '' || unlooped.looped ? [] : wordsOf(transcription, gone);
  return { text, words, confidence: text === '' ? 0 : confidenceOf(words, segments), doubts };
}

function doubtSegment(segment: Segment, span: Span): Doubt | undefined {
  const noSpeech = segment.no_speech_prob ?? 0;
  const logprob = segment.avg_logprob ?? 0;
  if (noSpeech > NO_SPEECH_PROBABILITY && logprob < NO_SPEECH_LOGPROB) return 'no_speech';
  if ((segment.compression_ratio ?? 0) > MAX_COMPRESSION_RATIO) return 'compression';
  const weak =
    noSpeech > WEAK_NO_SPEECH_PROBABILITY ||
    logprob < WEAK_LOGPROB ||
    span.peakProbability < WEAK_PEAK_PROBABILITY ||
    msOf(span.speechSamples) < WEAK_SPEECH_MS;
  return weak && isInvented(segment.text) ? 'phrase' : undefined;
}

function isInvented(text: string): boolean {
  if (text.trim().length > MAX_PHRASE_LENGTH) return false;
  const folded = ` ${fold(text)} `;
  return INVENTED_PHRASES.some((phrase) => folded.includes(` ${phrase} `));
}

/** Lower case, no accents, everything else one space. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();
}

/** Repeats that are a loop and no speech: people do say "non non non", and read digits in pairs. */
const LOOP_REPEATS = [5, 4, 3, 3, 3, 3] as const;

/** Cuts each loop down to one round; a text that was mostly loop goes altogether. */
function breakLoops(words: readonly string[]): { readonly words: readonly string[]; readonly looped: boolean } {
  const folded = words.map(fold);
  const out: string[] = [];
  let cut = 0;
  for (let index = 0; index < words.length;) {
    const loop = loopAt(folded, index);
    out.push(...words.slice(index, index + (loop?.size ?? 1)));
    cut += loop ? loop.length - loop.size : 0;
    index += loop?.length ?? 1;
  }
  return { words: cut * 2 > words.length ? [] : out, looped: cut > 0 };
}

/** The loop that begins at `index`: its size in words and the length of all its rounds. */
function loopAt(words: readonly string[], index: number): { size: number; length: number } | undefined {
  for (const [offset, repeats] of LOOP_REPEATS.entries()) {
    const size = offset + 1;
    let length = size;
    while (index + length < words.length && words[index + length] === words[index + length - size]) length += 1;
    length -= length % size;
    if (length >= repeats * size) return { size, length };
  }
  return undefined;
}

function wordsOf(transcription: VerboseTranscription, gone: readonly Segment[]): SpokenWord[] {
  return (transcription.words ?? [])
    .filter(({ start, end }) => !gone.some((segment) => start >= segment.start && end <= segment.end))
    .map(({ word, start, end, probability }) => ({ word: word.trim(), start, end, probability: probability ?? 1 }));
}

function confidenceOf(words: readonly SpokenWord[], segments: readonly Segment[]): number {
  if (words.length > 0) return words.reduce((sum, word) => sum + word.probability, 0) / words.length;
  const logprobs = segments.flatMap((segment) => segment.avg_logprob ?? []);
  return logprobs.length === 0 ? 1 : Math.exp(logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length);
}
