import type { StreamEvent, StreamResult } from '../engines/engine.ts';
import type { SessionEvent, SpeechEndCause, Transcript } from './session-events.ts';

export interface AssemblerOptions {
  /** As the client gave it; what transcripts are marked with when the engine does not say. */
  readonly language: string | undefined;
  readonly interims: boolean;
  /** Pauses end an utterance; else only `finalize`, the end of the stream and the length limit do. */
  readonly pausesEnd: boolean;
  /** Tell `utterance.ended`. */
  readonly utteranceEnds: boolean;
}

/** As long as the utterances that are cut here, so that what is kept for a failing engine has a bound. */
const MAX_UTTERANCE_S = 20;
/** A start in noise is taken back when the engine has found no word for so long. */
const EMPTY_START_S = 1.5;
/** As much as is kept before speech that is heard here. */
const PRE_ROLL_S = 0.3;
/** Results of an engine may overlap what was discarded by their rounding. */
const ROUNDING_S = 0.05;

/**
 * A streaming engine's results -> the session's events. Its finals within an utterance are the stable words of the
 * interims and together the session's final; the last one of them comes with the pause.
 */
export class RelayAssembler {
  readonly #options: AssemblerOptions;
  #utterances = 0;
  /** Where the open utterance began. */
  #openS: number | undefined;
  /** The finals of the open utterance. */
  #stable: StreamResult[] = [];
  #continues = false;
  #committedS = 0;
  #neededFromS = 0;
  /** Results of audio before this are not wanted. */
  #discardToS = 0;
  #discarding = false;

  constructor(options: AssemblerOptions) {
    this.#options = options;
  }

  /** Audio before this will not be told again: its words are out, or stable. */
  get committedS(): number {
    return this.#committedS;
  }

  /**
   * From where another engine has to hear: a little of the silence before, as the first sound of a word may lie there,
   * but nothing of the last word told.
   */
  get neededFromS(): number {
    return this.#neededFromS;
  }

  /** An utterance is announced that has no final yet. */
  get speaking(): boolean {
    return this.#openS !== undefined;
  }

  /** @param finalized somebody waits for the answer to a Finalize */
  take(event: StreamEvent, finalized: boolean): SessionEvent[] {
    switch (event.type) {
      case 'started':
        return this.#discarding ? [] : this.#start(event.atS);
      case 'utterance_end':
        return this.#endUtterance(event.lastWordEndS);
      case 'result': {
        const wanted = this.#wanted(event);
        if (event.final) this.#commit(event);
        return wanted ? this.#hear(wanted, finalized && event.fromFinalize) : [];
      }
    }
  }

  /** Ends the open utterance with what is stable: the stream ends, or it was asked to and there is nothing more. */
  end(how: { readonly cause: SpeechEndCause; readonly fromFinalize: boolean; readonly atS: number }): SessionEvent[] {
    const { cause, fromFinalize, atS } = how;
    if (!this.speaking && !fromFinalize) return [];
    const text = this.#stable.map((result) => result.text).join(' ');
    const startS = Math.min(this.#openS ?? atS, atS);
    const endS = Math.max(startS, this.#stable.at(-1)?.endS ?? atS);
    const announced = this.speaking;
    if (announced) this.#utterances += 1;
    const utterance = this.#utterances;
    const transcript = this.#transcript({ utterance, startS, endS, text }, this.#stable);
    const spokenToS = transcript.words.at(-1)?.endS ?? endS;
    this.#close(cause);
    return [
      ...(announced ? [{ type: 'speech.ended', utterance, atS: spokenToS, cause } as const] : []),
      { type: 'transcript.final', transcript, pause: cause === 'pause' || cause === 'finalize', fromFinalize },
    ];
  }

  /** Forgets the open utterance and all audio up to `toS`. */
  discard(toS: number): SessionEvent[] {
    this.#discardToS = toS;
    this.#discarding = true;
    this.#committedS = Math.max(this.#committedS, toS);
    this.#neededFromS = this.#committedS;
    if (!this.speaking) return [];
    this.#utterances += 1;
    this.#close('discarded');
    return [{ type: 'speech.ended', utterance: this.#utterances, atS: toS, cause: 'discarded' }];
  }

  #commit({ endS, words }: StreamResult): void {
    this.#committedS = Math.max(this.#committedS, endS);
    const quietFromS = words.at(-1)?.endS ?? 0;
    this.#neededFromS = Math.min(endS, Math.max(this.#neededFromS, quietFromS, endS - PRE_ROLL_S));
  }

  /** What of a result is not discarded. */
  #wanted(result: StreamResult): StreamResult | undefined {
    if (!this.#discarding && result.startS >= this.#discardToS - ROUNDING_S) return result;
    if (result.startS >= this.#discardToS - ROUNDING_S) {
      this.#discarding = false;
      return result;
    }
    if (result.endS <= this.#discardToS + ROUNDING_S) return undefined;
    // It began before; its words tell which of it is new.
    const words = result.words.filter(({ startS }) => startS >= this.#discardToS - ROUNDING_S);
    return { ...result, startS: this.#discardToS, words, text: words.map(({ word }) => word).join(' ') };
  }

  #hear(result: StreamResult, finalized: boolean): SessionEvent[] {
    const events: SessionEvent[] = [];
    if (result.text) {
      events.push(...this.#start(result.words[0]?.startS ?? result.startS));
    }
    if (result.final && result.text) this.#stable.push(result);
    const startS = this.#openS ?? result.startS;
    const pause = result.final && result.pause && this.#options.pausesEnd && this.#stable.length > 0;
    const tooLong = result.final && this.#stable.length > 0 && result.endS - startS >= MAX_UTTERANCE_S;
    if (finalized) events.push(...this.end({ cause: 'finalize', fromFinalize: true, atS: result.endS }));
    else if (pause) events.push(...this.end({ cause: 'pause', fromFinalize: false, atS: result.endS }));
    else if (tooLong) events.push(...this.end({ cause: 'cut', fromFinalize: false, atS: result.endS }));
    else if (result.text) events.push(...this.#interim(result));
    else if (this.#startedForNothing(result))
      events.push(...this.end({ cause: 'pause', fromFinalize: false, atS: result.endS }));
    return events;
  }

  #startedForNothing(result: StreamResult): boolean {
    return (
      result.final &&
      this.#openS !== undefined &&
      this.#stable.length === 0 &&
      (result.pause || result.endS - this.#openS >= EMPTY_START_S) &&
      result.endS > this.#openS
    );
  }

  #start(atS: number): SessionEvent[] {
    if (this.#openS !== undefined) return [];
    this.#openS = atS;
    const continues = this.#continues && { continues: true as const };
    this.#continues = false;
    return [{ type: 'speech.started', utterance: this.#utterances + 1, atS, ...continues }];
  }

  #interim(result: StreamResult): SessionEvent[] {
    if (!this.#options.interims) return [];
    const parts = result.final ? this.#stable : [...this.#stable, result];
    const startS = this.#openS ?? result.startS;
    const text = parts.map((part) => part.text).join(' ');
    const place = { utterance: this.#utterances + 1, startS, endS: Math.max(startS, result.endS), text };
    const stableWords = this.#stable.flatMap((part) => part.text.split(/\s+/));
    return [{ type: 'transcript.interim', transcript: this.#transcript(place, parts), stableWords }];
  }

  #endUtterance(saidS: number): SessionEvent[] {
    if (this.#discarding) return [];
    // Deepgram says -1 when it has told no word.
    const lastWordEndS = saidS < 0 ? this.#committedS : saidS;
    // The silence is long enough, even where noise hid the pause.
    const cause = 'pause';
    const ended = this.#stable.length > 0 ? this.end({ cause, fromFinalize: false, atS: lastWordEndS }) : [];
    return this.#options.utteranceEnds ? [...ended, { type: 'utterance.ended', lastWordEndS }] : ended;
  }

  #close(cause: SpeechEndCause): void {
    this.#openS = undefined;
    this.#stable = [];
    this.#continues = cause === 'cut';
  }

  #transcript(
    place: Pick<Transcript, 'utterance' | 'startS' | 'endS' | 'text'>,
    parts: readonly StreamResult[],
  ): Transcript {
    const words = parts.flatMap((part) => part.words);
    const certainties = words.length > 0 ? words.map((word) => word.probability) : parts.map((part) => part.confidence);
    return {
      ...place,
      words,
      confidence: certainties.reduce((sum, value) => sum + value, 0) / Math.max(1, certainties.length),
      language: parts.find((part) => part.language)?.language ?? this.#options.language,
      segments: parts.map(({ startS, endS, text }) => ({
        startS,
        endS,
        text,
        avgLogprob: undefined,
        compressionRatio: undefined,
        noSpeechProb: undefined,
      })),
    };
  }
}
