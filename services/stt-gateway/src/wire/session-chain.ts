import type { OpenSession, SessionListener, SessionOptions, SpeechSession } from '../session/speech-session.ts';
import type { SessionEvent } from '../session/session-events.ts';
import { shiftEvent, type Shift } from '../session/shift-event.ts';

/** One session of the chain, and where it stands on the clock and among the utterances of all. */
class Link {
  readonly options: SessionOptions;
  readonly shift: Shift;
  speaking = false;
  /** It owes an answer to a finalize. */
  asked = false;
  pressed = false;
  /** What waits until the session before has told everything; undefined when nothing has to. */
  held: SessionEvent[] | undefined;
  readonly session: SpeechSession;

  constructor(options: SessionOptions, shift: Shift, open: (link: Link) => SpeechSession) {
    this.options = options;
    this.shift = shift;
    this.held = shift === START ? undefined : [];
    this.session = open(this);
  }
}

const START: Shift = { seconds: 0, utterances: 0 };
/** Numbers left free for what a session that is asked to finish still finds in the audio on its way. */
const NUMBERS_LEFT_FREE = 100;

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
  #newest = 0;
  #closed = false;

  constructor(options: SessionOptions, open: OpenSession, listener: SessionListener) {
    this.#options = options;
    this.#open = open;
    this.#listener = listener;
  }

  get durationS(): number {
    return this.#active ? this.#active.shift.seconds + this.#active.session.durationS : 0;
  }

  get heldSamples(): number {
    return (this.#active?.session.heldSamples ?? 0) + (this.#retiring?.session.heldSamples ?? 0);
  }

  /**
   * Sets options for the next utterance; what is being said goes on under those it began with. Where only `finalize` ends
   * it, the change does.
   */
  change(options: SessionOptions): void {
    this.#options = options;
    this.#changeOver();
  }

  push(samples: Int16Array): void {
    if (samples.length > 0 && !this.#closed) this.#link().session.push(samples);
  }

  finalize(): void {
    if (this.#closed) return;
    const link = this.#link();
    link.asked = true;
    link.session.finalize();
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
    return (this.#active ??= this.#start(START));
  }

  #start(shift: Shift): Link {
    return new Link(this.#options, shift, (link) =>
      this.#open(this.#options, {
        onEvent: (event) => this.#told(link, event),
        onPressure: (pressed) => this.#press(link, pressed),
        onFailure: this.#listener.onFailure,
      }),
    );
  }

  #changeOver(): void {
    const active = this.#active;
    if (this.#closed || !active || this.#retiring || same(active.options, this.#options)) return;
    // Where nothing but the client ends what is being said, it may never end.
    if (active.speaking && active.options.turn.type !== 'manual') return;
    if (active.session.durationS === 0 && !active.asked) {
      active.session.close();
      this.#active = undefined;
      return;
    }
    this.#retiring = active;
    const seconds = active.shift.seconds + active.session.durationS;
    this.#active = this.#start({ seconds, utterances: this.#newest + NUMBERS_LEFT_FREE });
    this.#retired = this.#retire(active);
  }

  async #retire(link: Link): Promise<void> {
    await link.session.finish();
    link.session.close();
    if (link.pressed) this.#press(link, false);
    this.#retiring = undefined;
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
    const event = shiftEvent(raw, link.shift);
    if (event.type === 'speech.started') {
      link.speaking = true;
      this.#newest = Math.max(this.#newest, event.utterance);
    }
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
}

function same(one: SessionOptions, other: SessionOptions): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
