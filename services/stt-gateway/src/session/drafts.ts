import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { doubtSound, type Believed } from '../decoding/guards.ts';
import {
  initialState,
  msOf,
  step,
  type SegmenterInput,
  type SegmenterState,
  type Span,
} from '../utterance/segmenter.ts';
import { CallTimes } from './call-times.ts';
import { Outbox } from './outbox.ts';
import type { SessionDecoder } from './session-decoder.ts';
import type { SessionEvent, TimedWord } from './session-events.ts';
import { draftLengths } from './turn-lengths.ts';
import { secondsOf, transcriptOf } from './transcripts.ts';

/** The part of draftMs that is left for decoding: at first, at least and at most. The rest is the longest piece. */
const FIRST_RESERVE = 0.5;
const LEAST_RESERVE = 0.2;
const MOST_RESERVE = 0.6;
/** Decodes vary: this much more than the slowest of late is reckoned with. */
const CAUTION = 1.5;

export interface DraftsPorts {
  readonly decoder: SessionDecoder;
  /** Text comes no later than this behind speech. */
  readonly draftMs: number;
  readonly onEvent: (event: SessionEvent) => void;
}

interface OpenWindow {
  readonly utterance: number;
  readonly from: number;
  /** Infinity while it goes on. */
  to: number;
  closedMs: number;
}

interface Piece {
  readonly span: Span;
  readonly abort: ChildAbort;
}

/**
 * Text of a window while it is still being spoken: pieces of it are decoded, each stretch of audio once, and joined; the
 * window's final replaces them. Pieces are as long as the engine's speed allows, are cut at silences where there are
 * some, and are never dropped.
 */
export class Drafts {
  readonly #ports: DraftsPorts;
  readonly #outbox = new Outbox();
  readonly #draftTimes = new CallTimes();
  readonly #finalTimes = new CallTimes();
  readonly #out = new Set<Piece>();
  #windows: OpenWindow[] = [windowFrom(1, 0)];
  #words: readonly TimedWord[] = [];
  #state: SegmenterState = initialState();

  constructor(ports: DraftsPorts) {
    this.#ports = ports;
  }

  /** Samples of audio being decoded for drafts. */
  get samples(): number {
    return [...this.#out].reduce((sum, { span }) => sum + span.to - span.from, 0);
  }

  /** A window was heard, the same that the segmenter of the utterances gets. */
  hear(window: Extract<SegmenterInput, { type: 'window' }>): void {
    for (const piece of this.#advance(window)) this.#draft(piece);
  }

  /** Nothing comes any more, and what has been said grows old. */
  stall(stalledMs: number): void {
    if (this.#oldMs + stalledMs < this.#longestMs) return;
    for (const piece of this.#advance({ type: 'cut', at: this.#state.position })) this.#draft(piece);
  }

  /** The utterance ends: what has no draft yet gets one if the final may come too late for it. */
  close(utterance: number, span: Span): void {
    const late = this.#oldMs + (this.#finalTimes.worstMs ?? Infinity) > this.#ports.draftMs;
    for (const piece of this.#advance({ type: 'cut', at: span.to })) if (late) this.#draft(piece);
    this.#begin(utterance, span.to);
  }

  /** The final is there: the utterance's drafts are history. */
  settle(utterance: number): void {
    const settled = this.#windows.find((window) => window.utterance === utterance);
    if (settled) this.#finalTimes.observe(performance.now() - settled.closedMs);
    this.#windows = this.#windows.filter((window) => window.utterance > utterance);
    const from = this.#windows[0]?.from ?? 0;
    for (const { span, abort } of this.#out)
      if (span.to <= from) abort.abort(new DOMException('the final is there', 'AbortError'));
    this.#words = this.#words.filter((word) => middleOf(word) >= secondsOf(from));
  }

  /** Forgets the utterance being spoken; its text so far is shown no more. */
  discard(utterance: number, position: number): void {
    this.#advance({ type: 'discard' });
    this.#begin(utterance, position);
    this.#windows = this.#windows.filter((window) => window.utterance !== utterance);
  }

  /** How long ago the oldest speech without a draft began. */
  get #oldMs(): number {
    return this.#state.phase === 'speaking' ? msOf(this.#state.position - this.#state.span.from) : 0;
  }

  /** What a piece may last, so that it is decoded in time. It grows while another is out: a slow engine gets fewer calls. */
  get #longestMs(): number {
    const { draftMs } = this.#ports;
    if (this.#out.size > 0) return Infinity;
    const { worstMs } = this.#draftTimes;
    const reserve = worstMs === undefined ? FIRST_RESERVE : (CAUTION * worstMs) / draftMs;
    return draftMs * (1 - Math.min(MOST_RESERVE, Math.max(LEAST_RESERVE, reserve)));
  }

  /** The utterance ends at `position`, where the next one's time begins. */
  #begin(utterance: number, position: number): void {
    const window = this.#windows.find((open) => open.utterance === utterance);
    if (window) {
      window.to = position;
      window.closedMs = performance.now();
    }
    this.#windows.push(windowFrom(utterance + 1, position));
  }

  /** @returns the pieces that became complete */
  #advance(input: SegmenterInput): readonly Span[] {
    const { state, effects } = step(this.#state, input, draftLengths(this.#longestMs));
    this.#state = state;
    return effects.flatMap((effect) => (effect.type === 'commit' ? effect.span : []));
  }

  #draft(span: Span): void {
    if (doubtSound(span)) return;
    const piece = { span, abort: new ChildAbort(this.#ports.decoder.signal) };
    this.#out.add(piece);
    this.#outbox.add(this.#decode(piece), (words) => {
      this.#out.delete(piece);
      if (words && !piece.abort.signal.aborted && !this.#ports.decoder.signal.aborted) this.#tell(words, span);
    });
  }

  /** Undefined when it fails: the final, which is of the same audio, will say so. */
  async #decode({ span, abort }: Piece): Promise<readonly TimedWord[] | undefined> {
    const { decoder } = this.#ports;
    const cut = decoder.cut(span);
    const startedMs = performance.now();
    try {
      const believed = await decoder.final('commit', cut, { signal: abort.signal });
      this.#draftTimes.observe(performance.now() - startedMs);
      return wordsOf(believed, cut.span);
    } catch {
      return undefined;
    } finally {
      abort[Symbol.dispose]();
    }
  }

  /** Says all words so far of each utterance the piece lies in; a piece may reach over a cut made later. */
  #tell(words: readonly TimedWord[], { from, to }: Span): void {
    this.#words = [...this.#words, ...words];
    for (const window of this.#windows) {
      if (to <= window.from || from >= window.to) continue;
      const said = this.#words.filter((word) => isWithin(word, window));
      const [first] = said;
      if (!first) continue;
      const transcript = {
        utterance: window.utterance,
        startS: first.startS,
        endS: secondsOf(Math.min(to, window.to)),
        text: said.map(({ word }) => word).join(' '),
        words: said,
        confidence: said.reduce((sum, { probability }) => sum + probability, 0) / said.length,
        language: undefined,
        segments: [],
      };
      this.#ports.onEvent({ type: 'transcript.interim', transcript, stableWords: [] });
    }
  }
}

function windowFrom(utterance: number, from: number): OpenWindow {
  return { utterance, from, to: Infinity, closedMs: Infinity };
}

/** The words on the stream's clock; of an engine that gives no times they are spread over the piece. */
function wordsOf(believed: Believed, { from, to }: Span): readonly TimedWord[] {
  const { words } = transcriptOf({ utterance: 0, from, to }, believed);
  const texts = believed.text.split(' ').filter(Boolean);
  if (words.length > 0 || texts.length === 0) return words;
  const stepS = (secondsOf(to) - secondsOf(from)) / texts.length;
  return texts.map((word, index) => ({
    word,
    startS: secondsOf(from) + index * stepS,
    endS: secondsOf(from) + (index + 1) * stepS,
    probability: believed.confidence,
  }));
}

function middleOf({ startS, endS }: TimedWord): number {
  return (startS + endS) / 2;
}

function isWithin(word: TimedWord, { from, to }: OpenWindow): boolean {
  const middleS = middleOf(word);
  return middleS >= secondsOf(from) && middleS < secondsOf(to);
}
