import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';

/** Silero's own thresholds: speech starts at the upper and goes on until below the lower. */
const START_PROBABILITY = 0.5;
const STAY_PROBABILITY = 0.35;
/** One window of 32 ms may be a click; two are the shortest thing worth announcing. */
const START_WINDOWS = 2;
/** Whole-utterance engines lose first consonants without some audio before the detected start. */
export const PRE_ROLL_MS = 300;
/** Silence after which the final decode is started in the hope that the speaker has finished. */
const SPECULATE_AFTER_MS = 120;
/** Silence left at the end of what is decoded. Not above SPECULATE_AFTER_MS, or the guess could never be used. */
const TAIL_MS = 120;
/** A pause between two phrases: an utterance long enough is cut in it. Shorter ones lie inside words too. */
const CUT_SILENCE_MS = 300;
/** With less speech than this, or less certain, what is decoded is doubted (guards.ts): then every window counts. */
const CERTAIN_SPEECH_MS = 400;
const CERTAIN_PROBABILITY = 0.8;

export interface SegmenterOptions {
  /** Silence that ends an utterance; undefined = only Finalize, `utteranceEndMs` and the length limit do. */
  readonly endpointingMs: number | undefined;
  /** Silence after which `utterance.ended` is told. */
  readonly utteranceEndMs: number | undefined;
  /** An utterance longer than this is cut in the next short silence. */
  readonly cutFromMs: number;
  /** At this length it is cut at the quietest point since `cutFromMs`. */
  readonly cutAtMs: number;
}

/** A stretch of audio to decode, in samples since the start of the stream. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly speechStart: number;
  readonly speechEnd: number;
  /** Samples in windows that were speech. */
  readonly speechSamples: number;
  readonly peakProbability: number;
  /** Loudest window, full scale 1. */
  readonly peakRms: number;
}

interface Idle {
  readonly phase: 'idle';
  readonly position: number;
  /** Audio before this is decoded already. */
  readonly committedTo: number;
  /** Windows of speech in a row, not enough yet to be a start. */
  readonly candidate: Omit<Span, 'from' | 'to'> | undefined;
  /** End of the last speech while `utterance.ended` has still to be told. */
  readonly untold: number | undefined;
}

interface Speaking {
  readonly phase: 'speaking';
  readonly position: number;
  readonly span: Omit<Span, 'to'>;
  /** Start of the present silence. */
  readonly silenceFrom: number | undefined;
  readonly speculated: boolean;
  /** Best place for a forced cut so far, and the loudness there. */
  readonly quietest: { readonly at: number; readonly rms: number } | undefined;
  readonly previousRms: number;
}

export type SegmenterState = Idle | Speaking;

export type SegmenterInput =
  /** The next window was heard. */
  | {
      readonly type: 'window';
      readonly start: number;
      readonly end: number;
      readonly probability: number;
      readonly rms: number;
    }
  /** Nothing has come for so long although everything that came was heard: clients stop sending in silence. */
  | { readonly type: 'stall'; readonly stalledMs: number }
  /** `end`: the end of the audio, where windows not yet heard change nothing (`endIsKnown`). */
  | { readonly type: 'finalize'; readonly end?: number }
  /** Ends the utterance at a place that has been heard already; what follows goes on as one of its own. */
  | { readonly type: 'cut'; readonly at: number }
  /** Forgets the utterance. */
  | { readonly type: 'discard' };

export type CommitCause = 'endpoint' | 'utterance_end' | 'too_long' | 'finalize';

export type SegmenterEffect =
  /** `continues`: what was cut off goes on, nobody has begun to speak. */
  | { readonly type: 'speech.started'; readonly at: number; readonly continues: boolean }
  | { readonly type: 'speculate'; readonly span: Span }
  | { readonly type: 'speech.resumed' }
  | { readonly type: 'commit'; readonly span: Span; readonly cause: CommitCause }
  | { readonly type: 'discarded'; readonly at: number }
  | { readonly type: 'utterance.ended'; readonly speechEnd: number };

export interface Step {
  readonly state: SegmenterState;
  readonly effects: readonly SegmenterEffect[];
}

export const samplesOf = (ms: number): number => Math.round((ms * STT_SAMPLE_RATE_HZ) / 1000);
export const msOf = (samples: number): number => (samples * 1000) / STT_SAMPLE_RATE_HZ;

export function initialState(): SegmenterState {
  return idleAt(0);
}

function idleAt(position: number): Idle {
  return { phase: 'idle', position, committedTo: position, candidate: undefined, untold: undefined };
}

/** Probabilities and the clock in, utterances out. Pure: audio, decoding and timers are the session's. */
export function step(state: SegmenterState, input: SegmenterInput, options: SegmenterOptions): Step {
  switch (input.type) {
    case 'window':
      return state.phase === 'idle' ? hearIdle(state, input, options) : hearSpeaking(state, input, options);
    case 'stall':
      return state.phase === 'idle'
        ? tellEnd(state, input.stalledMs, options)
        : judgeSilence(state, input.stalledMs, options);
    case 'finalize':
      return finalize(input.end === undefined ? state : goOn(state, input.end));
    case 'cut':
      return state.phase === 'speaking' && state.span.from < input.at
        ? cut(state, [], { at: input.at, options })
        : { state, effects: [] };
    case 'discard':
      return discard(state);
  }
}

type WindowInput = Extract<SegmenterInput, { type: 'window' }>;

function hearIdle(state: Idle, window: WindowInput, options: SegmenterOptions): Step {
  const { start, end, probability, rms } = window;
  // Committed before it was heard.
  if (end <= state.committedTo) return { state, effects: [] };
  if (probability < START_PROBABILITY) return tellEnd({ ...state, position: end, candidate: undefined }, 0, options);
  const before = state.candidate;
  const candidate = {
    speechStart: before?.speechStart ?? start,
    speechEnd: end,
    speechSamples: (before?.speechSamples ?? 0) + end - start,
    peakProbability: Math.max(before?.peakProbability ?? 0, probability),
    peakRms: Math.max(before?.peakRms ?? 0, rms),
  };
  if (end - candidate.speechStart < START_WINDOWS * (end - start))
    return { state: { ...state, position: end, candidate }, effects: [] };
  const from = Math.max(state.committedTo, candidate.speechStart - samplesOf(PRE_ROLL_MS));
  const speaking: Speaking = {
    phase: 'speaking',
    position: end,
    span: { from, ...candidate },
    silenceFrom: undefined,
    speculated: false,
    quietest: undefined,
    previousRms: rms,
  };
  return { state: speaking, effects: [{ type: 'speech.started', at: candidate.speechStart, continues: false }] };
}

function hearSpeaking(state: Speaking, window: WindowInput, options: SegmenterOptions): Step {
  const { start, end, probability, rms } = window;
  const speech =
    probability >= START_PROBABILITY || (probability >= STAY_PROBABILITY && state.silenceFrom === undefined);
  const heard: Speaking = {
    ...state,
    position: end,
    span: speech
      ? {
          ...state.span,
          speechEnd: end,
          speechSamples: state.span.speechSamples + end - start,
          peakProbability: Math.max(state.span.peakProbability, probability),
          peakRms: Math.max(state.span.peakRms, rms),
        }
      : state.span,
    silenceFrom: speech ? undefined : (state.silenceFrom ?? start),
    quietest: quieter(state, { at: start, rms }, options),
    previousRms: rms,
  };
  if (speech && state.speculated)
    return followLength({ ...heard, speculated: false }, [{ type: 'speech.resumed' }], options);
  const judged = judgeSilence(heard, 0, options);
  return judged.state.phase === 'speaking' ? followLength(judged.state, judged.effects, options) : judged;
}

/** The best cut so far: the seam between the two windows that are quietest together, late enough in the utterance. */
function quieter(
  state: Speaking,
  { at, rms }: { readonly at: number; readonly rms: number },
  options: SegmenterOptions,
): Speaking['quietest'] {
  const both = (state.previousRms + rms) / 2;
  const searchFrom = state.span.from + samplesOf(options.cutFromMs);
  if (at < searchFrom || (state.quietest && state.quietest.rms <= both)) return state.quietest;
  return { at, rms: both };
}

/** Speculates, commits, or waits on, by how long it has been silent. */
function judgeSilence(state: Speaking, stalledMs: number, options: SegmenterOptions): Step {
  const silenceMs = msOf(state.position - (state.silenceFrom ?? state.position)) + stalledMs;
  const limitMs = options.endpointingMs ?? options.utteranceEndMs ?? Infinity;
  if (silenceMs >= limitMs) {
    const cause = options.endpointingMs === undefined ? 'utterance_end' : 'endpoint';
    const committed = commit(state, endOf(state), cause);
    const told = tellEnd(committed.state as Idle, stalledMs, options);
    return { state: told.state, effects: [...committed.effects, ...told.effects] };
  }
  if (silenceMs < SPECULATE_AFTER_MS || state.speculated || limitMs === Infinity) return { state, effects: [] };
  const span = { ...state.span, to: endOf(state) };
  return { state: { ...state, speculated: true }, effects: [{ type: 'speculate', span }] };
}

/** Where the utterance ends if it ends now: a little after the speech. */
function endOf(state: Speaking): number {
  return Math.min(state.position, state.span.speechEnd + samplesOf(TAIL_MS));
}

function commit(state: Speaking, to: number, cause: CommitCause): Step {
  const span = { ...state.span, to, speechEnd: Math.min(to, state.span.speechEnd) };
  const idle: Idle = { ...idleAt(state.position), committedTo: to, untold: state.span.speechEnd };
  return { state: idle, effects: [{ type: 'commit', span, cause }] };
}

/** Cuts an utterance that has become long: in a silence if there is one, at last at its quietest point. */
function followLength(state: Speaking, effects: readonly SegmenterEffect[], options: SegmenterOptions): Step {
  const length = state.position - state.span.from;
  const silent = state.position - (state.silenceFrom ?? state.position);
  if (length >= samplesOf(options.cutFromMs) && silent >= samplesOf(CUT_SILENCE_MS))
    return cut(state, effects, { at: state.span.speechEnd + samplesOf(CUT_SILENCE_MS / 2), options });
  if (length >= samplesOf(options.cutAtMs))
    return cut(state, effects, { at: state.quietest?.at ?? state.position, options });
  return { state, effects };
}

function cut(
  state: Speaking,
  before: readonly SegmenterEffect[],
  { at, options }: { readonly at: number; readonly options: SegmenterOptions },
): Step {
  const { span } = state;
  const committed = commit(state, Math.min(at, state.position), 'too_long');
  const effects = [...before, ...committed.effects];
  // Nothing was said after the cut: an utterance of silence must not begin.
  if (span.speechEnd <= at) {
    const told = tellEnd(committed.state as Idle, 0, options);
    return { state: told.state, effects: [...effects, ...told.effects] };
  }
  const rest: Speaking = {
    ...state,
    span: { ...span, from: at, speechStart: at, speechSamples: span.speechEnd - at },
    speculated: false,
    quietest: undefined,
  };
  return { state: rest, effects: [...effects, { type: 'speech.started', at, continues: true }] };
}

/** `utterance.ended`, once, when the silence after a commit has lasted long enough. */
function tellEnd(state: Idle, stalledMs: number, options: SegmenterOptions): Step {
  if (state.untold === undefined || options.utteranceEndMs === undefined) return { state, effects: [] };
  if (msOf(state.position - state.untold) + stalledMs < options.utteranceEndMs) return { state, effects: [] };
  const effects: SegmenterEffect[] = [{ type: 'utterance.ended', speechEnd: state.untold }];
  return { state: { ...state, untold: undefined }, effects };
}

/**
 * Whether what is being said ends at `end`, the end of the audio, whatever its last windows turn out to hold: if silence,
 * not more than is left at the end of an utterance anyway. Then `finalize` need not wait until they have been heard.
 */
export function endIsKnown(state: SegmenterState, end: number): boolean {
  return (
    state.phase === 'speaking' &&
    end <= state.span.speechEnd + samplesOf(TAIL_MS) &&
    state.span.speechSamples >= samplesOf(CERTAIN_SPEECH_MS) &&
    state.span.peakProbability >= CERTAIN_PROBABILITY
  );
}

/** Up to `end` it went on as it was: in speech or in silence. */
function goOn(state: SegmenterState, end: number): SegmenterState {
  if (state.phase === 'idle' || state.silenceFrom !== undefined) return { ...state, position: end };
  return { ...state, position: end, span: { ...state.span, speechEnd: end } };
}

function finalize(state: SegmenterState): Step {
  if (state.phase === 'speaking') {
    const speaking = state.silenceFrom === undefined;
    return commit(state, speaking ? state.position : endOf(state), 'finalize');
  }
  return { state: { ...state, candidate: undefined }, effects: [] };
}

function discard({ phase, position }: SegmenterState): Step {
  return { state: idleAt(position), effects: phase === 'speaking' ? [{ type: 'discarded', at: position }] : [] };
}
