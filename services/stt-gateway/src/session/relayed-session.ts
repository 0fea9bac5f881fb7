import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { EngineStream, StreamEvent, StreamingEngine, StreamOptions } from '../engines/engine.ts';
import { baseLanguage } from '../engines/language-codes.ts';
import { RelayAssembler } from './relay-assembler.ts';
import type { SessionEvent } from './session-events.ts';
import type { SessionListener, SessionOptions, SpeechSession } from './speech-session.ts';

export interface RelayPorts extends SessionListener {
  readonly engine: StreamingEngine;
  readonly telemetry: Telemetry;
  /** Test seam; default 3 s. */
  readonly finalizeTimeoutMs?: number;
}

/** An engine may leave a Finalize unanswered when it has nothing; after this nothing it is. */
const FINALIZE_TIMEOUT_MS = 3_000;
/** Of audio shorter than this an engine makes no result. */
const NOTHING_S = 0.05;
/** Engines of minutes cut at silences by themselves: a sentence of this pause is one final. */
const WINDOWS_ENDPOINTING_MS = 500;
/** Beyond the pause that ends an utterance: this much lateness is still a slow network. */
const STALL_GRACE_MS = 500;
/** A pause that noise hides ends the utterance after this. */
const UTTERANCE_END_MS = 1_500;

/**
 * A session an engine hears, cuts and decodes itself. When its stream fails, what is stable of the open utterance is
 * made its final, and `neededFromS` says from where on the audio has to be given to another.
 */
export class RelayedSession implements SpeechSession {
  readonly #options: SessionOptions;
  readonly #ports: RelayPorts;
  readonly #assembler: RelayAssembler;
  readonly #stream: EngineStream;
  readonly #finished = Promise.withResolvers<void>();
  #samples = 0;
  /** Finalizes not yet answered, and the timer of the last. */
  #finalizing = 0;
  #finalizeTimer: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #pressed = false;
  #closed = false;
  #countedS = 0;
  /** When which audio came, for the time from the end of speech to its final; what is committed is forgotten. */
  #arrivals: { readonly endS: number; readonly atMs: number }[] = [];

  constructor(options: SessionOptions, ports: RelayPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#assembler = new RelayAssembler({
      language: baseLanguage(options.language),
      // Drafts of minutes are the interims, and come sooner than asked for.
      interims: options.interims || (options.turn.type === 'windows' && options.turn.draftMs !== undefined),
      pausesEnd: options.turn.type !== 'manual',
      utteranceEnds: options.utteranceEndMs !== undefined,
    });
    this.#stream = ports.engine.openStream(streamOptions(options), {
      onEvent: (event) => this.#take(event),
      onPressure: (pressed) => this.#setPressed(pressed),
      onEnd: (error) => this.#ended(error),
    });
  }

  get durationS(): number {
    return this.#samples / STT_SAMPLE_RATE_HZ;
  }

  /** What waits at the socket; who may have to send it again holds it. */
  get heldSamples(): number {
    return 0;
  }

  get neededFromS(): number {
    return this.#assembler.neededFromS;
  }

  push(samples: Int16Array): void {
    if (this.#closed || samples.length === 0) return;
    this.#samples += samples.length;
    this.#arrivals.push({ endS: this.durationS, atMs: performance.now() });
    this.#stream.push(samples);
    this.#awaitStall();
  }

  finalize(): void {
    if (this.#closed) return;
    // All of it is stable already: an engine would not answer.
    if (this.#uncommittedS < NOTHING_S) {
      this.#tell(this.#assembler.end({ cause: 'finalize', fromFinalize: true, atS: this.durationS }));
      return;
    }
    this.#finalizing += 1;
    this.#stream.finalize();
    clearTimeout(this.#finalizeTimer);
    this.#finalizeTimer = setTimeout(() => this.#unanswered(), this.#ports.finalizeTimeoutMs ?? FINALIZE_TIMEOUT_MS);
  }

  discard(): void {
    if (this.#closed) return;
    this.#tell(this.#assembler.discard(this.durationS));
    // So that the engine, too, starts anew with what comes.
    this.#stream.finalize();
  }

  async finish(): Promise<void> {
    if (!this.#closed) this.#stream.finish();
    await this.#finished.promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#release();
    this.#countAudio(this.durationS);
    this.#stream.close();
    this.#finished.resolve();
  }

  #take(received: StreamEvent): void {
    if (this.#closed) return;
    // A Finalize of our own is the pause the client did not send.
    const ours = received.type === 'result' && received.fromFinalize && this.#finalizing === 0;
    const event = ours ? { ...received, pause: true } : received;
    const events = this.#assembler.take(event, this.#finalizing > 0);
    if (events.some((told) => told.type === 'transcript.final' && told.fromFinalize)) {
      this.#finalizing -= 1;
      if (this.#finalizing === 0) clearTimeout(this.#finalizeTimer);
    }
    this.#measure(event, events);
    this.#countAudio(this.neededFromS);
    this.#tell(events);
    // Several asked for the same, and the engine answers one.
    if (this.#finalizing > 0 && this.#uncommittedS < NOTHING_S) this.#answerFinalizes();
    const firstNeeded = this.#arrivals.findIndex(({ endS }) => endS > this.#assembler.committedS - 1);
    if (firstNeeded > 0) this.#arrivals.splice(0, firstNeeded);
  }

  /** A Finalize went unanswered: there was nothing to say, or the stream hangs with words of ours. */
  #unanswered(): void {
    if (this.#assembler.speaking) {
      this.#stream.close();
      this.#ended(new AppError('upstream_timeout', `${this.#ports.engine.name} did not answer a Finalize.`));
      return;
    }
    this.#answerFinalizes();
  }

  #answerFinalizes(): void {
    clearTimeout(this.#finalizeTimer);
    for (; this.#finalizing > 0; this.#finalizing -= 1)
      this.#tell(this.#assembler.end({ cause: 'finalize', fromFinalize: true, atS: this.durationS }));
  }

  /** Audio the engine has not made final. */
  get #uncommittedS(): number {
    return this.durationS - this.#assembler.committedS;
  }

  #ended(error: AppError | undefined): void {
    if (this.#closed) return;
    this.#release();
    const cause = error ? 'cut' : 'pause';
    const atS = error ? this.neededFromS : this.durationS;
    this.#tell(this.#assembler.end({ cause, fromFinalize: false, atS }));
    if (error) {
      this.#ports.onFailure(error);
      return;
    }
    this.#answerFinalizes();
    this.#countAudio(this.durationS);
    this.#finished.resolve();
  }

  #setPressed(pressed: boolean): void {
    if (this.#closed) return;
    this.#pressed = pressed;
    this.#ports.onPressure(pressed);
  }

  /** Who filters silence stops sending; an engine that hears nothing measures no pause. */
  #awaitStall(): void {
    const { turn } = this.#options;
    if (turn.type !== 'silence') return;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => this.#stalled(), turn.endpointingMs + STALL_GRACE_MS);
  }

  #stalled(): void {
    // What waits for us has not stalled.
    if (this.#pressed || this.#closed) return;
    if (this.#uncommittedS < NOTHING_S)
      this.#tell(this.#assembler.end({ cause: 'pause', fromFinalize: false, atS: this.durationS }));
    else this.#stream.finalize();
  }

  #tell(events: readonly SessionEvent[]): void {
    for (const event of events) this.#ports.onEvent(event);
  }

  #measure(event: StreamEvent, events: readonly SessionEvent[]): void {
    const { telemetry, engine } = this.#ports;
    const final = events.find((told) => told.type === 'transcript.final');
    if (!final || final.transcript.text === '') return;
    telemetry.count('eloquence_stt_decodes_total', { kind: 'relayed', outcome: 'ok' });
    const lastWordEndS = final.transcript.words.at(-1)?.endS;
    const arrival = this.#arrivals.find(({ endS }) => endS >= (lastWordEndS ?? Infinity));
    if (!final.pause || event.type !== 'result' || !arrival) return;
    telemetry.observe(
      'eloquence_stt_final_seconds',
      { engine: engine.name },
      (performance.now() - arrival.atMs) / 1000,
    );
  }

  /** Audio that has to be given to another counts there. */
  #countAudio(toS: number): void {
    const newS = toS - this.#countedS;
    if (newS <= 0) return;
    this.#countedS = toS;
    this.#ports.telemetry.count('eloquence_stt_audio_seconds_total', {}, newS);
  }

  #release(): void {
    this.#closed = true;
    clearTimeout(this.#finalizeTimer);
    clearTimeout(this.#stallTimer);
    this.#arrivals = [];
  }
}

/** The session's turns in an engine's words. */
function streamOptions({ language, keyterms, turn, utteranceEndMs }: SessionOptions): StreamOptions {
  switch (turn.type) {
    case 'manual':
      return { language, keyterms, endpointingMs: undefined, utteranceEndMs };
    case 'windows':
      return { language, keyterms, endpointingMs: WINDOWS_ENDPOINTING_MS, utteranceEndMs: UTTERANCE_END_MS };
    case 'silence': {
      const longEnoughMs = Math.max(UTTERANCE_END_MS, 2 * turn.endpointingMs);
      return {
        language,
        keyterms,
        endpointingMs: turn.endpointingMs,
        utteranceEndMs: utteranceEndMs ?? longEnoughMs,
      };
    }
  }
}
