import { createHash } from 'node:crypto';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { within } from '@eloquence/shared/runtime/within';
import type { LoudnessMemory } from '../audio/loudness-memory.ts';
import { polish } from '../audio/polish.ts';
import type { SpeechProvider, Utterance } from '../providers/provider.ts';
import type { SpeechLimits } from '../speech/limits.ts';
import type { Voice } from '../voices/voice.ts';
import { isTextFault, silentAnswer } from './text-faults.ts';
import type { Member } from './voice-chain.ts';

/**
 * How asking a provider ended. `failed`: no sound · `broken`: no end · `late`: another was asked beside it and was heard first ·
 * `aborted`: not wanted any more, which says nothing about the provider.
 */
export const outcomes = ['ok', 'failed', 'broken', 'late', 'aborted'] as const;
export type Outcome = (typeof outcomes)[number];

export interface AttemptOptions {
  readonly member: Member;
  readonly utterance: Utterance;
  readonly limits: SpeechLimits;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly loudness: LoudnessMemory;
  readonly signal: AbortSignal;
  /** Called when the provider's socket or process is gone. */
  readonly onGone: () => void;
}

/** Sound beyond which a voice does not speak but run away: so much for any text, and for each of its characters at speed 1, s. */
const MAX_TEXT_S = 5;
const MAX_CHAR_S = 1;

/**
 * Whose loudness it is: see `LoudnessMemory`. Who is told to whisper, or to hurry, is another voice than who is not.
 *
 * @param manner of the request; instructions are a caller's words, so only their digest is kept
 */
export function voiceKey(
  provider: SpeechProvider,
  voice: Voice,
  manner: Pick<Utterance, 'speed' | 'instructions'> = { speed: 1 },
): string {
  const own = `${provider.id} ${provider.identity(voice)} ${voice.language}`;
  const pace = manner.speed === 1 ? '' : ` x${manner.speed}`;
  const told = manner.instructions ? ` ${createHash('sha256').update(manner.instructions).digest('base64')}` : '';
  return own + pace + told;
}

function maxSamples({ text, speed }: Utterance): number {
  // A voice may not be able to hurry as asked.
  return ((MAX_TEXT_S + MAX_CHAR_S * text.length) / Math.min(1, speed)) * TTS_SAMPLE_RATE_HZ;
}

/** The pause a reader makes after a piece of text: at a full stop, at a comma, at a breath in mid-clause. */
function pauseMs(text: string): number {
  if (/[.!?…:]["”»)\s]*$/u.test(text)) return 250;
  return /\p{P}\s*$/u.test(text) ? 120 : 40;
}

/** One provider asked for one sentence. It ends once, with one outcome, which is counted and told to the provider's breaker. */
export class Attempt {
  readonly member: Member;
  readonly startedAtMs = performance.now();
  readonly #options: AttemptOptions;
  readonly #abort: ChildAbort;
  readonly #pieces: AsyncGenerator<Int16Array>;
  #samples = 0;
  /** How long the provider was waited for, without the time in which its sound waited to be taken. */
  #waitedMs = 0;
  #outcome: Outcome | undefined;
  #mayBeCut = false;

  constructor(options: AttemptOptions) {
    const { member, utterance, loudness, limits, signal } = options;
    const { provider } = member;
    this.member = member;
    this.#options = options;
    this.#abort = new ChildAbort(signal, { timeoutMs: limits.answerTimeoutMs });
    this.#pieces = polish(
      provider.speak(utterance, this.#abort.signal, () => (this.#mayBeCut = true)),
      {
        voiceKey: voiceKey(provider, utterance.voice, utterance),
        loudness,
        trailingMs: pauseMs(utterance.text),
        signal: this.#abort.signal,
      },
    );
    member.health.entered();
    // Nobody may be waiting for its next piece when it is aborted.
    this.#abort.signal.addEventListener('abort', () => this.#leave(), { once: true });
    if (signal.aborted) this.#leave();
  }

  /** Its provider does not say where its sound ends: a part of it would look whole. */
  get mayBeCut(): boolean {
    return this.#mayBeCut;
  }

  /**
   * Waits for the first audible sample.
   *
   * @throws AppError why there was none; the signal's reason
   */
  async first(timeoutMs: number): Promise<Int16Array> {
    const piece = await this.#read(timeoutMs, 'failed');
    if (!piece) {
      const { member, utterance } = this.#options;
      const error = member.textFaults.judge(utterance.text, silentAnswer(), 'silent');
      this.end('failed', error);
      throw error;
    }
    const tookMs = performance.now() - this.startedAtMs;
    const { id } = this.member.provider;
    this.member.firstSounds.learn(tookMs);
    this.#options.telemetry.observe('eloquence_tts_first_byte_seconds', { provider: id }, tookMs / 1000);
    return piece;
  }

  /**
   * The next samples; undefined after the last.
   *
   * @throws AppError when the voice breaks off; the signal's reason
   */
  async next(): Promise<Int16Array | undefined> {
    const piece = await this.#read(this.#options.limits.idleTimeoutMs, 'broken');
    if (!piece) this.end('ok');
    return piece;
  }

  /** It was silent for so long that another is asked. @returns how that reads for people */
  late(): AppError {
    const { provider, firstSounds } = this.member;
    const tookMs = Math.round(performance.now() - this.startedAtMs);
    // A voice that has become slow is given more time: without this it would lose every race from now on.
    firstSounds.learn(tookMs);
    const error = new AppError('upstream_timeout', `${provider.id} was silent for ${tookMs} ms.`);
    this.end('late', error);
    return error;
  }

  /** Lets the provider go, and counts how it ended; what comes after the first call is passed over. */
  end(outcome: Outcome, error?: AppError): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    const { telemetry, logger, onGone } = this.#options;
    const { provider, health, textFaults } = this.member;
    telemetry.count('eloquence_tts_requests_total', { provider: provider.id, outcome });
    const seconds = this.#samples / TTS_SAMPLE_RATE_HZ;
    if (seconds > 0) telemetry.count('eloquence_tts_audio_seconds_total', { provider: provider.id }, seconds);
    if (this.#samples > 0) textFaults.spoke();
    if (outcome === 'ok') health.succeeded();
    // It was not its fault; but too many requests are ours.
    else if (outcome === 'aborted' || (error?.fault === 'caller' && error.code !== 'rate_limited')) health.left();
    else {
      const reason = error ?? new AppError('upstream_failed', 'The voice failed.');
      // Its cause may quote what was to be spoken.
      logger.warn({ provider: provider.id, outcome, code: reason.code, reason: reason.message }, 'voice failed');
      health.failed(reason);
    }
    this.#abort.abort(new DOMException('the attempt is over', 'AbortError'));
    this.#abort[Symbol.dispose]();
    void this.#pieces.return(undefined).then(onGone, onGone);
  }

  async #read(timeoutMs: number, outcome: Outcome): Promise<Int16Array | undefined> {
    const { signal, utterance } = this.#options;
    const late = (cause: unknown) =>
      new AppError('upstream_timeout', `The voice was silent for ${timeoutMs} ms.`, { cause });
    const fromMs = performance.now();
    try {
      const { done, value } = await within(this.#pieces.next(), { timeoutMs, abort: this.#abort, late });
      this.#waitedMs += performance.now() - fromMs;
      if (done) {
        signal.throwIfAborted();
        return undefined;
      }
      this.#samples += value.length;
      if (this.#samples > maxSamples(utterance)) throw new AppError('upstream_failed', 'The voice did not stop.');
      return value;
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      const error = this.#errorOf(thrown);
      const isHeldBack = error.code === 'upstream_timeout' && !(thrown instanceof AppError) && !this.#wasSlow;
      this.end(isHeldBack ? 'aborted' : outcome, error);
      throw error;
    }
  }

  #errorOf(thrown: unknown): AppError {
    const { limits, member, utterance } = this.#options;
    if (this.#abort.signal.aborted && !(thrown instanceof AppError))
      return new AppError('upstream_timeout', `The sentence took longer than ${limits.answerTimeoutMs} ms.`);
    const error = AppError.from(thrown);
    return isTextFault(error) ? member.textFaults.judge(utterance.text, error, 'refused') : error;
  }

  /** Whoever is held back by a reader for long has not been slow. */
  get #wasSlow(): boolean {
    return this.#waitedMs > this.#options.limits.answerTimeoutMs / 2;
  }

  /** After the caller's abort; the other aborts come from `end` or are about to come to it. */
  #leave(): void {
    if (this.#options.signal.aborted) this.end('aborted');
  }
}
