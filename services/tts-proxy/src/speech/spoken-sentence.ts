import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Member } from '../chain/voice-chain.ts';
import type { Pulse } from './pulse.ts';
import type { Demand, RenderingEvent } from './rendering.ts';

/** Sound of one sentence that is made before it is heard. Policy: past it the provider waits, as its socket is not read. */
const MAX_HELD_SAMPLES = 30 * TTS_SAMPLE_RATE_HZ;

type State =
  | { readonly type: 'silent' }
  | { readonly type: 'sounding' }
  | { readonly type: 'whole' }
  | { readonly type: 'broken'; readonly error: AppError }
  | { readonly type: 'failed'; readonly error: unknown };

export interface SpokenSentenceOptions {
  /**
   * Begins to make it, or finds a copy.
   *
   * @param attach tells whoever makes the sentence what its listener needs; called once, unless it is a kept copy
   */
  readonly open: (attach: (demand: Demand) => void, signal: AbortSignal) => AsyncIterable<RenderingEvent>;
  /** Beats whenever something has changed here. */
  readonly pulse: Pulse;
  readonly onVoice: (member: Member) => void;
  /** The voice broke off. */
  readonly onBroken: (member: Member) => void;
  readonly signal: AbortSignal;
}

/**
 * One sentence for one listener. Until the listener takes it, it may begin again with another voice; from then on it is this
 * voice or none.
 */
export class SpokenSentence {
  readonly #options: SpokenSentenceOptions;
  readonly #abort: ChildAbort;
  #state: State = { type: 'silent' };
  #held: Int16Array[] = [];
  #heldSamples = 0;
  #member: Member | undefined;
  #cached = true;
  #demand: Demand | undefined;
  #wanted = false;
  #taken = false;

  constructor(options: SpokenSentenceOptions) {
    this.#options = options;
    this.#abort = new ChildAbort(options.signal);
    void this.#fill();
  }

  /** Who speaks it; undefined while nobody does. */
  get member(): Member | undefined {
    return this.#member;
  }

  get cached(): boolean {
    return this.#cached;
  }

  get taken(): boolean {
    return this.#taken;
  }

  /** Nothing would be gained by waiting longer: all there is to come, or to be held, is there. */
  get settled(): boolean {
    return (this.#state.type !== 'silent' && this.#state.type !== 'sounding') || this.#full;
  }

  get silent(): boolean {
    return this.#state.type === 'silent';
  }

  /** Why nobody could speak it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#state.type === 'failed' ? this.#state : undefined;
  }

  /** Why it has no end. */
  get broken(): AppError | undefined {
    return this.#state.type === 'broken' ? this.#state.error : undefined;
  }

  /** Somebody waits for it now. */
  want(): void {
    this.#wanted = true;
    this.#demand?.want();
  }

  /** It is going to be heard: its voice does not change any more. */
  take(): void {
    this.#taken = true;
    this.#demand?.decided(this);
    this.#options.pulse.beat();
  }

  /** It is not going to be heard. */
  drop(): void {
    this.#abort.abort(new DOMException('the sentence is not wanted any more', 'AbortError'));
  }

  /** The next samples, after `take`; undefined after the last, or an abort. */
  async next(): Promise<Int16Array | undefined> {
    const { pulse, signal } = this.#options;
    while (!signal.aborted) {
      const samples = this.#held.shift();
      if (samples) {
        this.#heldSamples -= samples.length;
        pulse.beat();
        return samples;
      }
      if (this.#state.type !== 'sounding') return undefined;
      await pulse.next();
    }
    return undefined;
  }

  get #full(): boolean {
    return this.#heldSamples >= MAX_HELD_SAMPLES;
  }

  async #fill(): Promise<void> {
    const { open, pulse, onBroken } = this.#options;
    const { signal } = this.#abort;
    const attach = (demand: Demand) => {
      this.#demand = demand;
      this.#cached = false;
      if (this.#wanted) demand.want();
      if (!this.#taken) demand.undecided(this);
    };
    let breach: AppError | undefined;
    try {
      for await (const event of open(attach, signal)) {
        // All there is has come, and this listener keeps nothing.
        if (event.type === 'uncertain') continue;
        const member = this.#member;
        breach = event.type === 'broken' ? event.error : undefined;
        if (!breach || !this.#taken) this.#note(event);
        if (breach && member) onBroken(member);
        if (breach && this.#taken) break;
        pulse.beat();
        while (this.#full && !signal.aborted) await pulse.next();
      }
      this.#set(breach ? this.#end(breach) : { type: 'whole' });
    } catch (error) {
      this.#set(this.#end(error));
    } finally {
      this.#demand?.decided(this);
      this.#abort[Symbol.dispose]();
    }
  }

  #end(error: unknown): State {
    return this.#taken ? { type: 'broken', error: AppError.from(error) } : { type: 'failed', error };
  }

  #note(event: Exclude<RenderingEvent, { readonly type: 'uncertain' }>): void {
    if (event.type === 'audio') {
      this.#held.push(event.samples);
      this.#heldSamples += event.samples.length;
    } else {
      this.#member = event.type === 'voice' ? event.member : undefined;
      this.#held = [];
      this.#heldSamples = 0;
      if (event.type === 'voice') this.#options.onVoice(event.member);
    }
    this.#state = event.type === 'broken' ? { type: 'silent' } : { type: 'sounding' };
  }

  #set(state: State): void {
    this.#state = state;
    this.#options.pulse.beat();
  }
}
