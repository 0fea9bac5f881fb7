import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { UnspeakableError } from '../chain/first-to-sound.ts';
import { isTextFault } from '../chain/text-faults.ts';
import type { Member, VoiceChain } from '../chain/voice-chain.ts';
import type { Utterance } from '../providers/provider.ts';
import { Cutter } from '../text/cutter.ts';
import { spokenPiece } from '../text/spoken-text.ts';
import type { Admission } from './admission.ts';
import type { SpeechLimits } from './limits.ts';
import type { Phrases } from './phrases.ts';
import { Pulse } from './pulse.ts';
import type { Speech, SpeechOptions, SpeechPiece } from './speech.ts';
import type { Demand } from './rendering.ts';
import { SpokenSentence } from './spoken-sentence.ts';
import { UpstreamPlaces } from './upstream-places.ts';

/** Requests of one speech at its providers at once: the sentence being made and the next, or a silent provider and another. */
const MAX_UPSTREAM = 2;
/** Sentences begun of which nothing is heard yet. Policy: the next is not asked for, as it may never be wanted. */
const MAX_AHEAD = 2;
/** Sound left to hear when a sentence is given out though it is not whole, ms: enough for a network and a player. */
const RELEASE_LEAD_MS = 500;
/** Sound left to hear when a silent provider is given no more time, ms: enough for another to be heard in time. */
const WANT_LEAD_MS = 1_200;
const BROKEN_PAUSE_SAMPLES = 0.25 * TTS_SAMPLE_RATE_HZ;

export interface LiveSpeechDeps {
  readonly chain: VoiceChain;
  readonly phrases: Phrases;
  readonly admission: Admission;
  readonly limits: SpeechLimits;
}

interface SentenceItem {
  readonly type: 'sentence';
  /** As it was written. */
  readonly text: string;
  /** What of it can be spoken. */
  readonly spoken: string;
  /** The first of an answer, which is what lies between two flushes. */
  readonly opens: boolean;
  sound?: SpokenSentence;
}

type Item = SentenceItem | { readonly type: 'flush' };

/**
 * One answer: text is cut into sentences, each is made while the one before is heard, and given out in order.
 *
 * Synthesis is faster than hearing, so a sentence is given out when it is whole, or when what was given out before is nearly
 * heard. A voice that breaks off in the middle of a sentence is then nearly always noticed before anybody has heard of it, and
 * the sentence begins again elsewhere.
 */
export class LiveSpeech implements Speech {
  readonly pieces: AsyncIterable<SpeechPiece>;
  readonly #deps: LiveSpeechDeps;
  readonly #options: SpeechOptions;
  readonly #abort: ChildAbort;
  readonly #onClose: () => void;
  readonly #cutter = new Cutter();
  readonly #places = new UpstreamPlaces(MAX_UPSTREAM);
  readonly #pulse = new Pulse(() => this.#advance());
  /** What is being heard, and all behind it. */
  readonly #line: Item[] = [];
  /** Text without a word in it, announced with the next sentence. */
  #silentText = '';
  /** Characters the cutter has not given back. */
  #uncutChars = 0;
  #opens = true;
  #ended = false;
  #closed = false;
  #isClosedByReader = false;
  /** The sentence begun last, and who spoke last. */
  #latest: SpokenSentence | undefined;
  #last: Member | undefined;
  readonly #avoid = new Set<Member>();
  /** Sentences nobody can speak, before the first that is heard: told with it, or the speech fails with them. */
  readonly #skipped: { readonly text: string; readonly error: AppError }[] = [];
  #isHeard = false;
  /** When all that was given out will have been heard, ms of `performance.now`. */
  #heardUntilMs = 0;

  constructor(deps: LiveSpeechDeps, options: SpeechOptions, signal: AbortSignal, onClose: () => void) {
    this.#deps = deps;
    this.#options = options;
    this.#onClose = onClose;
    this.#abort = new ChildAbort(signal);
    this.#abort.signal.addEventListener('abort', () => this.#shut(), { once: true });
    if (signal.aborted) this.#shut();
    this.pieces = this.#watched();
  }

  write(text: string): void {
    if (this.#closed) return;
    if (this.#ended) throw new Error('text after the end of a speech');
    const { maxWaitingChars } = this.#deps.limits;
    if (this.#waitingChars + text.length > maxWaitingChars)
      throw new AppError('payload_too_large', `More than ${maxWaitingChars} characters wait to be spoken. Send less.`);
    this.#uncutChars += text.length;
    this.#add(this.#cutter.push(text));
  }

  flush(): void {
    if (this.#closed || this.#ended) return;
    this.#add(this.#cutter.flush());
    this.#uncutChars = 0;
    this.#opens = true;
    this.#line.push({ type: 'flush' });
    this.#pulse.beat();
  }

  end(): void {
    if (this.#closed || this.#ended) return;
    this.#add(this.#cutter.flush());
    this.#ended = true;
    this.#pulse.beat();
  }

  close(): void {
    this.#isClosedByReader ||= !this.#closed;
    this.#abort.abort(new DOMException('the speech is over', 'AbortError'));
  }

  /** The voices stop as the signal aborts; this frees the rest. */
  #shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#line.length = 0;
    this.#abort[Symbol.dispose]();
    this.#pulse.beat();
    this.#onClose();
  }

  get #waitingChars(): number {
    const waiting = this.#line.reduce(
      (sum, item) => sum + (item.type === 'sentence' && !item.sound ? item.text.length : 0),
      0,
    );
    return waiting + this.#uncutChars + this.#silentText.length;
  }

  #add(pieces: readonly string[]): void {
    for (const piece of pieces) {
      this.#uncutChars -= piece.length;
      const text = this.#silentText + piece;
      const spoken = spokenPiece(piece, this.#options.voice.language);
      this.#silentText = spoken === undefined ? text : '';
      if (spoken !== undefined) this.#line.push({ type: 'sentence', text, spoken, opens: this.#opens });
      if (spoken !== undefined) this.#opens = false;
    }
    this.#pulse.beat();
  }

  /** Begins the next sentence, if it may begin now. */
  #advance(): void {
    if (this.#closed) return;
    const ahead = this.#line.filter((item) => item.type === 'sentence' && item.sound && !item.sound.taken).length;
    const next = this.#line.find((item) => item.type === 'sentence' && !item.sound);
    // First sound first; and whoever speaks a sentence shall speak the next.
    const isTurn = !this.#latest?.silent && this.#places.free > 0 && ahead < MAX_AHEAD;
    if (next?.type !== 'sentence' || !isTurn) return;
    if (next.opens) {
      // A new answer may have the best voice again.
      this.#last = undefined;
      this.#avoid.clear();
    }
    next.sound = this.#begin(next.spoken);
    this.#latest = next.sound;
  }

  #begin(text: string): SpokenSentence {
    const { chain, phrases, admission } = this.#deps;
    const { voice, speed, instructions, cache: scope, tenant } = this.#options;
    const utterance: Utterance = { text, voice, speed, ...(instructions !== undefined && { instructions }) };
    const isNew = this.#latest === undefined;
    const open = (attach: (demand: Demand) => void, signal: AbortSignal) =>
      phrases.open(
        {
          utterance,
          scope,
          tenant,
          copiesOf: () => this.#copiesOf(),
          order: (broken) => chain.order({ last: this.#last, avoid: new Set([...this.#avoid, ...broken]) }),
          enter: async (attempt) => this.#noted(await this.#places.enter(attempt)),
          tryEnter: () => {
            const leave = this.#places.tryEnter();
            return leave && this.#noted(leave);
          },
          admit: (making, isBack) => admission.enter({ tenant, isNew: isNew && !isBack }, making),
        },
        attach,
        signal,
      );
    const sound: SpokenSentence = new SpokenSentence({
      open,
      pulse: this.#pulse,
      signal: this.#abort.signal,
      onVoice: (member) => (this.#last = member),
      onBroken: (member) => this.#leave(member, sound),
    });
    return sound;
  }

  /**
   * A voice broke off. What it was making behind that sentence is made by another: whatever broke one connection mostly breaks
   * them all. When the sentence itself is going to begin again, what the voice has made to its end is made again too: one
   * change of voice is heard, not three.
   */
  #leave(member: Member, broken: SpokenSentence): void {
    this.#avoid.add(member);
    const at = this.#line.findIndex((item) => item.type === 'sentence' && item.sound === broken);
    for (const item of this.#line.slice(at + 1)) {
      if (item.type !== 'sentence' || !item.sound) continue;
      if (item.sound.member !== member && !item.sound.silent) continue;
      if (broken.taken && item.sound.settled) continue;
      item.sound.drop();
      delete item.sound;
      this.#latest = broken;
    }
  }

  /**
   * A voice that goes on is not changed for a kept copy. Else the first voice that is well, and those preferred to it that are
   * away: what a lesser voice once said is not heard again when a better one can say it.
   */
  #copiesOf(): readonly Member[] {
    const last = this.#last;
    const { members } = this.#deps.chain;
    const willing = members.filter((member) => !this.#avoid.has(member));
    const firstAble = willing.findIndex(({ health }) => health.able);
    const better = firstAble < 0 ? willing : willing.slice(0, firstAble + 1);
    if (!last || !willing.includes(last)) return better;
    return last.health.able ? [last] : [last, ...better.filter((member) => member !== last)];
  }

  /** When the place is given back, the next sentence may begin. */
  #noted(leave: () => void): () => void {
    return () => {
      leave();
      this.#pulse.beat();
    };
  }

  /** The pieces, unless their reader leaves one lying for too long. */
  async *#watched(): AsyncGenerator<SpeechPiece> {
    const { readTimeoutMs } = this.#deps.limits;
    const cut = () => {
      this.#abort.abort(new AppError('invalid_request', `The sound was not read for ${readTimeoutMs} ms.`));
    };
    try {
      for await (const piece of this.#read()) {
        const timer = setTimeout(cut, readTimeoutMs).unref();
        try {
          yield piece;
        } finally {
          clearTimeout(timer);
        }
      }
    } finally {
      this.close();
    }
  }

  async *#read(): AsyncGenerator<SpeechPiece> {
    for (;;) {
      if (this.#isOver()) return;
      const item = this.#line[0];
      if (item?.type === 'flush' || (!item && this.#ended)) this.#assertHeard();
      if (item?.type === 'flush') yield { type: 'flushed' };
      else if (item?.sound) yield* this.#speak(item.text, item.sound);
      else if (!item && this.#ended) return yield* this.#rest();
      else {
        await this.#pulse.next();
        continue;
      }
      this.#line.shift();
      this.#pulse.beat();
    }
  }

  async *#speak(text: string, sound: SpokenSentence): AsyncGenerator<SpeechPiece> {
    await this.#due(sound);
    if (this.#isOver()) return;
    if (sound.failure) return yield* this.#skip(text, sound.failure.error);
    sound.take();
    const { engine } = (sound.member as Member).provider;
    this.#isHeard = true;
    yield* this.#tellSkipped();
    yield { type: 'sentence', text, engine, cached: sound.cached };
    for (let samples = await this.#next(sound); samples; samples = await this.#next(sound)) yield this.#heard(samples);
    if (this.#isOver() || !sound.broken) return;
    // Half a sentence needs its pause too: without one its last word runs into the next.
    yield this.#heard(new Int16Array(BROKEN_PAUSE_SAMPLES));
    yield { type: 'broken', error: sound.broken };
  }

  /** A text nobody can speak is not worth the rest of the answer. @throws the error, when it is not the text's fault */
  *#skip(text: string, error: unknown): Generator<SpeechPiece> {
    if (!(error instanceof UnspeakableError) && !isTextFault(error)) throw error;
    this.#skipped.push({ text, error });
    if (this.#isHeard) yield* this.#tellSkipped();
  }

  *#tellSkipped(): Generator<SpeechPiece> {
    const { chain } = this.#deps;
    const engine = (this.#last ?? chain.order()[0])?.provider.engine;
    for (const { text, error } of this.#skipped.splice(0)) {
      if (engine) yield { type: 'sentence', text, engine, cached: false };
      yield { type: 'broken', error };
    }
  }

  /** @throws the first error when nothing but sentences that nobody can speak has come so far */
  #assertHeard(): void {
    const [first] = this.#skipped;
    if (first) throw first.error;
  }

  #heard(samples: Int16Array): SpeechPiece {
    const lengthMs = (samples.length / TTS_SAMPLE_RATE_HZ) * 1000;
    this.#heardUntilMs = Math.max(performance.now(), this.#heardUntilMs) + lengthMs;
    return { type: 'audio', samples };
  }

  /** The next samples; when there are none in time, the sentence behind is wanted as soon as if this one were over. */
  async #next(sound: SpokenSentence): Promise<Int16Array | undefined> {
    const wantNext = () => {
      const behind = this.#line[1];
      if (behind?.type === 'sentence') behind.sound?.want();
    };
    const timer = setTimeout(wantNext, Math.max(0, this.#heardUntilMs - WANT_LEAD_MS - performance.now()));
    try {
      return await sound.next();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Text without a word at the end of the answer: nothing is heard of it, but whoever shows what is spoken shows it. */
  *#rest(): Generator<SpeechPiece> {
    const engine = this.#last?.provider.engine;
    if (engine && this.#silentText) yield { type: 'sentence', text: this.#silentText, engine, cached: false };
  }

  /** Waits until a sentence is to be given out. */
  async #due(sound: SpokenSentence): Promise<void> {
    while (!this.#closed && !sound.settled) {
      const leftMs = this.#heardUntilMs - performance.now();
      if (leftMs <= WANT_LEAD_MS) sound.want();
      if (leftMs <= RELEASE_LEAD_MS && !sound.silent) return;
      const untilMs = leftMs > WANT_LEAD_MS ? leftMs - WANT_LEAD_MS : leftMs - RELEASE_LEAD_MS;
      await this.#pulse.next(untilMs > 0 ? untilMs : undefined);
    }
  }

  /** @throws the reason when it was not `close` that ended it */
  #isOver(): boolean {
    const { signal } = this.#abort;
    if (signal.aborted && !this.#isClosedByReader) throw signal.reason;
    return this.#closed;
  }
}
