import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { Timeline } from '../audio/timeline.ts';
import type { Decoder } from '../decoding/decoder.ts';
import type { Hearing } from '../hearing/hearing.ts';
import { WINDOW_SAMPLES } from '../hearing/silero.ts';
import {
  endIsKnown,
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
import { Drafts } from './drafts.ts';
import { Ear, type HeardWindow } from './ear.ts';
import { Finals } from './finals.ts';
import { Interims, type Speech } from './interims.ts';
import { SessionDecoder } from './session-decoder.ts';
import type { SessionEvent, SpeechEndCause } from './session-events.ts';
import type { SessionListener, SessionOptions, SpeechSession } from './speech-session.ts';
import { secondsOf } from './transcripts.ts';
import { utteranceLengths } from './turn-lengths.ts';

export interface SessionPorts extends SessionListener {
  readonly hearing: Hearing;
  readonly decoder: Decoder;
  readonly telemetry: Telemetry;
}

/** Windows out at the worker at which reading stops (4 s of audio), and at which it goes on. */
const PRESS_WINDOWS = 128;
const RELEASE_WINDOWS = 48;
/** Audio of finals not yet told at which reading stops: more than a window of full length. */
const PRESS_FINAL_SAMPLES = 45 * STT_SAMPLE_RATE_HZ;
/** One window (30 s), windows out, and one frame of the largest size allowed (66 s at 8 kHz): oldest dropped beyond. */
const MAX_HELD_SAMPLES = 106 * STT_SAMPLE_RATE_HZ;
/** Clients that filter silence simply stop sending. This much lateness is still a slow network. */
const STALL_GRACE_MS = 200;
const TICK_MS = 50;

const END_CAUSES = {
  endpoint: 'pause',
  utterance_end: 'pause',
  too_long: 'cut',
  finalize: 'finalize',
} as const satisfies Record<CommitCause, SpeechEndCause>;

/**
 * A session whose utterances are heard and cut here, for engines that decode whole ones. What an utterance is, the
 * segmenter says; this class carries audio to it and its effects to those who decode.
 */
export class TranscriptionSession implements SpeechSession {
  readonly #options: SessionOptions;
  readonly #lengths: SegmenterOptions;
  readonly #ports: SessionPorts;
  readonly #timeline = new Timeline(MAX_HELD_SAMPLES);
  readonly #decoder: SessionDecoder;
  readonly #ear: Ear;
  readonly #finals: Finals;
  readonly #interims: Interims | undefined;
  readonly #drafts: Drafts | undefined;
  #state: SegmenterState = initialState();
  /** The utterance being spoken, or the next one. */
  #utterance = 1;
  #pressed = false;
  #lastAudioMs = performance.now();
  /** Wall clock at which the last window of speech had arrived. */
  #speechHeardMs = 0;
  #ticker: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SessionOptions, ports: SessionPorts) {
    this.#options = options;
    this.#lengths = utteranceLengths(options);
    this.#ports = ports;
    const { turn, urgency } = options;
    const onEvent = (event: SessionEvent) => this.#tell(event);
    const decoder = new SessionDecoder(options, ports.decoder, this.#timeline);
    this.#decoder = decoder;
    this.#finals = new Finals({ decoder, telemetry: ports.telemetry, onEvent });
    if (turn.type === 'windows') {
      const { draftMs } = turn;
      this.#drafts = draftMs === undefined ? undefined : new Drafts({ decoder, draftMs, onEvent });
    } else if (options.interims && urgency === 'live')
      this.#interims = new Interims({ decoder, onEvent, now: () => this.#speech() });
    this.#ear = new Ear(ports.hearing, this.#timeline, {
      onWindow: (window) => this.#heard(window),
      onFailure: () =>
        ports.onFailure(new AppError('unavailable', 'Speech detection failed on our side. Connect again.')),
    });
  }

  get durationS(): number {
    return secondsOf(this.#timeline.end);
  }

  get heldSamples(): number {
    return this.#timeline.held + this.#finals.samples + (this.#drafts?.samples ?? 0);
  }

  push(samples: Int16Array): void {
    if (this.#closed || samples.length === 0) return;
    const { telemetry } = this.#ports;
    this.#lastAudioMs = performance.now();
    const dropped = this.#timeline.append(samples);
    if (dropped > 0)
      telemetry.count(
        'eloquence_stt_frames_dropped_total',
        { reason: 'audio_cap' },
        Math.ceil(dropped / WINDOW_SAMPLES),
      );
    telemetry.count('eloquence_stt_audio_seconds_total', {}, secondsOf(samples.length));
    this.#ear.take();
    this.#updatePressure();
  }

  finalize(): void {
    const { end } = this.#timeline;
    // Drafts need every window before its utterance is closed.
    if (this.#drafts || this.#ear.hasWaiting || !endIsKnown(this.#state, end)) {
      this.#ear.whenAllHeard(() => this.#answerFinalize({ type: 'finalize' }));
      return;
    }
    this.#ear.takeAll();
    if (this.#state.phase === 'speaking' && this.#state.silenceFrom === undefined)
      this.#speechHeardMs = this.#lastAudioMs;
    this.#answerFinalize({ type: 'finalize', end });
  }

  discard(): void {
    this.#ear.whenAllHeard(() => this.#advance({ type: 'discard' }));
  }

  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#ear.whenAllHeard(() => {
        this.#advance({ type: 'finalize' });
        resolve();
      });
    });
    await this.#finals.drained;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ticker);
    this.#decoder.close();
    this.#ear.close();
  }

  #answerFinalize(input: SegmenterInput): void {
    this.#advance(input);
    if (this.#closed || this.#finals.markFinalized()) return;
    const at = this.#timeline.end;
    this.#finals.addEmpty({ utterance: this.#utterance - 1, from: at, to: at });
  }

  #heard(window: HeardWindow): void {
    const { start, end, probability, rms, receivedMs } = window;
    const before = this.#state.phase === 'speaking' ? this.#state.span.speechEnd : -1;
    const input = { type: 'window', start, end, probability, rms } as const;
    this.#drafts?.hear(input);
    this.#advance(input);
    if (this.#state.phase === 'speaking' && this.#state.span.speechEnd > before) this.#speechHeardMs = receivedMs;
    if (!this.#finals.guessing && this.#finals.pending === 0) this.#interims?.consider();
    this.#trim();
    this.#updatePressure();
  }

  /** Moves the segmenter on and performs its effects. */
  #advance(input: SegmenterInput): void {
    if (this.#closed) return;
    const { state, effects } = step(this.#state, input, this.#lengths);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#keepTicking();
  }

  #perform(effect: SegmenterEffect): void {
    switch (effect.type) {
      case 'speech.started':
        this.#interims?.begin(effect.at);
        this.#tell({
          type: 'speech.started',
          utterance: this.#utterance,
          atS: secondsOf(effect.at),
          ...(effect.continues && { continues: true }),
        });
        return;
      case 'speculate':
        if (this.#options.turn.type === 'windows') return;
        this.#interims?.cancel();
        this.#finals.speculate(effect.span);
        return;
      case 'speech.resumed':
        this.#finals.dropGuess();
        return;
      case 'commit':
        this.#commit(effect.span, effect.cause);
        return;
      case 'discarded':
        this.#discard(effect.at);
        return;
      case 'utterance.ended':
        this.#finals.addEnd(effect.speechEnd);
    }
  }

  #commit(span: Span, cause: CommitCause): void {
    const utterance = this.#end(END_CAUSES[cause], span.speechEnd);
    const windows = this.#options.turn.type === 'windows';
    const pause = cause !== 'too_long';
    this.#drafts?.close(utterance, span);
    this.#finals.add({
      utterance,
      span,
      pause,
      kind: pause && !windows ? 'final' : 'commit',
      speechHeardMs: pause && !windows ? this.#speechHeardMs : undefined,
      onTold: () => {
        this.#drafts?.settle(utterance);
        this.#updatePressure();
      },
    });
  }

  #discard(at: number): void {
    const utterance = this.#end('discarded', at);
    this.#finals.dropGuess();
    this.#drafts?.discard(utterance, at);
  }

  /** Says at once that the utterance is over. @returns its number */
  #end(cause: SpeechEndCause, at: number): number {
    const utterance = this.#utterance;
    this.#interims?.cancel();
    this.#utterance += 1;
    this.#tell({ type: 'speech.ended', utterance, atS: secondsOf(at), cause });
    return utterance;
  }

  #tell(event: SessionEvent): void {
    if (!this.#closed) this.#ports.onEvent(event);
  }

  /** What is being said now. */
  #speech(): Speech | undefined {
    if (this.#state.phase !== 'speaking') return undefined;
    return { utterance: this.#utterance, span: { ...this.#state.span, to: this.#state.position } };
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
    const limit = this.#pressed ? RELEASE_WINDOWS : PRESS_WINDOWS;
    const pressed = this.#ear.windowsOut > limit || this.#finals.samples > PRESS_FINAL_SAMPLES;
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
    if (wanted) this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    else {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    }
  }

  #tick(): void {
    if (this.#pressed || this.#ear.windowsOut > 0) return;
    const stalledMs = performance.now() - this.#lastAudioMs - STALL_GRACE_MS;
    if (stalledMs <= 0) return;
    this.#drafts?.stall(stalledMs);
    this.#advance({ type: 'stall', stalledMs });
  }
}
