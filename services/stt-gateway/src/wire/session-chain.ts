import type { OpenSession, SessionListener, SessionOptions, SpeechSession } from '../session/speech-session.ts';
import type { SessionEvent, Transcript } from '../session/session-events.ts';

/** One session of the chain, and where it stands on the clock and among the utterances of all. */
class Link {
  readonly options: SessionOptions;
  readonly baseS: number;
  /** Its own utterance number -> the number told. */
  readonly numbers = new Map<number, number>();
  speaking = false;
  pressed = false;
  /** What waits until the session before has told everything; undefined when nothing has to. */
  held: SessionEvent[] | undefined;
  readonly session: SpeechSession;

  constructor(options: SessionOptions, place: { baseS: number; waits: boolean }, open: (link: Link) => SpeechSession) {
    this.options = options;
    this.baseS = place.baseS;
    this.held = place.waits ? [] : undefined;
    this.session = open(this);
  }
}

/** Utterances whose number is remembered: more than can be on their way at once. */
const MAX_NUMBERS = 256;

/**
 * Sessions one after the other on one sample clock, as one session whose options can change: a change takes effect with
 * the next utterance. The first is opened with the first audio, so that a client may set everything before.
 */
export class SessionChain implements SpeechSession {
  readonly #open: OpenSession;
  readonly #listener: SessionListener;
  #options: SessionOptions;
  #active: Link | undefined;
  /** The one before, while its last finals are awaited. Never two: a change meanwhile waits for it. */
  #retiring: Link | undefined;
  #retired: Promise<void> | undefined;
  #utterances = 0;
  #closed = false;

  constructor(options: SessionOptions, open: OpenSession, listener: SessionListener) {
    this.#options = options;
    this.#open = open;
    this.#listener = listener;
  }

  get durationS(): number {
    return this.#active ? this.#active.baseS + this.#active.session.durationS : 0;
  }

  get heldSamples(): number {
    return (this.#active?.session.heldSamples ?? 0) + (this.#retiring?.session.heldSamples ?? 0);
  }

  /** Sets options for the next utterance; what is being said goes on under those it began with. */
  change(options: SessionOptions): void {
    this.#options = options;
    this.#changeOver();
  }

  push(samples: Int16Array): void {
    if (samples.length > 0 && !this.#closed) this.#link().session.push(samples);
  }

  finalize(): void {
    if (!this.#closed) this.#link().session.finalize();
  }

  discard(): void {
    this.#active?.session.discard();
  }

  async finish(): Promise<void> {
    await Promise.all([this.#retired, this.#active?.session.finish()]);
  }

  close(): void {
    this.#closed = true;
    this.#retiring?.session.close();
    this.#active?.session.close();
  }

  #link(): Link {
    return (this.#active ??= this.#start({ baseS: 0, waits: false }));
  }

  #start(place: { baseS: number; waits: boolean }): Link {
    return new Link(this.#options, place, (link) =>
      this.#open(this.#options, {
        onEvent: (event) => this.#told(link, event),
        onPressure: (pressed) => this.#press(link, pressed),
        onFailure: this.#listener.onFailure,
      }),
    );
  }

  #changeOver(): void {
    const active = this.#active;
    if (this.#closed || !active || active.speaking || this.#retiring || same(active.options, this.#options)) return;
    if (active.session.durationS === 0) {
      active.session.close();
      this.#active = undefined;
      return;
    }
    this.#retiring = active;
    this.#active = this.#start({ baseS: active.baseS + active.session.durationS, waits: true });
    this.#retired = this.#retire(active);
  }

  async #retire(link: Link): Promise<void> {
    await link.session.finish();
    link.session.close();
    this.#retiring = undefined;
    if (link.pressed) this.#press(link, false);
    const next = this.#active;
    const held = next?.held ?? [];
    if (next) next.held = undefined;
    for (const event of held) this.#pass(event);
    this.#changeOver();
  }

  #press(link: Link, pressed: boolean): void {
    const before = this.#pressed;
    link.pressed = pressed;
    if (this.#pressed !== before) this.#listener.onPressure(pressed);
  }

  get #pressed(): boolean {
    return this.#active?.pressed === true || this.#retiring?.pressed === true;
  }

  #told(link: Link, raw: SessionEvent): void {
    const event = this.#placed(link, raw);
    if (event.type === 'speech.started') link.speaking = true;
    if (event.type === 'speech.ended' && event.cause !== 'cut') {
      link.speaking = false;
      // Not now: the session is in the middle of telling us.
      if (link === this.#active) queueMicrotask(() => this.#changeOver());
    }
    const atOnce = event.type === 'speech.started' || event.type === 'speech.ended';
    if (!link.held || atOnce) this.#pass(event);
    // The next interim says more than this one.
    else if (event.type !== 'transcript.interim') link.held.push(event);
  }

  #pass(event: SessionEvent): void {
    if (!this.#closed) this.#listener.onEvent(event);
  }

  /** The event with the chain's times and utterance numbers. */
  #placed(link: Link, event: SessionEvent): SessionEvent {
    const at = (seconds: number) => Math.round((link.baseS + seconds) * 1000) / 1000;
    switch (event.type) {
      case 'speech.started':
      case 'speech.ended':
        return { ...event, utterance: this.#number(link, event.utterance), atS: at(event.atS) };
      case 'transcript.interim':
      case 'transcript.final':
        return { ...event, transcript: this.#transcript(link, event.transcript, at) };
      case 'utterance.ended':
        return { ...event, lastWordEndS: at(event.lastWordEndS) };
      case 'utterance.lost':
        return {
          ...event,
          utterance: this.#number(link, event.utterance),
          startS: at(event.startS),
          endS: at(event.endS),
        };
    }
  }

  #transcript(link: Link, transcript: Transcript, at: (seconds: number) => number): Transcript {
    const timed = <T extends { readonly startS: number; readonly endS: number }>(part: T): T => ({
      ...part,
      startS: at(part.startS),
      endS: at(part.endS),
    });
    return {
      ...timed(transcript),
      utterance: this.#number(link, transcript.utterance),
      words: transcript.words.map(timed),
      segments: transcript.segments.map(timed),
    };
  }

  #number(link: Link, own: number): number {
    const known = link.numbers.get(own);
    if (known !== undefined) return known;
    this.#utterances += 1;
    link.numbers.set(own, this.#utterances);
    // Told in order, so what lies far behind is not asked for again.
    for (const old of link.numbers.keys()) {
      if (link.numbers.size <= MAX_NUMBERS) break;
      link.numbers.delete(old);
    }
    return this.#utterances;
  }
}

function same(one: SessionOptions, other: SessionOptions): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
