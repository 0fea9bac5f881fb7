import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { rms } from '../audio/pcm.ts';
import { Timeline } from '../audio/timeline.ts';
import type { Cut, Decoded, Decoder } from '../decoding/decoder.ts';
import { doubtSound, type Believed } from '../decoding/guards.ts';
import type { Ticket } from '../decoding/scheduler.ts';
import type { Hearing, HearingStream } from '../hearing/hearing.ts';
import { WINDOW_SAMPLES } from '../hearing/silero.ts';
import {
  initialState,
  PRE_ROLL_MS,
  samplesOf,
  step,
  type CommitCause,
  type SegmenterEffect,
  type SegmenterInput,
  type SegmenterOptions,
  type SegmenterState,
  type Span,
} from '../utterance/segmenter.ts';
import { Outbox } from './outbox.ts';
import type { TimedWord, Transcript } from './session-events.ts';
import type { SessionListener, SessionOptions, SpeechSession } from './speech-session.ts';

export interface SessionPorts extends SessionListener {
  readonly hearing: Hearing;
  readonly decoder: Decoder;
  readonly telemetry: Telemetry;
}

/** Windows out at the worker at which reading stops (4 s of audio), and at which it goes on. */
const PRESS_WINDOWS = 128;
const RELEASE_WINDOWS = 48;
/** Audio of finals not yet out at which reading stops: two utterances of full length, and one being spoken. */
const PRESS_FINAL_SAMPLES = 40 * STT_SAMPLE_RATE_HZ;
/** One utterance (20 s), windows out, and one frame of the largest size allowed (66 s at 8 kHz): oldest dropped beyond. */
const MAX_HELD_SAMPLES = 96 * STT_SAMPLE_RATE_HZ;
/** New audio that makes another interim worth its call. */
const INTERIM_STEP_MS = 500;
/** Clients that filter silence simply stop sending. This much lateness is still a slow network. */
const STALL_GRACE_MS = 200;
const TICK_MS = 50;

interface OutWindow {
  readonly start: number;
  readonly end: number;
  readonly rms: number;
  readonly receivedMs: number;
}

/** A final decode begun while the speaker may go on. */
interface Guess {
  readonly span: Span;
  readonly ticket: Ticket<Decoded>;
  readonly abort: ChildAbort;
}

interface Pending {
  readonly transcript: Pick<Transcript, 'utterance' | 'startS' | 'endS'>;
  readonly pause: boolean;
  readonly announced: boolean;
  fromFinalize: boolean;
}

/**
 * A session whose utterances are heard and cut here, for engines that decode whole ones. The wire is a codec's business,
 * what an utterance is the segmenter's, who is decoded next the scheduler's; this class carries audio and effects
 * between them.
 */
export class TranscriptionSession implements SpeechSession {
  readonly #options: SessionOptions;
  readonly #segmenting: SegmenterOptions;
  readonly #ports: SessionPorts;
  readonly #stream: HearingStream;
  readonly #timeline = new Timeline(MAX_HELD_SAMPLES);
  readonly #outbox = new Outbox();
  readonly #abort = new ChildAbort();
  readonly #windowsOut: OutWindow[] = [];
  #state: SegmenterState = initialState();
  /** Samples given to hearing; the rest is less than a window. */
  #heardTo = 0;
  #finalSamples = 0;
  #pressed = false;
  #utterances = 0;
  #guess: Guess | undefined;
  #interim: ChildAbort | undefined;
  #interimTo = 0;
  #announced = false;
  #lastPending: Pending | undefined;
  #lastWordEndS = 0;
  #lastAudioMs = performance.now();
  /** Wall clock at which the last window of speech had arrived. */
  #speechHeardMs = 0;
  readonly #whenHeard: { readonly position: number; readonly action: () => void }[] = [];
  #ticker: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SessionOptions, ports: SessionPorts) {
    this.#options = options;
    this.#segmenting = {
      endpointingMs: options.turn.type === 'silence' ? options.turn.endpointingMs : undefined,
      utteranceEndMs: options.utteranceEndMs,
    };
    this.#ports = ports;
    this.#stream = ports.hearing.open({
      onProbability: (probability) => this.#heard(probability),
      onFailure: () =>
        ports.onFailure(new AppError('unavailable', 'Speech detection failed on our side. Connect again.')),
    });
  }

  /** Audio received, in seconds. */
  get durationS(): number {
    return secondsOf(this.#timeline.end);
  }

  /** Samples of audio held now: bounded, whatever the sender does. */
  get heldSamples(): number {
    return this.#timeline.held + this.#finalSamples;
  }

  /** 16 kHz samples, any number of them. */
  push(samples: Int16Array): void {
    if (this.#closed || samples.length === 0) return;
    this.#lastAudioMs = performance.now();
    const dropped = this.#timeline.append(samples);
    if (dropped > 0)
      this.#ports.telemetry.count(
        'eloquence_stt_frames_dropped_total',
        { reason: 'audio_cap' },
        Math.ceil(dropped / WINDOW_SAMPLES),
      );
    this.#ports.telemetry.count('eloquence_stt_audio_seconds_total', {}, secondsOf(samples.length));
    this.#hear(this.#timeline.end - ((this.#timeline.end - this.#heardTo) % WINDOW_SAMPLES));
    this.#updatePressure();
  }

  /** Ends what is being said now. Its final, or an empty one, will be marked `fromFinalize`. */
  finalize(): void {
    this.#whenAllHeard(() => {
      const committed = this.#advance({ type: 'finalize' });
      if (this.#lastPending) this.#lastPending.fromFinalize = true;
      else if (!committed) this.#tellNothingSaid();
    });
  }

  /** As finalize, without the mark; resolves when every final is out. */
  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#whenAllHeard(() => {
        this.#advance({ type: 'finalize' });
        resolve();
      });
    });
    await this.#outbox.drained;
  }

  discard(): void {
    throw new Error('not there yet');
  }

  /** Drops everything at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ticker);
    this.#stream.close();
    this.#abort.abort(new DOMException('the session was closed', 'AbortError'));
    for (const { action } of this.#whenHeard.splice(0)) action();
  }

  /** Sends windows up to `to` for hearing; a last one that is too short is filled with silence. */
  #hear(to: number): void {
    const from = this.#heardTo;
    if (to <= from) return;
    const count = Math.ceil((to - from) / WINDOW_SAMPLES);
    const windows = new Int16Array(count * WINDOW_SAMPLES);
    windows.set(this.#timeline.slice(from, to));
    for (let index = 0; index < count; index += 1) {
      const start = from + index * WINDOW_SAMPLES;
      const end = Math.min(to, start + WINDOW_SAMPLES);
      const level = rms(windows.subarray(index * WINDOW_SAMPLES, index * WINDOW_SAMPLES + end - start));
      this.#windowsOut.push({ start, end, rms: level, receivedMs: this.#lastAudioMs });
    }
    this.#heardTo = to;
    this.#stream.push(windows);
  }

  #heard(probability: number): void {
    const window = this.#windowsOut.shift();
    if (!window || this.#closed) return;
    const before = this.#state.phase === 'speaking' ? this.#state.span.speechEnd : -1;
    this.#advance({ type: 'window', start: window.start, end: window.end, probability, rms: window.rms });
    if (this.#state.phase === 'speaking' && this.#state.span.speechEnd > before)
      this.#speechHeardMs = window.receivedMs;
    this.#requestInterim();
    this.#trim();
    this.#updatePressure();
    while (this.#whenHeard[0] && this.#whenHeard[0].position <= window.end) this.#whenHeard.shift()?.action();
  }

  /** Acts when all audio received by now has been heard, also what does not fill a window. */
  #whenAllHeard(action: () => void): void {
    const position = this.#timeline.end;
    this.#hear(position);
    if (this.#windowsOut.length > 0 && !this.#closed) this.#whenHeard.push({ position, action });
    else action();
  }

  /** Moves the segmenter on and performs its effects; true when an utterance was committed. */
  #advance(input: SegmenterInput): boolean {
    const { state, effects } = step(this.#state, input, this.#segmenting);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#keepTicking();
    return effects.some((effect) => effect.type === 'commit');
  }

  #perform(effect: SegmenterEffect): void {
    switch (effect.type) {
      case 'speech.started':
        this.#announced = true;
        this.#interimTo = effect.at;
        this.#ports.onEvent({
          type: 'speech.started',
          utterance: this.#utterances + 1,
          atS: secondsOf(effect.at),
        });
        return;
      case 'speculate':
        this.#speculate(effect.span);
        return;
      case 'speech.resumed':
        this.#dropGuess();
        return;
      case 'commit':
        this.#commit(effect.span, effect.cause);
        return;
      case 'utterance.ended':
        this.#outbox.add(Promise.resolve(), () => {
          const lastWordEndS = this.#lastWordEndS || secondsOf(effect.speechEnd);
          this.#ports.onEvent({ type: 'utterance.ended', lastWordEndS });
        });
    }
  }

  #speculate(span: Span): void {
    if (doubtSound(span) || this.#ports.decoder.busy) return;
    this.#cancelInterim();
    const abort = new ChildAbort(this.#abort.signal);
    const cut = this.#cut(span);
    const audioS = secondsOf(cut.pcm.length);
    const ticket = this.#ports.decoder.once('speculative', this.#context(abort.signal), audioS, () => cut);
    // Its failure is the final decode's business.
    ticket.result.catch(() => undefined);
    this.#guess = { span, ticket, abort };
  }

  #dropGuess(): void {
    this.#guess?.abort.abort(new DOMException('speech went on', 'AbortError'));
    this.#guess?.abort[Symbol.dispose]();
    this.#guess = undefined;
  }

  #commit(span: Span, cause: CommitCause): void {
    this.#cancelInterim();
    const guess = this.#guess?.span.from === span.from && this.#guess.span.to === span.to ? this.#guess : undefined;
    if (guess) this.#guess = undefined;
    else this.#dropGuess();
    this.#utterances += 1;
    const pending: Pending = {
      transcript: { utterance: this.#utterances, startS: secondsOf(span.from), endS: secondsOf(span.to) },
      pause: cause === 'endpoint' || cause === 'finalize',
      announced: this.#announced,
      fromFinalize: false,
    };
    // After a forced cut the same speech goes on, and stays announced.
    this.#announced = cause === 'too_long';
    this.#interimTo = span.to;
    const speechHeardMs = this.#speechHeardMs;
    const samples = span.to - span.from;
    const work = this.#decode(span, guess);
    this.#lastPending = pending;
    this.#finalSamples += samples;
    this.#outbox.add(work, (result) => {
      guess?.abort[Symbol.dispose]();
      this.#finalSamples -= samples;
      if (this.#lastPending === pending) this.#lastPending = undefined;
      this.#deliver(pending, span, result);
      if (cause !== 'too_long' && 'believed' in result && result.believed.text !== '') {
        const seconds = (performance.now() - speechHeardMs) / 1000;
        this.#ports.telemetry.observe(
          'eloquence_stt_final_seconds',
          { engine: this.#ports.decoder.engineName },
          seconds,
        );
      }
      this.#updatePressure();
    });
  }

  /** Never rejects: an error is a result too. */
  async #decode(span: Span, guess: Guess | undefined): Promise<{ believed: Believed } | { error: AppError }> {
    const doubt = doubtSound(span);
    if (doubt) {
      this.#ports.telemetry.count('eloquence_stt_decodes_total', { kind: 'final', outcome: doubt });
      return { believed: { text: '', words: [], confidence: 0, doubts: [doubt] } };
    }
    const cut = this.#cut(span);
    try {
      const context = this.#context(this.#abort.signal);
      return { believed: await this.#ports.decoder.final('final', cut, context, guess?.ticket) };
    } catch (error) {
      return { error: AppError.from(error) };
    }
  }

  #deliver(pending: Pending, span: Span, result: { believed: Believed } | { error: AppError }): void {
    if (this.#closed) return;
    const { pause, fromFinalize } = pending;
    const { utterance, startS, endS } = pending.transcript;
    if ('error' in result)
      this.#ports.onEvent({ type: 'utterance.lost', utterance, startS, endS, error: result.error });
    const believed = 'believed' in result ? result.believed : undefined;
    for (const doubt of believed?.doubts ?? [])
      this.#ports.telemetry.count('eloquence_stt_decodes_total', { kind: 'guard', outcome: doubt });
    const text = believed?.text ?? '';
    // What was announced must be closed, even when it came to nothing.
    if (text === '' && !pending.announced && !fromFinalize) return;
    const words = timedWords(believed, startS);
    this.#lastWordEndS = words.at(-1)?.endS ?? secondsOf(span.speechEnd);
    const transcript = { ...pending.transcript, ...UNKNOWN, text, words, confidence: believed?.confidence ?? 0 };
    this.#ports.onEvent({ type: 'transcript.final', transcript, pause, fromFinalize });
  }

  #tellNothingSaid(): void {
    this.#outbox.add(Promise.resolve(), () => {
      const atS = this.durationS;
      const nothing = { ...UNKNOWN, text: '', words: [], confidence: 0 };
      const transcript = { utterance: this.#utterances, startS: atS, endS: atS, ...nothing };
      this.#ports.onEvent({ type: 'transcript.final', transcript, pause: false, fromFinalize: true });
    });
  }

  /** One at a time; the next only when there is enough new speech and nobody's final would wait for it. */
  #requestInterim(): void {
    if (!this.#options.interims || this.#interim || this.#guess || this.#state.phase !== 'speaking') return;
    if (this.#outbox.pending > 0 || this.#ports.decoder.busy) return;
    const { span } = this.#state;
    const newSpeech = Math.min(this.#state.position, span.speechEnd) - this.#interimTo;
    if (newSpeech < samplesOf(INTERIM_STEP_MS) || doubtSound({ ...span, to: this.#state.position })) return;
    void this.#decodeInterim();
  }

  async #decodeInterim(): Promise<void> {
    using abort = new ChildAbort(this.#abort.signal);
    this.#interim = abort;
    const utterance = this.#utterances + 1;
    // Called when the engine is free, so it takes the newest audio.
    const take = () => {
      if (this.#state.phase !== 'speaking') throw new DOMException('nobody speaks', 'AbortError');
      const span = { ...this.#state.span, to: this.#state.position };
      this.#interimTo = span.to;
      return this.#cut(span);
    };
    const audioS = secondsOf(this.#state.position - (this.#state.phase === 'speaking' ? this.#state.span.from : 0));
    const ticket = this.#ports.decoder.once('interim', this.#context(abort.signal), audioS, take);
    const decoded = await ticket.result.catch(() => undefined);
    if (this.#interim === abort) this.#interim = undefined;
    if (!decoded?.believed.text || abort.signal.aborted || this.#outbox.pending > 0) return;
    const { span, believed } = decoded;
    const startS = secondsOf(span.from);
    const { text, confidence } = believed;
    const words = timedWords(believed, startS);
    const transcript = { utterance, startS, endS: secondsOf(span.to), ...UNKNOWN, text, words, confidence };
    this.#announced = true;
    this.#ports.onEvent({ type: 'transcript.interim', transcript, stableWords: [] });
  }

  #cancelInterim(): void {
    this.#interim?.abort(new DOMException('the utterance moved on', 'AbortError'));
    this.#interim = undefined;
  }

  #context(signal: AbortSignal) {
    const { language, keyterms, temperature, tenant } = this.#options;
    return { language, keyterms, temperature, tenant, signal };
  }

  #cut(span: Span): Cut {
    return { span, pcm: this.#timeline.slice(span.from, span.to) };
  }

  #trim(): void {
    const { position } = this.#state;
    const from =
      this.#state.phase === 'speaking'
        ? this.#state.span.from
        : (this.#state.candidate?.speechStart ?? position) - samplesOf(PRE_ROLL_MS);
    this.#timeline.trimBefore(from);
  }

  #updatePressure(): void {
    const out = this.#windowsOut.length;
    const pressed = this.#pressed
      ? out > RELEASE_WINDOWS || this.#finalSamples > PRESS_FINAL_SAMPLES
      : out > PRESS_WINDOWS || this.#finalSamples > PRESS_FINAL_SAMPLES;
    if (pressed === this.#pressed || this.#closed) return;
    this.#pressed = pressed;
    // What waited for us has not stalled.
    this.#lastAudioMs = performance.now();
    this.#ports.onPressure(pressed);
  }

  /** The wall clock runs only while somebody's silence has to be measured. */
  #keepTicking(): void {
    const wanted =
      this.#state.phase === 'speaking' ||
      (this.#state.untold !== undefined && this.#options.utteranceEndMs !== undefined);
    if (wanted && !this.#closed) this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    else {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    }
  }

  #tick(): void {
    if (this.#pressed || this.#windowsOut.length > 0) return;
    const stalledMs = performance.now() - this.#lastAudioMs - STALL_GRACE_MS;
    if (stalledMs > 0) this.#advance({ type: 'stall', stalledMs });
  }
}

const UNKNOWN = { language: undefined, segments: [] } as const;

function secondsOf(samples: number): number {
  return Math.round((samples / STT_SAMPLE_RATE_HZ) * 1000) / 1000;
}

function timedWords(believed: Believed | undefined, offsetS: number): TimedWord[] {
  return (believed?.words ?? []).map(({ word, start, end, probability }) => ({
    word,
    startS: Math.round((offsetS + start) * 1000) / 1000,
    endS: Math.round((offsetS + end) * 1000) / 1000,
    probability,
  }));
}
