import { ChildAbort } from '@eloquence/shared/runtime/abort';
import type { Timeline } from '../audio/timeline.ts';
import type { Cut, DecodeContext, Decoded, Decoder } from '../decoding/decoder.ts';
import type { Believed } from '../decoding/guards.ts';
import type { Ticket } from '../decoding/scheduler.ts';
import { LanguageMemory } from '../utterance/language-memory.ts';
import type { Span } from '../utterance/segmenter.ts';
import type { SessionOptions } from './speech-session.ts';
import { secondsOf } from './transcripts.ts';

/** Clients' names for "find out by yourself". */
const NO_LANGUAGE = new Set(['', 'auto', 'multi', 'und']);

/** The decodes of one session: its audio, language, terms and share go into each of them. */
export class SessionDecoder {
  readonly #options: SessionOptions;
  readonly #decoder: Decoder;
  readonly #timeline: Timeline;
  readonly #language: LanguageMemory;
  readonly #abort = new ChildAbort();

  constructor(options: SessionOptions, decoder: Decoder, timeline: Timeline) {
    this.#options = options;
    this.#decoder = decoder;
    this.#timeline = timeline;
    const { language } = options;
    this.#language = new LanguageMemory(NO_LANGUAGE.has(language?.toLowerCase() ?? '') ? undefined : language);
  }

  get engineName(): string {
    return this.#decoder.engineName;
  }

  /** False when a decode nobody needs would delay one somebody waits for. */
  get spare(): boolean {
    return this.#options.urgency === 'live' && !this.#decoder.busy;
  }

  /** See Decoder.interimStepMs. */
  get interimStepMs(): number {
    return this.#decoder.interimStepMs;
  }

  /** Aborts with the session. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Copies the audio of a span; it begins later where the timeline's drop policy took the start. */
  cut(span: Span): Cut {
    const from = Math.max(span.from, this.#timeline.start);
    return { span: { ...span, from }, pcm: this.#timeline.slice(from, span.to) };
  }

  /** See Decoder.once. @param take is called when the engine is free */
  once(kind: 'speculative' | 'interim', take: () => Cut, job: { span: Span; signal: AbortSignal }): Ticket<Decoded> {
    return this.#decoder.once(kind, this.#context(job.signal), secondsOf(job.span.to - job.span.from), take);
  }

  /** See Decoder.final. In a session of urgency `batch` everything is a file. */
  final(kind: 'final' | 'commit', cut: Cut, job: { signal: AbortSignal; guess?: Ticket<Decoded> | undefined }) {
    const urgency = this.#options.urgency === 'batch' ? 'file' : kind;
    return this.#decoder.final(urgency, cut, this.#context(job.signal), job.guess);
  }

  /** Takes note of a final for the language of the next ones. */
  learn({ language, text, confidence }: Believed): void {
    this.#language.learn({ language, words: text.split(' ').filter(Boolean).length, confidence });
  }

  close(): void {
    this.#abort.abort(new DOMException('the session was closed', 'AbortError'));
  }

  #context(signal: AbortSignal): DecodeContext {
    const { keyterms, temperature, tenant } = this.#options;
    return { language: this.#language.current, keyterms, temperature, tenant, session: this, signal };
  }
}
