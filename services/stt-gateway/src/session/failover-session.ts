import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import type { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Timeline } from '../audio/timeline.ts';
import type { CircuitBreaker } from '@eloquence/shared/runtime/circuit-breaker';
import type { SessionEvent } from './session-events.ts';
import { shiftEvent } from './shift-event.ts';
import type { SessionListener, SessionOptions, SpeechSession } from './speech-session.ts';

/** A session whose rest another can hear. */
export interface ReplaceableSession extends SpeechSession {
  /** Seconds of its audio whose words are told; when it fails, another has to hear what comes after. */
  readonly neededFromS: number;
}

/** One place to hear a session, in order of preference. */
export type HearingPlace =
  /** Its stream may fail; another then hears what it had not made final. */
  | {
      readonly type: 'relayed';
      readonly name: string;
      readonly health: CircuitBreaker;
      readonly open: (options: SessionOptions, listener: SessionListener) => ReplaceableSession;
    }
  /** Heard and cut here; looks for a decoder that works by itself, so it is the last place. */
  | {
      readonly type: 'local';
      /** The engine that decodes at the moment. */
      readonly name: () => string;
      readonly open: (options: SessionOptions, listener: SessionListener) => SpeechSession;
    };

export interface FailoverPorts extends SessionListener {
  readonly places: readonly HearingPlace[];
  readonly onFailover: (from: string, to: string) => void;
  readonly telemetry: Telemetry;
}

/**
 * Audio kept for the next place: three utterances of full length. Drop policy: the oldest goes, because text about what
 * was said last is worth more than text about what was said first.
 */
const MAX_KEPT_SAMPLES = 60 * STT_SAMPLE_RATE_HZ;
const DROPPED_FRAME_SAMPLES = 512;
/** A stream that breaks is opened once more at the same engine; not again within this. */
const REOPEN_AGAIN_MS = 60_000;

type Inner =
  | {
      readonly type: 'relayed';
      readonly place: Extract<HearingPlace, { type: 'relayed' }>;
      readonly session: ReplaceableSession;
    }
  | { readonly type: 'local'; readonly session: SpeechSession };

/**
 * A session that outlives the engine that hears it. Audio is kept until a final covers it; when the stream fails, the
 * next place hears what is kept, on the same clock and with the next utterance number. What the failed stream had made
 * stable is told before, so that no word is lost and none comes twice.
 */
export class FailoverSession implements SpeechSession {
  readonly #options: SessionOptions;
  readonly #ports: FailoverPorts;
  readonly #kept = new Timeline(MAX_KEPT_SAMPLES);
  readonly #finished = Promise.withResolvers<void>();
  /** Positions at which finalize was asked for and not yet answered. */
  #finalizeAt: number[] = [];
  #inner: Inner | undefined;
  /** Where the inner session's clock begins, and how many utterances came before it. */
  #origin = 0;
  #utterancesBefore = 0;
  #utterances = 0;
  #heard = false;
  /** The last utterance was cut in its middle; and the next start is that speaker going on. */
  #cut = false;
  #continues = false;
  #finishing = false;
  #pressed = false;
  #closed = false;
  #reopenedMs = -Infinity;

  constructor(options: SessionOptions, ports: FailoverPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#enter(this.#nextPlace(undefined), 0);
  }

  get durationS(): number {
    return this.#kept.end / STT_SAMPLE_RATE_HZ;
  }

  get heldSamples(): number {
    return this.#kept.held + (this.#inner?.session.heldSamples ?? 0);
  }

  push(samples: Int16Array): void {
    if (this.#closed || samples.length === 0) return;
    // What is pushed may be the caller's buffer; what is kept must not change. Whoever hears locally keeps it himself.
    this.#kept.append(this.#inner?.type === 'local' ? samples : samples.slice());
    this.#inner?.session.push(samples);
    this.#trim();
  }

  finalize(): void {
    if (this.#closed) return;
    if (this.#inner?.type === 'relayed') this.#finalizeAt.push(this.#kept.end);
    this.#inner?.session.finalize();
  }

  discard(): void {
    if (this.#closed) return;
    this.#finalizeAt = [];
    this.#inner?.session.discard();
    this.#trim();
  }

  async finish(): Promise<void> {
    if (!this.#finishing && this.#inner) this.#finishInner(this.#inner);
    this.#finishing = true;
    await this.#finished.promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leaveTrial();
    this.#inner?.session.close();
    this.#inner = undefined;
    this.#kept.trimBefore(this.#kept.end);
    this.#finished.resolve();
  }

  /** Gives the session to a place, and to it all audio since `from`, with what was asked for in between. */
  #enter(place: HearingPlace, from: number): void {
    const pcm = this.#kept.slice(from, this.#kept.end);
    this.#origin = this.#kept.end - pcm.length;
    this.#utterancesBefore = this.#utterances;
    this.#heard = false;
    this.#countLost(this.#origin - from);
    const inner = this.#open(place);
    this.#inner = inner;
    if (this.#pressed) this.#press(false);
    let at = 0;
    for (const position of this.#finalizeAt) {
      const to = Math.max(at, position - this.#origin);
      inner.session.push(pcm.subarray(at, to));
      inner.session.finalize();
      at = to;
    }
    inner.session.push(pcm.subarray(at));
    if (inner.type === 'local') this.#finalizeAt = [];
    if (this.#finishing) this.#finishInner(inner);
  }

  #open(place: HearingPlace): Inner {
    // A place that is left may still have something to say.
    const ifCurrent =
      <T>(act: (value: T) => void) =>
      (value: T) => {
        if (this.#inner === inner && !this.#closed) act(value);
      };
    const listener: SessionListener = {
      onEvent: ifCurrent((event: SessionEvent) => this.#tell(event)),
      onPressure: ifCurrent((pressed: boolean) => this.#press(pressed)),
      onFailure: ifCurrent((error: AppError) => this.#failed(error)),
    };
    let inner: Inner;
    if (place.type === 'relayed') {
      place.health.entered();
      inner = { type: 'relayed', place, session: place.open(this.#options, listener) };
    } else inner = { type: 'local', session: place.open(this.#options, listener) };
    return inner;
  }

  #tell(told: SessionEvent): void {
    let event = shiftEvent(told, {
      utterances: this.#utterancesBefore,
      seconds: this.#origin / STT_SAMPLE_RATE_HZ,
    });
    if (!this.#heard && this.#inner?.type === 'relayed') this.#inner.place.health.succeeded();
    this.#heard = true;
    if (event.type === 'speech.ended') this.#cut = event.cause === 'cut';
    if (event.type === 'speech.started' && this.#continues) {
      this.#continues = false;
      event = { ...event, continues: true };
    } else if (event.type === 'speech.ended' || event.type === 'utterance.lost')
      this.#utterances = Math.max(this.#utterances, event.utterance);
    else if (event.type === 'transcript.final') {
      this.#utterances = Math.max(this.#utterances, event.transcript.utterance);
      if (event.fromFinalize) this.#finalizeAt.shift();
    }
    this.#ports.onEvent(event);
    this.#trim();
  }

  #failed(error: AppError): void {
    const left = this.#inner;
    if (left?.type !== 'relayed') {
      this.#ports.onFailure(error);
      return;
    }
    const { place, session } = left;
    const from = this.#origin + Math.round(session.neededFromS * STT_SAMPLE_RATE_HZ);
    this.#continues = this.#cut;
    session.close();
    const next = this.#nextPlace(this.#mayReopen(error) ? undefined : place);
    if (next === place) this.#reopenedMs = performance.now();
    else place.health.failed(error);
    this.#ports.onFailover(place.name, next.type === 'local' ? next.name() : next.name);
    this.#enter(next, Math.min(from, this.#kept.end));
  }

  /** It worked until now and does not refuse us: most likely only this connection broke. */
  #mayReopen(error: AppError): boolean {
    return this.#heard && error.retryable && performance.now() - this.#reopenedMs > REOPEN_AGAIN_MS;
  }

  #nextPlace(without: HearingPlace | undefined): HearingPlace {
    const place = this.#ports.places.find(
      (candidate) => candidate !== without && (candidate.type === 'local' || candidate.health.able),
    );
    if (!place) throw new Error('there is no local place');
    return place;
  }

  #finishInner(inner: Inner): void {
    const finish = async () => {
      await inner.session.finish();
      if (this.#inner === inner) this.#finished.resolve();
    };
    void finish();
  }

  #press(pressed: boolean): void {
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    this.#ports.onPressure(pressed);
  }

  /** Whoever hears locally keeps for itself what it needs. */
  #trim(): void {
    if (this.#inner?.type === 'local') this.#kept.trimBefore(this.#kept.end);
    else if (this.#inner)
      this.#kept.trimBefore(this.#origin + Math.round(this.#inner.session.neededFromS * STT_SAMPLE_RATE_HZ));
  }

  #countLost(samples: number): void {
    if (samples > 0)
      this.#ports.telemetry.count(
        'eloquence_stt_frames_dropped_total',
        { reason: 'failover_cap' },
        Math.ceil(samples / DROPPED_FRAME_SAMPLES),
      );
  }

  /** A trial that ended before the engine said anything tells nothing about it. */
  #leaveTrial(): void {
    if (this.#inner?.type === 'relayed' && !this.#heard) this.#inner.place.health.left();
  }
}
